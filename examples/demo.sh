#!/bin/sh
# Starts the emulator on a free loopback port over HTTPS, with a CA made for this run, creates a
# tracking set there and stops it again. `make demo` builds first.
# usage: examples/demo.sh BUILD (such as 5.4)
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
ca=$(mktemp)
pid=
trap 'if [ -n "$pid" ]; then kill "$pid"; fi; rm -f "$ca"' EXIT

exports=$("$top/spec/with" "$1" lua "$top/bin/cloudaudit" emulate --tls --ca-file "$ca" --background --print-env)
eval "$exports"
pid=$CLOUDAUDIT_EMULATOR_PID
echo "The emulator serves $CLOUDAUDIT_ENDPOINT"

"$top/spec/with" "$1" lua "$top/examples/create_track.lua"
