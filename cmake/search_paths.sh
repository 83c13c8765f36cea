#!/bin/sh
# Prints the shell lines that make an installation usable whose folders are not searched by the shell,
# Lua, pkg-config or the dynamic linker in this environment; nothing when all of them are.
# usage: search_paths.sh LUA SHARE_DIR MODULE_DIR LIBDIR BINDIR   (LUA: 5.4, luajit and the like)
set -eu
share=$2
modules=$3
libdir=$4
bindir=$5
case $1 in
luajit) lua=luajit ;;
*) lua=lua$1 ;;
esac

quote() {
  printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

contains() { # LIST SEPARATOR ENTRY
  case "$2$1$2" in
  *"$2$3$2"*) ;;
  *) return 1 ;;
  esac
}

searched_by_lua() { # path|cpath ENTRY
  contains "$("$lua" -e "io.write(package.$1)" 2>/dev/null)" ';' "$2"
}

searched_by_pkg_config() {
  contains "$(pkg-config --variable pc_path pkg-config 2>/dev/null):${PKG_CONFIG_PATH-}" : "$1"
}

# Prints the folders that the cache of the dynamic linker is made from.
linker_folders() {
  PATH=$PATH:/sbin:/usr/sbin ldconfig -N -X -v 2>/dev/null | sed -n 's|^\(/[^:]*\):.*|\1|p'
}

in_linker_folders() {
  linker_folders | while read -r folder; do
    if [ "$(readlink -f "$folder")" = "$1" ]; then echo yes; fi
  done | grep -q yes
}

linker_line() {
  real=$(readlink -f "$libdir")
  if contains "${LD_LIBRARY_PATH-}" : "$libdir"; then
    return
  elif ! in_linker_folders "$real"; then
    echo "export LD_LIBRARY_PATH=$(quote "$libdir")\"\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}\"" \
      "# for C programs that use the shared libraries"
  elif ! PATH=$PATH:/sbin:/usr/sbin ldconfig -p | grep -qF "=> $libdir/libcloudaudit.so"; then
    # The linker also looks into the system's own folders without a cache.
    case $libdir in
    /usr/local/*) echo "sudo ldconfig  # for C programs that use the shared libraries" ;;
    esac
  fi
}

lines() {
  contains "$PATH" : "$bindir" ||
    echo "export PATH=$(quote "$bindir")\":\$PATH\" # for the command cloudaudit"
  searched_by_lua path "$share/?.lua" ||
    echo "export LUA_PATH=$(quote "$share/?.lua;$share/?/init.lua;")\"\${LUA_PATH:-;}\""
  searched_by_lua cpath "$modules/?.so" ||
    echo "export LUA_CPATH=$(quote "$modules/?.so;")\"\${LUA_CPATH:-;}\""
  searched_by_pkg_config "$libdir/pkgconfig" ||
    echo "export PKG_CONFIG_PATH=$(quote "$libdir/pkgconfig")\"\${PKG_CONFIG_PATH:+:\$PKG_CONFIG_PATH}\""
  if [ "$(uname)" = Linux ]; then linker_line; fi
}

found=$(lines)
if [ -n "$found" ]; then
  printf '%s\n' "# So that the shell, Lua, pkg-config and the linker find the installation:" "$found"
fi
