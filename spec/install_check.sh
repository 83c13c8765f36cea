#!/bin/sh
# Installs a build to a fresh folder and uses it from there, as Lua, as C (shared and static) and
# as a rock. Reads nothing of the source tree from an installed thing.
# usage: install_check.sh BUILD_DIR (of Lua 5.4)
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/${1#"$root"/}
target=$(mktemp -d)
trap 'rm -rf "$target"' EXIT

use_lua() { # of a prefix
  (
    cd "$target"
    LUA_PATH="$1/share/lua/5.4/?.lua;$1/share/lua/5.4/?/init.lua;;" \
      LUA_CPATH="$1/lib/lua/5.4/?.so;;" lua5.4 "$root/spec/installed.lua" "$1"
  )
}

use_c() { # with more libraries
  flags=$(PKG_CONFIG_PATH="$target/prefix/lib/pkgconfig" pkg-config --cflags --libs cloudaudit-curl)
  # shellcheck disable=SC2086
  gcc -std=c11 -Wall -Werror "$root/spec/c/installed.c" -o "$target/installed" $flags "$@"
  LD_LIBRARY_PATH="$target/prefix/lib" "$target/installed"
}

cmake --install "$build" --prefix "$target/prefix"
if [ -f "$target/prefix/lib/pkgconfig/cloudaudit-curl.pc" ]; then
  use_c
  # The static ones, with the system's shared libcurl; `pkg-config --static` would want the
  # development files of everything below libcurl.
  rm "$target"/prefix/lib/*.so*
  use_c -lcurl -lcrypto
fi

# The rest is for the Lua layer.
if [ ! -f "$root/lua/cloudaudit/init.lua" ]; then exit 0; fi
use_lua "$target/prefix"
cd "$root"
luarocks --lua-version 5.4 --tree "$target/rock" make
rm -rf build.luarocks
use_lua "$target/rock"
