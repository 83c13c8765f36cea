#!/bin/sh
# bin/try for real: scripts that succeed, fail and are interrupted, and after each of them neither the
# emulator nor its files are left. Needs the builds of 5.4 and LuaJIT.
set -eu
cd "$(dirname "$0")/../.."
. spec/hosts/support.sh
unset LUA CLOUDAUDIT_ENDPOINT CLOUDAUDIT_CA_FILE TENCENTCLOUD_SECRET_ID TENCENTCLOUD_SECRET_KEY
mkdir "$target/tmp"
export TMPDIR="$target/tmp"

cat >"$target/script.lua" <<'END'
local status = tonumber(arg[1])
local client = assert(require("cloudaudit").new())
assert(os.getenv("CLOUDAUDIT_ENDPOINT"):find("^https://127%.0%.0%.1:%d+$"))
assert(os.getenv("TENCENTCLOUD_SECRET_ID") and io.open(os.getenv("CLOUDAUDIT_CA_FILE")))
print(os.getenv("CLOUDAUDIT_EMULATOR_PID"), rawget(_G, "jit") and "LuaJIT" or _VERSION, client:quota().remaining, arg[2])
os.exit(status)
END

try() { # ARGUMENT...: sets said and status, and pid when an emulator was started
  status=0
  said=$(bin/try "$@" 2>"$target/err") || status=$?
  pid=${said%%[!0-9]*}
}

gone() { # PID: it does not run, and nothing of it is left in the temporary folder
  [ -n "$1" ] && ! kill -0 "$1" 2>/dev/null && [ -z "$(ls -A "$TMPDIR")" ]
}

is() { # STATUS OUTPUT
  echo "$status: $said"
  [ "$status" -eq "$1" ] && [ "$said" = "$2" ]
}

tab=$(printf '\t')

succeeds() {
  try "$target/script.lua" 0 'two words'
  is 0 "$pid${tab}Lua 5.4${tab}5${tab}two words" && gone "$pid"
}

fails() {
  try "$target/script.lua" 7
  is 7 "$pid${tab}Lua 5.4${tab}5${tab}nil" && gone "$pid"
}

other_lua() {
  export LUA=luajit
  try "$target/script.lua" 0 x
  unset LUA
  is 0 "$pid${tab}LuaJIT${tab}5${tab}x" && gone "$pid"
}

plain_command() {
  try sh -c 'echo "$CLOUDAUDIT_EMULATOR_PID" && exit 9'
  is 9 "$pid" && gone "$pid"
}

raises() {
  echo 'print(os.getenv("CLOUDAUDIT_EMULATOR_PID")) error("on purpose")' >"$target/raises.lua"
  try "$target/raises.lua"
  is 1 "$pid" && grep -q 'on purpose' "$target/err" && gone "$pid"
}

not_built() {
  LUA=5.0 try "$target/script.lua" 0
  [ "$status" -eq 1 ] && [ "$(cat "$target/err")" = "run: make LUA=5.0 build" ] && [ -z "$(ls -A "$TMPDIR")" ]
}

no_argument() {
  try
  [ "$status" -eq 2 ] && grep -q '^usage: ' "$target/err"
}

# Starts a command of bin/try that goes on for long; sets shell and pid. Its group is its own, and
# SIGINT does what it does in a terminal.
start_long() {
  rm -f "$target/pid"
  setsid env --default-signal=INT bin/try sh -c "echo \"\$CLOUDAUDIT_EMULATOR_PID\" >'$target/pid.part' &&
    mv '$target/pid.part' '$target/pid' && exec sleep 30" 2>"$target/err" &
  shell=$!
  for _ in $(seq 200); do
    [ ! -e "$target/pid" ] || break
    sleep 0.05
  done
  pid=$(cat "$target/pid") && kill -0 "$pid"
}

interrupted() { # as by Ctrl-C, which reaches every process of the group
  start_long || return
  kill -INT "-$shell"
  status=0
  wait "$shell" || status=$?
  [ "$status" -eq 130 ] && gone "$pid"
}

killed() { # bin/try alone, which then cannot stop anything
  start_long || return
  kill -KILL "$shell"
  wait "$shell" || true
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  gone_now=0
  kill -0 "$pid" 2>/dev/null || gone_now=1
  kill -TERM "-$shell"
  rm -rf "$TMPDIR"/*
  [ "$gone_now" -eq 1 ]
}

ok "a script that succeeds" succeeds
ok "a script that exits with a status" fails
ok "a script that raises" raises
ok "a script in another Lua" other_lua
ok "a command that is not a Lua script" plain_command
ok "an interrupted script" interrupted
ok "a killed bin/try" killed
ok "a build that is missing" not_built
ok "no script" no_argument
finish_tests
