#!/bin/sh
# Sixteen threads make calls over TLS, under ThreadSanitizer.
# usage: threads.sh BUILD [CALLS]   BUILD is a build folder compiled with -fsanitize=thread
set -eu
cd "$(dirname "$0")/../.."
. spec/hosts/support.sh

in_threads() {
  TSAN_OPTIONS="halt_on_error=1:suppressions=$PWD/spec/c/tsan.txt" "$1/spec/faults/faults-threads" spec/faults/children/thread.lua "$2" \
    "$CLOUDAUDIT_ENDPOINT" "$CLOUDAUDIT_CA_FILE" "$TENCENTCLOUD_SECRET_ID" "$TENCENTCLOUD_SECRET_KEY"
}

start_emulator --rate 0 --quota 1000 --duplicate-names
ok "16 threads" in_threads "$1" "${2:-200}"
finish_tests
