#!/bin/sh
# Every C module of every build in every interpreter: it loads in its own Lua version and names both
# versions elsewhere. 5.1 and LuaJIT are one version. Needs the builds of
# 5.4, 5.3, 5.1 and LuaJIT; those of 5.5 and 5.2 where this system has them.
set -u
cd "$(dirname "$0")/../.." || exit 1
unset LUA_INIT LUA_CPATH_5_2 LUA_CPATH_5_3 LUA_CPATH_5_4 LUA_CPATH_5_5
passed=0
failed=0

version() { # BUILD or INTERPRETER: its number as in _VERSION
  case $1 in
  *luajit) echo 5.1 ;;
  *) echo "${1#lua}" ;;
  esac
}

expected() { # BUILD INTERPRETER MODULE: the message when the versions differ
  of=$(version "$1")
  in=$(version "$2")
  [ "$of" != 5.1 ] || of="5.1 or LuaJIT"
  [ "$2" != luajit ] || in="5.1 (LuaJIT)"
  echo "$3 was built for Lua $of and this is Lua $in: use the build for this Lua"
}

try() { # BUILD INTERPRETER MODULE
  said=$(LUA_CPATH="build/$1/lua/?.so" "$2" -e "assert(require '$3')" 2>&1)
  status=$?
  if [ "$(version "$1")" = "$(version "$2")" ]; then
    [ "$status" -eq 0 ] && [ -z "$said" ]
  else
    [ "$status" -eq 1 ] && printf '%s' "$said" | grep -qF "$(expected "$@")"
  fi
}

there() { # BUILD: those of 5.5 and 5.2 may be absent
  case $1 in
  5.5 | 5.2) [ -d "build/$1/lua" ] ;;
  esac
}

for path in build/5.4/lua/cloudaudit/*.so; do
  module=cloudaudit.$(basename "$path" .so)
  for build in 5.5 5.4 5.3 5.2 5.1 luajit; do
    there "$build" || continue
    for lua in lua5.5 lua5.4 lua5.3 lua5.2 lua5.1 luajit; do
      there "${lua#lua}" || [ "$lua" = luajit ] || continue
      if try "$build" "$lua" "$module"; then
        passed=$((passed + 1))
      else
        failed=$((failed + 1))
        echo "[  FAILED  ] $module of build/$build in $lua: exit status $status, $said"
      fi
    done
  done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
