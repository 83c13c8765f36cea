#!/bin/sh
# The page of `cloudaudit report` in headless Chromium, compared with what `cloudaudit events` prints of the same time
# range. Leaves screenshots in build/report, for people to look at. Needs the build of 5.4.
set -eu
cd "$(dirname "$0")/../.."
. spec/hosts/support.sh
if ! command -v chromium >/dev/null; then
  echo "left out: no Chromium on this system" >&2
  exit 0
fi

until=$(($(date +%s) - 60))
since=$((until - 7 * 86400))
start_emulator --rate 0 --events 3000 --scenario leaked_key --scenario console_logins --scenario disabled_track
curl -s --cacert "$CLOUDAUDIT_CA_FILE" -o "$target/added" --fail -H 'Content-Type: application/json' -d @- \
  "$CLOUDAUDIT_ENDPOINT/_emulator/events" <<END
{"EventTime": $((until - 3600)), "EventName": "DeleteBucket", "ResourceType": "cos", "ActionType": "Write",
 "Username": "<script>window.hacked = 1</script>", "ResourceName": "<img src=x onerror=window.hacked=1>",
 "SourceIPAddress": "</td></table><h1>", "ApiErrorCode": "UnauthorizedOperation.<b>"}
END

cloudaudit() {
  TZ=UTC spec/with 5.4 lua bin/cloudaudit "$@" --since $since --until $until
}
cloudaudit report "$target/page.html" --title '<script>title()</script>'
cloudaudit report "$target/cut.html" --max 300
cloudaudit events -o jsonl >"$target/events.jsonl"

mkdir -p build/report
node spec/hosts/report/check.js "$target" build/report
