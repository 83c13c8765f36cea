# The steps of spec/run, one function each: it prints what went wrong and returns non-zero. The
# argument is a build: a Lua (5.4, 5.3, 5.1, luajit), with -asan or -clang behind it.

c_files() {
  find csrc spec examples -name node_modules -prune -o -name '*.[ch]' -print
}

step_format() {
  c_files | xargs clang-format-14 -i
}

step_lint() {
  c_files | xargs clang-format-14 --dry-run -Werror || return
  luacheck -q --no-color lua spec examples bin/cloudaudit || return
  cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
    --suppressions-list=.ci/cppcheck.txt --error-exitcode=1 -Icsrc/include -Icsrc csrc spec/c spec/fuzz \
    spec/faults/c
}

# clang-tidy over what build:5.4 compiled, a file each: several in one confuse its analyzer.
step_tidy() {
  find csrc -name '*.c' -print0 | xargs -0 -P 2 -n 1 clang-tidy -p build/5.4 --quiet
}

step_build() {
  flags="-DCLOUDAUDIT_LUA=${1%%-*} -DCLOUDAUDIT_WERROR=ON -DCLOUDAUDIT_TESTS=ON"
  case $1 in
  *-asan) flags="$flags -DCLOUDAUDIT_SANITIZE=ON" ;;
  *-clang) flags="$flags -DCMAKE_C_COMPILER=clang" ;;
  esac
  # shellcheck disable=SC2086
  cmake -S . -B "build/$1" $flags && cmake --build "build/$1" -j 2
}

step_c() {
  ctest --test-dir "build/$1" --quiet --timeout 120 --no-tests=error
  status=$?
  grep -vE '^\[ +(OK|RUN) +\]|^-+$' "build/$1/Testing/Temporary/LastTest.log"
  return $status
}

# States in threads under ThreadSanitizer, which bears no other sanitizer beside it.
step_threads() {
  build=build/5.4-tsan
  cmake -S . -B $build -DCLOUDAUDIT_WERROR=ON -DCLOUDAUDIT_TESTS=ON -DCLOUDAUDIT_CURL=ON \
    -DCLOUDAUDIT_HTTPD=OFF -DCLOUDAUDIT_INSTALL_C=ON -DCMAKE_C_FLAGS=-fsanitize=thread &&
    cmake --build $build -j 2 --target lua_threads_test faults-threads &&
    TSAN_OPTIONS=halt_on_error=1 $build/spec/c/lua_threads_test && sh spec/faults/threads.sh $build
}

# Branch coverage of the core by its C tests: 95 %, and every branch of what decides on outcomes and
# retries. The threads are left out, since their counters race.
step_coverage() {
  build=build/5.4-coverage
  cmake -S . -B $build -DCLOUDAUDIT_TESTS=ON -DCLOUDAUDIT_CURL=OFF -DCLOUDAUDIT_HTTPD=OFF \
    -DCLOUDAUDIT_INSTALL_C=OFF -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=--coverage &&
    cmake --build $build -j 2 || return
  find $build -name '*.gcda' -exec rm {} +
  ctest --test-dir $build --quiet --exclude-regex 'threads|headers' || return
  gcovr --root . --filter csrc/core --branches --json $build/coverage.json $build &&
    gcovr --root . --add-tracefile $build/coverage.json --branches || return
  cover csrc/core 95 csrc/core/ &&
    cover 'retry, rate_limit, response, call' 100 'csrc/core/(retry|rate_limit|response|call)\.c'
}

cover() { # NAME PERCENT FILES
  gcovr --root . --add-tracefile $build/coverage.json --filter "$3" --print-summary \
    --fail-under-branch "$2" --output $build/coverage.txt >$build/summary.txt
  status=$?
  sed -n "s|^branches: |measured: branch coverage of $1: |p" $build/summary.txt
  return $status
}

# The C tests once more, for what no sanitizer sees: values that nobody set. Without the sweeps that
# take minutes there, and without the transport, whose tests watch the clock.
step_valgrind() {
  for test in "build/$1"/spec/c/*_test; do
    case $test in
    */curl* | */lua_alloc* | */lua_threads* | */quota*) continue ;;
    esac
    valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect \
      --error-exitcode=9 "$test" || return
  done
}

# Every fuzz target for that many seconds each.
step_fuzz() {
  sh spec/fuzz/run.sh "${1:-60}"
}

step_lua() {
  timeout 600 spec/with "$1" busted || return
  if grep -q ' / [1-9][0-9]* pending' "$log"; then
    echo "A pending spec counts as a failure: write it or remove it."
    return 1
  fi
}

# What a misbehaving server, a dying connection or a failing system may do to a call: spec/faults.
# BUILD runs all of it, BUILD:NAME one file.
step_faults() {
  name=${1#*:}
  [ "$name" != "$1" ] || name=
  timeout 600 spec/with "${1%%:*}" busted --pattern="${name}_faults" spec/faults
}

# spec/faults/soak.lua, for so many seconds.
step_soak() {
  spec/with 5.4 lua spec/faults/soak.lua "${1:-120}"
}

# Every script of spec/hosts, or the one that is named. Needs the builds of all Luas.
step_hosts() {
  for script in spec/hosts/${1:-*}.sh; do
    case $script in
    */support.sh) continue ;;
    esac
    sh "$script" || return
  done
}

step_node() {
  sh spec/hosts/node-sdk/run.sh
}

# The whole of `make demo`, from the build to what it prints, in the time that it promises.
step_demo() {
  started=$(date +%s)
  make --no-print-directory demo || return
  grep -Eq '^TrackId +[0-9]+$' "$log" && grep -Eq '^RequestId +[0-9a-f-]+$' "$log" &&
    grep -Eq '^[0-9]+ +audit ' "$log" || return
  [ $(($(date +%s) - started)) -lt 20 ]
}

# What the work may cost in instructions: these do not depend on the machine's mood, as times do.
step_bounds() {
  cmake -S . -B build/5.4-bench -DCLOUDAUDIT_BENCH=ON -DCLOUDAUDIT_WERROR=ON &&
    cmake --build build/5.4-bench -j 2 && spec/with 5.4-bench lua spec/bench/bounds.lua
}

step_install() {
  sh spec/packaging/run.sh
}

# Adds what the log of a step says to passed and failed: the sums of busted and cmocka, and one for
# a step without tests of its own.
count() {
  sums=$(sed -n \
    -e 's/.*\[  PASSED  \] \([0-9]*\) test(s).*/\1 0/p' \
    -e 's/.*\[  FAILED  \] \([0-9]*\) test(s).*/0 \1/p' \
    -e 's/^\([0-9]*\) success[es]* \/ \([0-9]*\) failure[s]* \/ \([0-9]*\) error[s]* \/.*/\1 \2+\3/p' \
    -e 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' \
    "$log" | awk '{ split($2, f, "+"); p += $1; n += f[1] + f[2] } END { if (NR) print p, n }')
  step_passed=${sums% *}
  step_failed=${sums#* }
  if [ -z "$sums" ]; then
    step_passed=1
    step_failed=0
  fi
  if [ "$1" -ne 0 ] && [ "$step_failed" -eq 0 ]; then
    step_failed=1
    [ -n "$sums" ] || step_passed=0
  fi
  passed=$((passed + step_passed))
  failed=$((failed + step_failed))
}

# What failed, once more: a step may have printed much since.
failures() {
  awk '/^(Failure|Error) -> / { left = 20 } /^stack traceback/ { left = 0 } left-- > 0; /^\[ *(ERROR|FAILED) *\]/' "$log"
}

summary() {
  case $1 in
  c:* | lua:* | faults:* | hosts* | node | threads | valgrind*) echo "   $step_passed passed" ;;
  esac
  sed -n 's/^measured: /   /p' "$log"
}
