#!/bin/sh
# examples/create_track.c built with installed files only: shared and static, blocking and stepping,
# against the emulator over HTTPS. Also the symbols and names of the shared libraries.
set -eu
cd "$(dirname "$0")/../.."
. spec/hosts/support.sh
prefix=$target/prefix

compile() { # NAME FLAGS... : $target/NAME
  name=$1
  shift
  # shellcheck disable=SC2046
  gcc -std=c11 -Wall -Wextra -Wpedantic -Werror examples/create_track.c -o "$target/$name" \
    $(PKG_CONFIG_PATH="$libdir/pkgconfig" pkg-config --cflags --libs cloudaudit-curl) "$@"
}

run() { # PROGRAM ARGUMENT...: sets said, its output, and status
  program=$target/$1
  shift
  status=0
  said=$(LD_LIBRARY_PATH="$libdir" "$program" "$@" 2>&1) || status=$?
}

uuid='[0-9a-f]\{8\}-[0-9a-f]\{4\}-[0-9a-f]\{4\}-[0-9a-f]\{4\}-[0-9a-f]\{12\}'

created() { # ID PROGRAM ARGUMENT...
  id=$1
  shift
  run "$@"
  echo "$said"
  [ "$status" -eq 0 ] && echo "$said" | grep -qx "TrackId    $id" &&
    echo "$said" | grep -qx "RequestId  $uuid"
}

returned_early() {
  [ "$(echo "$said" | sed -n 's/^frames  *//p')" -ge 2 ]
}

refused() { # START OF THE LINE, PROGRAM ARGUMENT...
  start=$1
  shift
  run "$@"
  echo "$said"
  [ "$status" -eq 1 ] && [ "$(echo "$said" | grep -c "$start")" -eq 1 ]
}

soname() {
  readelf -d "$libdir/$1.so" | grep -q "SONAME.*\[$1\.so\.[0-9]*\]"
}

needs() { # by its versioned name
  readelf -d "$1" | grep -q "NEEDED.*\[$2\.so\.[0-9]*\]"
}

exports_only_its_own() {
  [ -n "$(nm -D --defined-only "$1")" ] && ! nm -D --defined-only "$1" | grep -v ' caudit_'
}

reads_no_environment() {
  ! nm -D --undefined-only "$1" | grep getenv
}

headers_alone() {
  sh spec/c/headers_test.sh "$prefix/include" >"$target/headers.log" || ! cat "$target/headers.log"
}

install_build 5.4 "$prefix"
start_emulator --duplicate-names --quota 10

compile shared
compile leaks -fsanitize=address,undefined
for library in libcloudaudit libcloudaudit-curl; do
  ok "$library has a versioned soname" soname $library
  ok "$library is needed by that name" needs "$target/shared" $library
  ok "$library exports caudit_ names only" exports_only_its_own "$libdir/$library.so"
done
ok "the core reads no environment" reads_no_environment "$libdir/libcloudaudit.so"
ok "installed headers compile alone" headers_alone

ok "shared, blocking" created 1 shared
ok "shared, stepping" created 2 shared step
ok "stepping returns before the call has ended" returned_early
ok "no leak, blocking" created 3 leaks
ok "no leak, stepping" created 4 leaks step

rm "$libdir"/*.so*
compile static -lcurl -lcrypto
ok "static, blocking" created 5 static
ok "static, stepping" created 6 static step

for mode in block step; do
  export TENCENTCLOUD_SECRET_KEY=wrong
  ok "a wrong key, $mode" refused "^auth: .*(outcome rejected)$" static $mode
  eval "$exports"
  unset CLOUDAUDIT_CA_FILE
  ok "an unknown CA, $mode" refused "^tls: .*(outcome not_sent)$" static $mode
  eval "$exports"
done
kill "$emulator"
emulator=
for mode in block step; do
  ok "nothing listens, $mode" refused "^connect: .*(outcome not_sent)$" static $mode
done
finish_tests
