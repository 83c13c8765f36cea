#!/bin/sh
# Builds as packagers and users make them: their flags, their projects, with libraries missing and without root.
# Reports its tests for spec/run.
set -eu
cd "$(dirname "$0")/../.."
. spec/hosts/support.sh
root=$PWD
unset DESTDIR PREFIX LUA BUILD CFLAGS LDFLAGS

build() { # FOLDER FLAG...: configured and built; $target/FOLDER.log has what was printed
  folder=$target/$1
  log_of_build=$target/$1.log
  shift
  { cmake -S . -B "$folder" "$@" && cmake --build "$folder" -j 2; } >"$log_of_build" 2>&1 || ! tail -n 30 "$log_of_build"
}

# ---- what a plain build gives -------------------------------------------------------------------

hardened() { # FILE
  readelf -lW "$1" | grep -q GNU_RELRO && readelf -dW "$1" | grep -q BIND_NOW &&
    nm -D "$1" | grep -q __stack_chk_fail && nm -D "$1" | grep -q '_chk@' &&
    ! readelf -lW "$1" | grep -q 'GNU_STACK.*RWE' && ! readelf -dW "$1" | grep -q TEXTREL
}

ok "a plain build" build plain
for file in "$target"/plain/lua/cloudaudit/*.so "$target"/plain/lib*.so; do
  ok "full RELRO, BIND_NOW, stack protector and FORTIFY: ${file##*/}" hardened "$file"
done
for file in "$target"/plain/lua/cloudaudit/*.so; do
  ok "stays loaded: ${file##*/}" sh -c 'readelf -dW "$1" | grep -q NODELETE' - "$file"
done

# ---- flags of packagers -------------------------------------------------------------------------

ok "LTO with agreeing types" build lto -DCMAKE_C_FLAGS='-flto -Werror=lto-type-mismatch -Werror=odr' \
  -DCMAKE_AR="$(command -v gcc-ar)" -DCMAKE_RANLIB="$(command -v gcc-ranlib)"
ok "a unity build" build unity -DCMAKE_UNITY_BUILD=ON
ok "a packager's FORTIFY" build fortify -DCLOUDAUDIT_WERROR=ON \
  -DCMAKE_C_FLAGS='-O2 -D_FORTIFY_SOURCE=3 -fstack-clash-protection -fcf-protection'

# What a packager gives for the build type, and a parent project by its own commands, stays too.
given_fortify_stays() {
  cmake -S . -B "$target/given" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE='-O2 -D_FORTIFY_SOURCE=3' \
    >"$target/given.log" 2>&1 && grep -q '_FORTIFY_SOURCE=3' "$target/given/compile_commands.json" &&
    ! grep -q '_FORTIFY_SOURCE=2' "$target/given/compile_commands.json" || return
  mkdir -p "$target/given-parent" && cat >"$target/given-parent/CMakeLists.txt" <<END || return
cmake_minimum_required(VERSION 3.22)
project(parent LANGUAGES C)
add_compile_definitions(_FORTIFY_SOURCE=3)
add_subdirectory("$root" cloudaudit)
END
  cmake -S "$target/given-parent" -B "$target/given-parent/b" -DCMAKE_BUILD_TYPE=Release >"$target/given.log" 2>&1 &&
    grep -q '_FORTIFY_SOURCE=3' "$target/given-parent/b/compile_commands.json" &&
    ! grep -q '_FORTIFY_SOURCE=2' "$target/given-parent/b/compile_commands.json"
}
ok "a FORTIFY of the build type or of the parent stays" given_fortify_stays

# The suffix that CMake gives debug builds, also by a parent project: Lua and the .pc files do not know it.
without_suffix() {
  build suffix -DCMAKE_BUILD_TYPE=Debug -DCMAKE_DEBUG_POSTFIX=d &&
    [ -e "$target/suffix/lua/cloudaudit/core.so" ] && [ -e "$target/suffix/libcloudaudit.so" ]
}
ok "CMAKE_DEBUG_POSTFIX changes no name" without_suffix

# ---- odd paths ----------------------------------------------------------------------------------

odd_path() { # FOLDER: source and build below it
  mkdir -p "$target/$1/source" && cp -R CMakeLists.txt bin cmake csrc doc lua "$target/$1/source/" &&
    { cmake -S "$target/$1/source" -B "$target/$1/build" && cmake --build "$target/$1/build" -j 2; } \
      >"$target/odd.log" 2>&1 || ! tail -n 30 "$target/odd.log" || return
  (cd "$target/$1" && LUA_PATH="source/lua/?.lua;source/lua/?/init.lua" LUA_CPATH="build/lua/?.so" lua5.4 -e '
    local emulator = require("cloudaudit").emulator.new()
    assert(emulator:client():quota())') &&
    grep -aq 'cloudaudit.async.future' "$target/$1/build/libcloudaudit-lua.a" && # its Lua files were found
    library="$target/$1/build/libcloudaudit-curl.so" lua5.4 -e 'assert(package.loadlib(os.getenv("library"), "*"))' &&
    rm -rf "${target:?}/$1"
}
for folder in "it's ü,x[1]" 'c#'; do
  ok "built in a folder of the name $folder" odd_path "$folder"
done

small_lua() { # a Lua 5.4 of LUA_32BITS is refused in one sentence
  from=$(pkg-config --variable=includedir lua5.4)
  [ -e "$from/lua.h" ] || from=$(pkg-config --cflags-only-I lua5.4 | sed 's/-I//; s/ .*//')
  mkdir -p "$target/small" && cp "$from"/*.h "$target/small/" &&
    sed -i 's/^#define[ \t]*LUA_32BITS.*/#define LUA_32BITS 1/' "$target/small/luaconf.h" || return
  ! build small-lua -DCLOUDAUDIT_LUA_INCLUDE_DIR="$target/small" >/dev/null &&
    grep -q 'cloudaudit needs a Lua with 64-bit numbers' "$target/small-lua.log"
}
ok "a Lua of 32 bits is refused" small_lua

# musl has no getentropy in <sys/random.h>, and hides what POSIX does not have.
musl() {
  for file in csrc/core/*.c csrc/curl/*.c; do
    musl-gcc -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -fsyntax-only -Icsrc/include -Icsrc \
      -idirafter "/usr/include/$(gcc -print-multiarch)" -idirafter /usr/include "$file" || return
  done
}
ok "musl takes every file" musl

# ---- as a part of another project ---------------------------------------------------------------

as_part() {
  mkdir -p "$target/parent" && cat >"$target/parent/CMakeLists.txt" <<END && cat >"$target/parent/main.c" <<'END2' || return
cmake_minimum_required(VERSION 3.22)
project(parent LANGUAGES C)
add_subdirectory("$root" cloudaudit EXCLUDE_FROM_ALL)
add_executable(parent main.c)
target_link_libraries(parent PRIVATE cloudaudit-curl-static)
add_executable(shared main.c)
target_link_libraries(shared PRIVATE cloudaudit-curl)
file(WRITE "\${CMAKE_BINARY_DIR}/type" "\${CMAKE_BUILD_TYPE}")
END
#include <cloudaudit/cloudaudit.h>
#include <cloudaudit/curl.h>
int main(void) {
  struct caudit_curl *curl;
  if (caudit_curl_new(&curl, NULL, NULL, NULL) != 0) return 1;
  caudit_curl_free(curl);
  return 0;
}
END2
  { cmake -S "$target/parent" -B "$target/parent/build" && cmake --build "$target/parent/build" -j 2; } \
    >"$target/parent.log" 2>&1 || ! tail -n 30 "$target/parent.log" || return
  "$target/parent/build/parent" && "$target/parent/build/shared" && [ -z "$(cat "$target/parent/build/type")" ] &&
    ! grep -q '^CMAKE_BUILD_TYPE:STRING=Rel' "$target/parent/build/CMakeCache.txt"
}
ok "add_subdirectory: include folders come along, the build type is the parent's" as_part

# ---- two Luas in one prefix ---------------------------------------------------------------------

two_luas() {
  for lua in 5.4 5.3; do
    build "two-$lua" -DCLOUDAUDIT_LUA=$lua -DCMAKE_INSTALL_PREFIX="$target/two" &&
      cmake --install "$target/two-$lua" >"$target/two.log" || return
  done
  folder=$(dirname "$(find "$target/two" -name cloudaudit-lua5.3.pc)")
  export PKG_CONFIG_PATH="$folder"
  for lua in 5.4 5.3; do
    [ "$(pkg-config --variable=lua_version cloudaudit-lua$lua)" = $lua ] || return
    # shellcheck disable=SC2046
    gcc examples/host/host.c -o "$target/host$lua" $(pkg-config --cflags --libs cloudaudit-lua$lua lua$lua) || return
  done
  [ "$(pkg-config --variable=lua_version cloudaudit-lua)" = 5.4 ] && # the first
    grep -q 'cloudaudit-lua.pc stays with lua=lua5.4; this one is cloudaudit-lua5.3.pc' "$target/two.log"
}
ok "two Luas in one prefix" two_luas

# ---- without optional libraries, without root ---------------------------------------------------

# CMake is told that libcurl is not there, and pkg-config that libmicrohttpd is too old.
left_out() {
  mkdir -p "$target/old"
  printf 'Name: x\nDescription: x\nVersion: 0.9.1\n' >"$target/old/libmicrohttpd.pc"
  export PKG_CONFIG_PATH="$target/old"
  build bare -DCMAKE_DISABLE_FIND_PACKAGE_CURL=ON || return
  unset PKG_CONFIG_PATH
  [ -e "$target/bare/lua/cloudaudit/core.so" ] && [ ! -e "$target/bare/lua/cloudaudit/curl.so" ] &&
    grep -q 'libcurl 7.80 was not found: cloudaudit.curl and libcloudaudit-curl left out' "$log_of_build" &&
    grep -q 'libmicrohttpd 0.9.71 was not found: cloudaudit.httpd left out' "$log_of_build" &&
    LUA_PATH="$root/lua/?.lua;$root/lua/?/init.lua" LUA_CPATH="$target/bare/lua/?.so" lua5.4 -e '
      local emulator = require("cloudaudit").emulator.new()
      assert(emulator:client():quota())'
}
ok "without libcurl and libmicrohttpd the rest is built, and named" left_out

required() {
  ! build required -DCMAKE_DISABLE_FIND_PACKAGE_CURL=ON -DCLOUDAUDIT_CURL=ON >/dev/null &&
    grep -qi 'curl' "$log_of_build" && [ ! -e "$target/required/lua" ]
}
ok "ON requires libcurl" required

# An apt that has nothing, and a user without root and sudo.
without_root() { # GROUP...: the exit status of .ci/deps
  mkdir -p "$target/poor"
  for tool in sh sed grep tr dirname cat; do ln -sf "$(command -v $tool)" "$target/poor/$tool"; done
  printf '#!/bin/sh\necho 1000\n' >"$target/poor/id"
  printf '#!/bin/sh\nexit 1\n' >"$target/poor/dpkg-query"
  printf '#!/bin/sh\necho "apt-get ran" >&2; exit 100\n' >"$target/poor/apt-get"
  printf '#!/bin/sh\nexit 1\n' >"$target/poor/apt-cache"
  chmod +x "$target"/poor/id "$target"/poor/dpkg-query "$target"/poor/apt-*
  status=0
  said=$(PATH="$target/poor" sh .ci/deps "$@" 2>&1) || status=$?
  echo "$said" >"$target/deps.log"
}
build_goes_on() {
  without_root build 5.4
  [ "$status" -eq 0 ] && grep -q 'Run as root: apt-get install .*libmicrohttpd-dev' "$target/deps.log" &&
    grep -q 'Going on without them' "$target/deps.log"
}
tests_stop() {
  without_root build test 5.4
  [ "$status" -eq 1 ] && grep -q 'Run as root: apt-get install .*libcmocka-dev' "$target/deps.log"
}
ok "without root make build goes on, and names what is missing" build_goes_on
ok "without root make test stops" tests_stop
finish_tests
