#!/bin/sh
# Every documented command, exactly as it is written: the text is taken from the blocks of README.md, CONTRIBUTING.md and
# doc/, and from the first comment of each example, and run. Needs the builds of 5.4, 5.3 and LuaJIT.
# What differs is the environment alone: `sudo` and a staging folder instead of the system's, time limits, and for
# programs that never end their own ways to end.
set -eu
cd "$(dirname "$0")/../.."
. spec/hosts/support.sh
root=$PWD
unset DESTDIR PREFIX LUA BUILD PKG_CONFIG_PATH LD_LIBRARY_PATH
mkdir "$target/bin" "$target/stage"
export CLOUDAUDIT_STEP_LOG="$target/step.log"

# ---- the commands -------------------------------------------------------------------------------

# The lines of the shell blocks, without what follows "  #".
blocks() { # FILE...
  awk '/^```sh/ { inside = 1; next } /^```/ { inside = 0 } inside' "$@" | sed 's/ *  *#.*//' | grep -v '^ *$'
}

# The command that begins with TEXT in the first comment of FILE, its continuation lines joined.
from_comment() { # FILE TEXT
  sed -e 's,^ *\(/\*\|\*\|--\|#\) *,,' -e 's, *\*/$,,' "$1" | awk -v text="$2" '
    joining { line = line " " $0 }
    !joining && (at = index($0, text)) { line = substr($0, at); joining = 1 }
    joining { if (sub(/\\$/, "", line)) next; print line; exit }'
}

# Fails unless the command is documented: nothing is tested here that nobody reads.
documented_in() { # FILE COMMAND
  grep -qF -- "$2" "$1" || { echo "$1 does not say: $2"; return 1; }
}

# ---- README.md and CONTRIBUTING.md --------------------------------------------------------------

# Stands for sudo, and stages what would be installed into the system.
printf '#!/bin/sh\nDESTDIR="%s/stage" exec "$@"\n' "$target" >"$target/bin/sudo"
# A rock goes into a tree of the test; the network is not used.
cat >"$target/luarocks.lua" <<END
rocks_trees = { { name = "test", root = "$target/rock" } }
END
chmod +x "$target/bin/sudo"

has_step() { # STEP: of spec/run
  grep -q "^step_${1%%:*}() {" spec/run
}

# Run in `make test` as steps of their own, or longer than a test may be: their parts are checked.
is_step() { # COMMAND
  case $1 in
  'make test') grep -q '@spec/run$' Makefile ;;
  'make soak SECONDS=600') make -n soak SECONDS=600 | grep -q 'spec/run build:5.4 soak:600' ;;
  'spec/run '*'&&'* | *'luajit busted'*) return 1 ;;
  'spec/run '*) for step in ${1#spec/run }; do has_step "$step" || return; done ;;
  *) return 1 ;;
  esac
}

run_block_line() { # COMMAND
  case $1 in
  export\ *) eval "$1" ;; # only that the shell takes it
  *) (
    PATH=$target/bin:$PATH LUAROCKS_CONFIG=$target/luarocks.lua
    export PATH LUAROCKS_CONFIG
    eval "timeout 300 env $1" # env: the command must exist as it is
  ) ;;
  esac
}

block_line() { # COMMAND
  is_step "$1" || run_block_line "$1" >"$target/log" 2>&1 || ! cat "$target/log"
}

# README's first screen is a session: its lines are run together, and Ctrl-C ends the last.
first_screen() {
  (
    PATH=$root/bin:$PATH
    export PATH
    set -e
    . "$target/first"
    timeout -s INT 3 cloudaudit tail || [ $? -eq 124 ]
    kill "$CLOUDAUDIT_EMULATOR_PID"
  ) >"$target/log" 2>&1 && grep -q 'calls from .* by \|events' "$target/log" || ! cat "$target/log"
}

blocks README.md CONTRIBUTING.md >"$target/all"
grep '^eval "\$(cloudaudit emulate\|^cloudaudit who ' "$target/all" >"$target/first"
ok "README's first screen is there" grep -qx 'cloudaudit tail' "$target/all"
grep -vxF -f "$target/first" "$target/all" | grep -vx 'cloudaudit tail' >"$target/commands"
ok "README's first screen" first_screen
while IFS= read -r command <&3; do
  ok "$command" block_line "$command"
done 3<"$target/commands"
ok "there are such commands" [ "$(wc -l <"$target/commands")" -gt 15 ]
rm -rf build.luarocks

# ---- doc/: a session with the emulator ----------------------------------------------------------

session() {
  blocks doc/emulator.md >"$target/session"
  [ "$(wc -l <"$target/session")" -eq 3 ] && (
    # As after an installation.
    PATH=$root/bin:$PATH LUA_PATH="$root/lua/?.lua;$root/lua/?/init.lua;;" LUA_CPATH="$root/build/5.4/lua/?.so;;"
    export PATH LUA_PATH LUA_CPATH
    set -e
    . "$target/session"
  ) >"$target/log" 2>&1 || ! cat "$target/log"
}

ok "doc/emulator.md: a session" session
for file in doc/*.md; do
  blocks "$file" >"$target/chapter" || continue
  ok "$file: a shell takes its blocks" sh -n "$target/chapter"
done

# ---- the examples -------------------------------------------------------------------------------

# From the clone, then with the installed files alone.
from_clone() { # FILE PROGRAM
  command=$(from_comment "$1" "cc -Icsrc/include")
  echo "$command" && rm -f "build/$2" && eval "$command" && [ -x "build/$2" ]
}

installed() { # FILE
  command=$(from_comment "$1" "cc $(basename "$1")")
  echo "$command" && (
    cd "$(dirname "$1")" && cp "$(basename "$1")" "$target/" && cd "$target" && rm -f a.out && eval "$command" && [ -x a.out ]
  )
}

start_emulator --duplicate-names --quota 10
install_build 5.4 "$target/prefix"
PKG_CONFIG_PATH=$libdir/pkgconfig
LD_LIBRARY_PATH=$libdir
export PKG_CONFIG_PATH LD_LIBRARY_PATH

says_track() { # COMMAND...
  "$@" >"$target/log" 2>&1 && grep -q '^TrackId *[0-9]' "$target/log" || ! cat "$target/log"
}

ok "create_track.c, from a clone" from_clone examples/create_track.c create_track
for mode in '' ' step'; do
  ok "create_track.c: it says how to run it" documented_in examples/create_track.c "bin/try build/create_track [step]"
  # shellcheck disable=SC2086
  ok "bin/try build/create_track$mode" says_track bin/try build/create_track $mode
done
ok "create_track.c, installed" installed examples/create_track.c
ok "create_track.c, installed, runs" says_track "$target/a.out"
ok "host.c, from a clone" from_clone examples/host/host.c host
ok "host.c: it says how to run it" documented_in examples/host/host.c "build/host examples/host/script.lua"
ok "build/host examples/host/script.lua" says_track build/host examples/host/script.lua
ok "host.c, installed" installed examples/host/host.c
ok "host.c, installed, runs" says_track "$target/a.out" examples/host/script.lua

says() { # PATTERN COMMAND: its output, within ten seconds
  pattern=$1
  echo "$2"
  timeout -k 2 10 sh -c "$2" >"$target/log" 2>&1 </dev/null || true
  grep -Eq "$pattern" "$target/log" || ! cat "$target/log"
}

love=$(from_comment examples/love/main.lua "LUA=luajit bin/try")
ok "$love" says 'track|event' "env -u DISPLAY $love --headless" # as conf.lua says, without a window
editor=$(from_comment examples/neovim/recent_events.lua "LUA=luajit bin/try")
ok "$editor" says CloudAudit "$(echo "$editor" | sed "s/nvim /nvim --headless /") -c 'command CloudAudit' -c qa!"
proxy=$(from_comment examples/haproxy/haproxy.cfg "PORT=8080 LUA=")
haproxy_lua=$(haproxy -vv | sed -n 's/^Built with Lua version : Lua \(5\.[0-9]\).*/\1/p')
serves_pages() {
  command=$(echo "$proxy" | sed "s/LUA=5\.[0-9]/LUA=$haproxy_lua/; s/8080/$1/")
  timeout -k 2 10 sh -c "$command" >"$target/log" 2>&1 &
  server=$!
  page=
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
    curl -sf -o "$target/page" "http://127.0.0.1:$1/" && page=served && break
    sleep 0.25
  done
  kill $server
  wait $server || true
  [ -n "$page" ] || ! cat "$target/log"
}
port=$(spec/with 5.4 lua -e 'print(require("support.free_ports")(1)[1])')
ok "$proxy" serves_pages "$port"
finish_tests
