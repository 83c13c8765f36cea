#!/bin/sh
# What other programs find in exports: DuckDB, sqlite3 and zcat with jq agree with the list of what was exported on
# counts, ids, bytes, days and types. Needs the build of 5.4.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cd spec/hosts/duckdb
installed=node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ package-lock.json -nt "$installed" ]; then
  npm ci --no-progress --loglevel=error
  touch "$installed"
fi
cd ../../..

spec/with 5.4 lua spec/hosts/duckdb/export.lua "$folder"
node spec/hosts/duckdb/check.js "$folder"

# The same lines from each: time, id, user, bytes of the record.
jq -r '.[] | [.time, .id, .user, (.raw | utf8bytelength)] | @json' "$folder/expected.json" | sort >"$folder/expected"
zcat "$folder"/archive/dt=*/*.gz | jq -r '[.time, .id, .user, (.raw | utf8bytelength)] | @json' | sort >"$folder/zcat"
sqlite3 -json "$folder/audit.db" 'select time, id, user, length(cast(raw as blob)) as bytes from events' |
  jq -r '.[] | [.time, .id, .user, .bytes] | @json' | sort >"$folder/sqlite3"
cmp "$folder/expected" "$folder/zcat"
cmp "$folder/expected" "$folder/sqlite3"
[ "$(wc -l <"$folder/expected")" -eq 601 ]
[ "$(sqlite3 "$folder/audit.db" 'pragma integrity_check')" = ok ]
[ "$(sqlite3 "$folder/audit.db" "select count(*) from events where typeof(time) <> 'integer' or typeof(id) <> 'text'
  or typeof(raw) <> 'text' or typeof(sensitive) not in ('integer', 'null')")" -eq 0 ]
echo "5 passed, 0 failed"
