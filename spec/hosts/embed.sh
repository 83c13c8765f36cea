#!/bin/sh
# libcloudaudit-lua.a of every build, installed and linked to a static Lua: in a bare state with an
# allocator that counts, and in the example's host. Needs the builds of all Luas.
set -eu
cd "$(dirname "$0")/../.."
target=$(mktemp -d)
trap 'rm -rf "$target"' EXIT
passed=0

flags() { # of a package that was installed for a build
  PKG_CONFIG_PATH="$target/$1/lib/pkgconfig" pkg-config --cflags --libs cloudaudit-lua
}

compile() { # SOURCE BUILD LUA: $target/host
  # shellcheck disable=SC2046
  gcc -std=c11 -Wall -Wextra -Werror "$1" -o "$target/host" $(pkg-config --cflags "$3") \
    $(flags "$2") "$(pkg-config --variable=libdir "$3")/lib$(archive "$3").a" -lm -ldl
}

archive() { # of a Lua's package
  case $1 in
  luajit) echo luajit-5.1 ;;
  *) echo "$1" ;;
  esac
}

package() { # of a build's Lua
  case $1 in
  luajit) echo luajit ;;
  *) echo "lua$1" ;;
  esac
}

for build in 5.4 5.3 5.1 luajit; do
  cmake --install "build/$build" --prefix "$target/$build" >/dev/null
  compile spec/hosts/preload.c "$build" "$(package "$build")"
  (cd "$target" && ./host "$OLDPWD/spec/hosts/preload.lua")
  passed=$((passed + 1))
done

compile examples/host/host.c 5.4 lua5.4
printed=$("$target/host" examples/host/script.lua)
if [ "$printed" != "TrackId 1" ]; then
  echo "examples/host printed: $printed"
  exit 1
fi
passed=$((passed + 1))
echo "[  PASSED  ] $passed test(s)."
