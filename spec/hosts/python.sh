#!/bin/sh
# A Python program with requests, which signs as the official Python SDK does, against the emulator at the address that
# `cloudaudit emulate --print-env` announces, over HTTP and HTTPS. Needs the build of 5.4.
set -eu
cd "$(dirname "$0")/../.."
pid=
trap 'if [ -n "$pid" ]; then kill "$pid"; fi' EXIT

for tls in "" --tls; do
  unset CLOUDAUDIT_CA_FILE
  # shellcheck disable=SC2086
  exports=$(spec/with 5.4 lua bin/cloudaudit emulate $tls --rate 0 --background --print-env 2>/dev/null)
  eval "$exports"
  pid=$CLOUDAUDIT_EMULATOR_PID
  python3 spec/hosts/python/check.py
  kill "$pid"
  pid=
done
