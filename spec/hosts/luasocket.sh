#!/bin/sh
# The example over luasocket, as its comment says to run it, against an emulator over plain HTTP: a call, more calls on the
# connection that was kept, and failures that tell what had left. Needs the builds of 5.4 and LuaJIT.
set -eu
cd "$(dirname "$0")/../.."
. spec/hosts/support.sh
example=examples/luasocket.lua
unset CLOUDAUDIT_ENDPOINT CLOUDAUDIT_CA_FILE

start_plain() { # OPTION...
  exports=$(spec/with 5.4 lua bin/cloudaudit emulate --background --print-env "$@" 2>"$target/emulator.log")
  eval "$exports"
  emulator=$CLOUDAUDIT_EMULATOR_PID
}

stop_plain() {
  kill "$emulator"
  emulator=
}

says_how() {
  grep -qF -- 'eval "$(spec/with 5.4 lua bin/cloudaudit emulate --background --print-env)"' $example &&
    grep -qF -- 'spec/with 5.4 lua examples/luasocket.lua' $example
}

creates() { # BUILD
  spec/with "$1" lua $example >"$target/said" 2>&1 && cat "$target/said" && grep -qx 'TrackId	1' "$target/said" &&
    grep -qx '1	all	write' "$target/said"
}

# Both calls go through one connection.
once_connected() {
  strace -f -e trace=connect -o "$target/calls" spec/with 5.4 lua $example >"$target/said" 2>&1 &&
    [ "$(grep -c 'sin_port=htons(' "$target/calls")" -eq 1 ]
}

refused() { # START OF THE MESSAGE
  ! spec/with 5.4 lua $example >"$target/said" 2>&1 && grep -F -- "$1" "$target/said" || ! cat "$target/said"
}

ok "it says how to run it" says_how
for build in 5.4 luajit; do
  start_plain
  ok "$build" creates $build
  stop_plain
done
start_plain --duplicate-names
ok "one connection" once_connected
inject() { # FAULT
  curl -sS --fail -H 'Content-Type: application/json' -d "$1" "$CLOUDAUDIT_ENDPOINT/_emulator/faults" >/dev/null
}
inject '{"kind": "cut_after", "action": "CreateAuditTrack", "times": 1}'
ok "a connection that was cut" refused "the connection was closed before a response came"
stop_plain
ok "nothing listens" refused "CreateAuditTrack: connection refused"
finish_tests
