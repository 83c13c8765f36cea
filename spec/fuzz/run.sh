#!/bin/sh
# Runs every fuzz target (or the named ones) for some seconds, two at a time, on the inputs of
# spec/fuzz/corpus/TARGET.zip and those that earlier runs found. An input that violates an assertion is
# left in build/fuzz/broken, to be run alone: build/fuzz/spec/fuzz/fuzz-TARGET FILE.
# To keep an input for later runs: zip -jX spec/fuzz/corpus/TARGET.zip FILE
# usage: spec/fuzz/run.sh SECONDS [TARGET...]
set -eu
cd "$(dirname "$0")/../.."
seconds=$1
shift
[ $# -gt 0 ] || set -- json differential response request writer mapper http1 http1_oracle

cmake -S . -B build/fuzz -DCMAKE_C_COMPILER=clang -DCLOUDAUDIT_WERROR=ON -DCLOUDAUDIT_FUZZ=ON \
  -DCLOUDAUDIT_CURL=OFF -DCLOUDAUDIT_HTTPD=OFF -DCLOUDAUDIT_INSTALL_C=OFF >build/fuzz.log &&
  cmake --build build/fuzz -j 2 --target fuzz >>build/fuzz.log 2>&1 || {
  cat build/fuzz.log
  exit 1
}

# Allocations stay small for any input. Leak detection is off where a Lua state keeps memory between inputs.
run() { # TARGET
  # The target http1 needs llhttp: without, CMake leaves it out.
  if [ ! -x "build/fuzz/spec/fuzz/fuzz-$1" ]; then
    echo "left out" >"build/fuzz/$1.log"
    return
  fi
  found=build/fuzz/found/$1
  seed=build/fuzz/seed/$1
  more=
  time=$seconds
  case $1 in response | http1*) [ "$time" -ge 60 ] || time=60 ;; esac # those that read what others send
  limits="-malloc_limit_mb=8 -rss_limit_mb=256 -max_len=4096 -timeout=30"
  rm -rf "$seed"
  mkdir -p "$found" "$seed" build/fuzz/broken
  unzip -q "spec/fuzz/corpus/${1%_oracle}.zip" -d "$seed" >"build/fuzz/$1.log" 2>&1 || return
  case $1 in
  json | differential) more="-dict=spec/fuzz/json.dict spec/fixtures/json" ;;
  response) more="-dict=spec/fuzz/json.dict" ;;
  http1*) more="-dict=spec/fuzz/http1.dict" ;;
  esac
  case $1 in
  differential | response | mapper | http1_oracle) limits="$limits -detect_leaks=0" ;;
  esac
  # shellcheck disable=SC2086
  ASAN_OPTIONS=quarantine_size_mb=16:intercept_tls_get_addr=0 build/fuzz/spec/fuzz/fuzz-"$1" -max_total_time="$time" \
    $limits -print_final_stats=1 -artifact_prefix="build/fuzz/broken/$1-" "$found" \
    "$seed" $more >"build/fuzz/$1.log" 2>&1
}

report() { # TARGET STATUS
  if [ "$2" -eq 0 ]; then
    sed -n "s/^stat::number_of_executed_units: */measured: fuzz $1, runs: /p" "build/fuzz/$1.log"
  else
    tail -n 60 "build/fuzz/$1.log"
    echo "fuzz $1: broken"
    return 1
  fi
}

status=0
while [ $# -gt 0 ]; do
  first=$1
  second=${2-}
  shift
  [ -z "$second" ] || shift
  run "$first" &
  one=$!
  if [ -n "$second" ]; then
    run "$second" &
    wait $! && result=0 || result=$?
    report "$second" "$result" || status=1
  fi
  wait $one && result=0 || result=$?
  report "$first" "$result" || status=1
done
exit $status
