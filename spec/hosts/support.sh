# For the host scripts: a folder that is removed, an emulator that is stopped, and counting.
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

# Serves the emulator over HTTPS and exports its clients' variables. Arguments: options of `emulate`.
start_emulator() {
  exports=$(spec/with 5.4 lua bin/cloudaudit emulate --tls --ca-file "$target/ca.pem" \
    --background --print-env "$@" 2>"$target/emulator.log")
  eval "$exports"
  emulator=$CLOUDAUDIT_EMULATOR_PID
}

# Installs a build below a prefix. Sets libdir, whose name depends on the prefix that the build was
# last configured for.
install_build() { # BUILD PREFIX
  cmake --install "build/$1" --prefix "$2" >"$target/install.log" &&
    libdir=$(cd "$(dirname "$(find "$2" -name cloudaudit.pc)")/.." && pwd)
}

ok() { # NAME COMMAND...: one test, which the command passes or fails
  name_of_test=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "[  FAILED  ] $name_of_test"
  fi
}

# Prints the counts that spec/run reads.
finish_tests() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
