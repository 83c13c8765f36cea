#!/bin/sh
# cloudaudit inside nginx, over cosockets: the client's specs and the driver's own, what a worker does meanwhile,
# connections that break at every byte, pools, phases, reload. Needs the builds of luajit and 5.4.
set -eu
cd "$(dirname "$0")/../.."
. spec/hosts/support.sh
rig=spec/hosts/nginx
dns_pid=
plain=
nginx_pid=

finish_all() {
  if [ -n "$nginx_pid" ]; then kill "$nginx_pid" 2>/dev/null || true; fi
  if [ -n "$plain" ]; then kill "$plain"; fi
  if [ -n "$dns_pid" ]; then kill "$dns_pid"; fi
  clean_up
}
trap finish_all EXIT

start_dns() {
  mkfifo "$target/dns"
  node $rig/dns.js >"$target/dns" 2>"$target/dns.log" &
  dns_pid=$!
  read -r dns <"$target/dns"
}

free_ports() { # COUNT: so many ports that nobody listens on
  spec/with 5.4 lua -e "local all = {}
    for i = 1, $1 do all[i] = assert(require('cloudaudit.httpd').new{ port = 0 }) end
    for i, each in ipairs(all) do print(each:port()) end"
}

modules() { # the load_module lines of a Debian or of nothing, when they are compiled in
  for name in ndk_http_module ngx_http_lua_module; do
    if [ -f "/usr/lib/nginx/modules/$name.so" ]; then echo "load_module /usr/lib/nginx/modules/$name.so;"; fi
  done
}

# Starts nginx with so many workers; returns when it listens.
start_nginx() { # WORKERS
  set -- "$1" $(free_ports 2)
  user=
  if [ "$(id -u)" = 0 ]; then user="user root;"; fi
  SPEC_HTTP=$2 SPEC_HTTPS=$3 SPEC_DIR=$target
  export SPEC_HTTP SPEC_HTTPS SPEC_DIR
  sed -e "s|@MODULES@|$(modules | tr '\n' ' ')|" -e "s|@USER@|$user|" -e "s|@WORKERS@|$1|" -e "s|@DIR@|$target|" \
    -e "s|@HTTP@|$2|" -e "s|@HTTPS@|$3|" -e "s|@DNS@|$dns|" -e "s|@CA@|$target/trusted.pem|" \
    $rig/site.conf >"$target/site.conf"
  rm -f "$target/error.log"
  spec/with luajit nginx -p "$target" -c "$target/site.conf"
  ask seen >/dev/null
  nginx_pid=$(cat "$target/pid")
}

ask() { # ACTION [ARGUMENT=VALUE...]
  action=$1
  shift
  curl -sS --max-time 300 --unix-socket "$target/control" "http://nginx/$action?$(echo "$@" | tr ' ' '&')"
}

# The emulator over HTTPS by a name, since nginx compares names alone.
emulator_for_nginx() {
  start_emulator --rate 0 "$@"
  cat "$CLOUDAUDIT_CA_FILE" "$target/spec-ca.pem" >"$target/trusted.pem"
  SPEC_ENDPOINT=$(echo "$CLOUDAUDIT_ENDPOINT" | sed 's/127.0.0.1/localhost/')
  SPEC_SECRET_ID=$TENCENTCLOUD_SECRET_ID SPEC_SECRET_KEY=$TENCENTCLOUD_SECRET_KEY
  export SPEC_ENDPOINT SPEC_SECRET_ID SPEC_SECRET_KEY
  unset CLOUDAUDIT_ENDPOINT CLOUDAUDIT_CA_FILE TENCENTCLOUD_SECRET_ID TENCENTCLOUD_SECRET_KEY
}

# One over HTTP beside it.
start_plain_emulator() {
  said=$(spec/with 5.4 lua bin/cloudaudit emulate --rate 0 --background --print-env 2>"$target/plain.log")
  plain=$(echo "$said" | sed -n "s/.*EMULATOR_PID='*\([0-9]*\).*/\1/p")
  plain_endpoint=$(echo "$said" | sed -n "s/.*ENDPOINT='\(.*\)'/\1/p")
}

spec/with luajit lua $rig/certificates.lua "$target"
start_dns
emulator_for_nginx

# Specs that know their answers: the client's, unchanged.
client_specs="client tracks tracks_list end_to_end values session exchange hints events/reading events/tail events/legacy events/event events/cursor"

over() { # SCHEME
  files=$(for name in $client_specs; do printf 'spec/%s_spec.lua,' "$name"; done)
  ask busted "scheme=$1" "files=$files" | tee "$target/said"
  ! grep -q FAILED "$target/said"
}


# Orders a fault of the emulator; FAULT is in JSON.
fault() { # ENDPOINT FAULT
  curl -sS --cacert "$target/trusted.pem" -H 'Content-Type: application/json' -d "$2" "$1/_emulator/faults"
}

# What else a worker does while 50 calls of half a second each are in flight.
meanwhile() { # ENDPOINT LABEL
  fault "$1" '{"kind": "delay", "seconds": 0.5, "action": "ListAudits", "times": 50}' >/dev/null
  spec/with 5.4 lua $rig/meanwhile.lua "http://127.0.0.1:$SPEC_HTTP" 50 "$1" "$2"
}

start_nginx 1
ask busted files=$rig/threads.lua
ask phases
ask seen
cat $target/error.log | grep -v notice
