#!/bin/sh
# libcloudaudit-lua.a of every build, installed and linked to a static Lua: in a state with few
# libraries and a counting allocator, and in the example's host. Needs the builds of 5.4, 5.3, 5.1
# and LuaJIT.
set -eu
cd "$(dirname "$0")/../.."
. spec/hosts/support.sh

flags() { # BUILD: of its installed package
  PKG_CONFIG_PATH=$(dirname "$(find "$target/$1" -name cloudaudit-lua.pc)") \
    pkg-config --cflags --libs cloudaudit-lua
}

# Steps are chained: set -e does not apply inside of a test.
compile() { # SOURCE BUILD LUA: $target/host
  rm -f "$target/host"
  # shellcheck disable=SC2046
  gcc -std=c11 -Wall -Wextra -Werror "$1" -o "$target/host" $(pkg-config --cflags "$3") \
    $(flags "$2") "$(pkg-config --variable=libdir "$3")/lib$(archive "$3").a" -ldl -lm # those of the static Lua
}

archive() { # PACKAGE: its library's name
  case $1 in
  luajit) echo luajit-5.1 ;;
  *) echo "$1" ;;
  esac
}

package() { # BUILD: of its Lua
  case $1 in
  luajit) echo luajit ;;
  *) echo "lua$1" ;;
  esac
}

bare_state() { # BUILD
  install_build "$1" "$target/$1" &&
    compile spec/hosts/preload.c "$1" "$(package "$1")" && (
    cd "$target" &&
      ./host "$OLDPWD/spec/hosts/preload.lua" "$CLOUDAUDIT_ENDPOINT" "$CLOUDAUDIT_CA_FILE" \
        "$TENCENTCLOUD_SECRET_ID" "$TENCENTCLOUD_SECRET_KEY"
  )
}

example() {
  compile examples/host/host.c 5.4 lua5.4 || return
  said=$("$target/host" examples/host/script.lua)
  echo "$said"
  [ "$said" = "TrackId 1" ]
}

start_emulator --duplicate-names
for build in 5.5 5.4 5.3 5.2 5.1 luajit; do
  case $build in
  5.5 | 5.2) [ -d "build/$build/lua" ] || continue ;; # this system may not have them
  esac
  ok "a state with few libraries, $build" bare_state $build
done
ok "examples/host" example
finish_tests
