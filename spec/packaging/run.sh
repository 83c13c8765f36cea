#!/bin/sh
# Installs from its own build folder (build/package) as packagers and users do, and uses the
# installed files from Lua and C. Reports its tests for spec/run.
set -eu
cd "$(dirname "$0")/../.."
. spec/hosts/support.sh
unset DESTDIR PREFIX LUA_PATH LUA_CPATH LUA_PATH_5_4 LUA_CPATH_5_4 PKG_CONFIG_PATH LD_LIBRARY_PATH
root=$PWD

# Runs `make install` with the variables given; $target/install.log has what it printed.
make_install() {
  make --no-print-directory LUA=5.4 BUILD=build/package install "$@" >"$target/install.log" 2>&1 ||
    ! cat "$target/install.log"
}

# The shell lines that the last installation printed; build messages never begin like them.
shell_lines() {
  grep -E '^(# So that|export |sudo )' "$target/install.log"
}

use_lua() { # PREFIX MODULE_DIR
  (
    cd "$target" &&
      LUA_PATH="$1/share/lua/5.4/?.lua;$1/share/lua/5.4/?/init.lua;;" LUA_CPATH="$2/?.so;;" \
        lua5.4 "$root/spec/packaging/installed.lua" "$1"
  )
}

compile() { # LIBRARY...: with what pkg-config finds in the environment
  rm -f "$target/program"
  # shellcheck disable=SC2046
  gcc -std=c11 -Wall -Werror spec/packaging/installed.c -o "$target/program" \
    $(pkg-config --cflags --libs cloudaudit-curl) "$@"
}

use_c() { # LIBDIR
  (
    export PKG_CONFIG_PATH="$1/pkgconfig"
    [ "$(readlink -f "$(pkg-config --variable=libdir cloudaudit)")" = "$1" ] && compile &&
      LD_LIBRARY_PATH="$1" "$target/program"
  )
}

# With the system's shared libcurl; `pkg-config --static` would need the development files of every
# library below libcurl.
use_static_c() { # LIBDIR, whose shared libraries are removed
  rm "$1"/libcloudaudit*.so*
  PKG_CONFIG_PATH="$1/pkgconfig" compile -lcurl -lcrypto && "$target/program"
}

# ---- a package: staged below DESTDIR for /usr, then used from another place ---------------------

multiarch=$(gcc -print-multiarch 2>/dev/null)
libdir=lib${multiarch:+/$multiarch}

staged() {
  make_install DESTDIR="$target/stage" PREFIX=/usr && [ "$(ls "$target/stage")" = usr ]
}

# Every file but those of folders that are copied whole, with the version and the triplet left out.
listed() {
  (cd "$target/stage/usr" && find . ! -type d) | sed -e 's|^\./||' -e "s|^$libdir/|LIBDIR/|" \
    -e 's|\.so\.[0-9.]*\.[0-9]*$|.so.VERSION|' -e 's|\.so\.[0-9]*$|.so.MAJOR|' |
    LC_ALL=C sort >"$target/list"
  {
    cat spec/packaging/files.txt
    (cd lua && find cloudaudit -name '*.lua') | sed 's|^|share/lua/5.4/|'
    (cd csrc/include && find cloudaudit -name '*.h' -o -name '*.def') | sed 's|^|include/|'
  } | LC_ALL=C sort | diff - "$target/list"
}

# No text file knows where it was installed or built.
knows_no_place() {
  ! grep -rIl -e "$target" -e "$root" -e '=/usr' "$target/stage/usr"
}

silent() {
  ! shell_lines
}

# libcloudaudit-curl finds libcloudaudit in its own folder, wherever that is.
loads_alone() {
  lua5.4 -e "assert(package.loadlib('$moved/$libdir/libcloudaudit-curl.so', '*'))"
}

ok "make install with DESTDIR and PREFIX=/usr" staged
ok "the list of files is files.txt" listed
ok "no installed text contains a path of the build" knows_no_place
ok "a staged installation prints no shell lines" silent
moved=$(readlink -f "$target")/moved
mv "$target/stage/usr" "$moved"
ok "a moved tree works in Lua" use_lua "$moved" "$moved/$libdir/lua/5.4"
ok "a moved tree works in C" use_c "$moved/$libdir"
ok "a moved shared library finds the one that it needs" loads_alone
ok "a moved tree works in C, static" use_static_c "$moved/$libdir"

# ---- LIBDIR as an absolute path -----------------------------------------------------------------

pc_variable() { # FOLDER VARIABLE
  PKG_CONFIG_PATH="$1/pkgconfig" pkg-config --variable="$2" cloudaudit-curl
}

absolute_outside() {
  make_install DESTDIR="$target/outside" PREFIX=/usr CMAKE_FLAGS=-DCMAKE_INSTALL_LIBDIR=/opt/audit/lib &&
    [ "$(pc_variable "$target/outside/opt/audit/lib" libdir)" = /opt/audit/lib ] &&
    [ "$(pc_variable "$target/outside/opt/audit/lib" includedir)" = /usr/include ]
}

absolute_inside() {
  make_install DESTDIR="$target/inside" PREFIX=/usr CMAKE_FLAGS=-DCMAKE_INSTALL_LIBDIR=/usr/lib/audit &&
    use_c "$(readlink -f "$target")/inside/usr/lib/audit"
}

ok "an absolute LIBDIR outside of the prefix" absolute_outside
ok "an absolute LIBDIR below the prefix" absolute_inside

# ---- a prefix that is not searched --------------------------------------------------------------

own="$(readlink -f "$target")/own prefix"

says_how_to_use_it() {
  make_install PREFIX="$own" CMAKE_FLAGS=-UCMAKE_INSTALL_LIBDIR && shell_lines >"$target/lines" &&
    [ "$(grep -c '^export ' "$target/lines")" -eq 5 ]
}

# Lua only: a path with a blank in it does not survive the unquoted flags of pkg-config.
follows_the_lines() {
  (
    . "$target/lines" && cd "$target" && lua5.4 "$root/spec/packaging/installed.lua" "$own" &&
      [ "$PKG_CONFIG_PATH" = "$own/lib/pkgconfig" ] && pkg-config --exists cloudaudit-curl &&
      [ "$LD_LIBRARY_PATH" = "$own/lib" ] && [ "$(command -v cloudaudit)" = "$own/bin/cloudaudit" ]
  )
}

says_nothing_more() {
  (. "$target/lines" && make_install PREFIX="$own" && silent)
}

# Folders that Debian's Lua, pkg-config and linker search anyway.
needs_nothing_in() { # PREFIX LIBDIR
  said=$(sh cmake/search_paths.sh 5.4 "$1/share/lua/5.4" "$2/lua/5.4" "$2" "$1/bin")
  [ -z "$said" ] || ! echo "$said"
}

ok "a prefix that nothing searches prints five shell lines" says_how_to_use_it
ok "these lines are enough" follows_the_lines
ok "with them a second installation prints none" says_nothing_more
ok "/usr needs no lines" needs_nothing_in /usr "/usr/$libdir"

relative_prefix() { # what is printed is of use in any folder
  (cd "$target" && cmake --install "$root/build/package" --prefix here) >"$target/install.log" 2>&1 &&
    shell_lines >"$target/lines" && ! grep "'here" "$target/lines" &&
    grep -q "^export PATH='$(readlink -f "$target")/here/bin'" "$target/lines"
}
ok "a relative --prefix prints absolute folders" relative_prefix

# The Lua is known by its headers alone, and CLOUDAUDIT_LUA is the default, 5.4.
lua_of_headers() {
  other="$(readlink -f "$target")/other"
  cmake -S . -B "$target/headers" -DCMAKE_INSTALL_PREFIX="$other" \
    -DCLOUDAUDIT_LUA_INCLUDE_DIR="$(pkg-config --variable=includedir lua5.3)/lua5.3" >"$target/headers.log" &&
    cmake --build "$target/headers" -j 2 >"$target/headers.log" || return
  LUA_PATH_5_3="$other/share/lua/5.3/?.lua;;" LUA_CPATH_5_3="$other/lib/lua/5.3/?.so;;" \
    cmake --install "$target/headers" >"$target/install.log" && shell_lines >"$target/lines" &&
    ! grep LUA_ "$target/lines"
}
ok "the folders of that Lua are asked for whose headers were given" lua_of_headers

# The folders of an installation can be entered by all, as its files can be read by all.
hardened_root() {
  (umask 077 && make_install DESTDIR="$target/masked" PREFIX=/usr) &&
    [ -z "$(find "$target/masked/usr" ! -perm -005 -type d)" ] && [ -z "$(find "$target/masked/usr" ! -perm -004)" ]
}
ok "umask 077 leaves the folders open" hardened_root

# The command finds its files wherever the folders are, in an environment that names none of them.
layout() { # FLAG...
  rm -rf "$target/layout"
  make_install PREFIX="$(readlink -f "$target")/layout/usr" CMAKE_FLAGS="-UCMAKE_INSTALL_* $*" &&
    command=$(find "$target/layout" -type f -name cloudaudit -perm -100) &&
    (cd / && env -i PATH="$PATH" "$command" --version) | grep -q '^cloudaudit .*Lua 5\.4'
}
layouts=$(readlink -f "$target")/layout
ok "the command in bin" layout
ok "the command, modules deeper" layout -DCMAKE_INSTALL_LIBDIR=lib/a/b
ok "the command, modules outside of the prefix" layout "-DCMAKE_INSTALL_LIBDIR=$layouts/opt/lib"
ok "the command in a deeper folder" layout -DCMAKE_INSTALL_BINDIR=libexec/audit
ok "the command outside of the prefix" layout "-DCMAKE_INSTALL_BINDIR=$layouts/opt/bin"
cmake -S . -B build/package '-UCMAKE_INSTALL_*' >/dev/null # the next run begins with the defaults

# ---- LuaRocks -----------------------------------------------------------------------------------

# Without a network: the source is this tree.
rock() {
  luarocks --lua-version 5.4 --tree "$target/rock" make >"$target/rock.log" 2>&1 || ! cat "$target/rock.log"
  rm -rf build.luarocks
  use_lua "$target/rock" "$target/rock/lib/lua/5.4" && ! grep -E '^export ' "$target/rock.log"
}

ok "luarocks make" rock
finish_tests
