#!/bin/sh
# Every public header compiles alone, without a warning: C11 with gcc and clang, C++17 with g++.
# usage: headers_test.sh INCLUDE_DIR
set -u
include=$1
flags="-I$include -Wall -Wextra -Wpedantic -Werror -fsyntax-only"
passed=0
failed=0

compile() {
  # shellcheck disable=SC2086
  if printf '#include "cloudaudit/%s"\n' "$header" | "$@" $flags -; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "[  FAILED  ] $header: $*"
  fi
}

for path in "$include"/cloudaudit/*.h; do
  header=${path##*/}
  compile gcc -x c -std=c11 -Wshadow -Wconversion -Wcast-qual
  compile clang -x c -std=c11 -Wshadow -Wconversion -Wcast-qual
  # No -Wshadow: in C++ it dislikes a function that is named like a struct, as stat is.
  compile g++ -x c++ -std=c++17
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
