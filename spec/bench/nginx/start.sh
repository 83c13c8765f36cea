#!/bin/sh
# Starts nginx for the bench in the folder DIR; calls from inside it go to UPSTREAM (a URL). Prints the port of its
# HTTPS server, whose authority is DIR/ca.pem, and stops when its standard input ends.
# usage: start.sh DIR UPSTREAM
set -eu
cd "$(dirname "$0")/../../.."
dir=$1
modules=
for name in ndk_http_module ngx_http_lua_module; do
  file=/usr/lib/nginx/modules/$name.so
  if [ -f "$file" ]; then modules="$modules load_module $file;"; fi
done
spec/with 5.4 lua -e "
  local httpd = require 'cloudaudit.httpd'
  local made = assert(httpd.certificate{ names = { 'localhost', '127.0.0.1' }, days = 2 })
  for name, text in pairs{ ca = made.ca, cert = made.cert, key = made.key } do
    local file = assert(io.open('$dir/' .. name .. '.pem', 'w'))
    file:write(text)
    file:close()
  end"
port=$(spec/with 5.4 lua -e 'print(require("support.free_ports")(1)[1])')
sed -e "s|@MODULES@|$modules|g" -e "s|@DIR@|$dir|g" -e "s|@ROOT@|$PWD|g" -e "s|@UPSTREAM@|$2|" -e "s|@PORT@|$port|" \
  spec/bench/nginx/site.conf >"$dir/site.conf"
mkfifo "$dir/ready"
run() {
  nginx -p "$dir" -c "$dir/site.conf" >"$dir/output" 2>&1 || echo failed >"$dir/ready"
}
run &
read -r said <"$dir/ready"
if [ "$said" != ready ]; then
  cat "$dir/output" "$dir/error.log" >&2
  exit 1
fi
echo "$port"
cat >/dev/null
kill "$(cat "$dir/pid")"
wait
