# For the scripts beside it: a folder that goes away, an emulator that is stopped, and counting.
# Start with: set -eu; cd to the top; . spec/hosts/support.sh

passed=0
failed=0
emulator=
target=$(mktemp -d)
clean_up() {
  if [ -n "$emulator" ]; then kill "$emulator"; fi
  rm -rf "$target"
}
trap clean_up EXIT

# Serves the emulator over HTTPS and exports what its clients need. Options of `emulate` follow.
start_emulator() {
  exports=$(spec/with 5.4 lua bin/cloudaudit emulate --tls --ca-file "$target/ca.pem" \
    --background --print-env "$@" 2>"$target/emulator.log")
  eval "$exports"
  emulator=$CLOUDAUDIT_EMULATOR_PID
}

ok() { # WHAT COMMAND...: one test, which the command passes or fails
  what=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "[  FAILED  ] $what"
  fi
}

# Prints the counts that spec/run reads.
finish_tests() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
