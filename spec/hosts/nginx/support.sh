# For nginx.sh: starts nginx with its emulators and name server in a temporary folder, and sends it requests.
rig=spec/hosts/nginx
dns_pid=
plain=
nginx_job=
nginx_pid=

clean_up_nginx() {
  if [ -n "$nginx_pid" ]; then kill "$nginx_pid"; fi
  if [ -n "$plain" ]; then kill "$plain"; fi
  if [ -n "$dns_pid" ]; then kill "$dns_pid"; fi
  clean_up
}
trap clean_up_nginx EXIT

start_dns() {
  mkfifo "$target/dns"
  node $rig/dns.js >"$target/dns" 2>"$target/dns.log" &
  dns_pid=$!
  read -r dns <"$target/dns"
}

# The emulator over HTTPS; nginx uses it by name, since it verifies names only, not addresses.
start_tls_emulator() {
  start_emulator --rate 0 --quota 100
  cat "$CLOUDAUDIT_CA_FILE" "$target/spec-ca.pem" >"$target/trusted.pem"
  SPEC_ENDPOINT=$(echo "$CLOUDAUDIT_ENDPOINT" | sed 's/127\.0\.0\.1/localhost/')
  SPEC_SECRET_ID=$TENCENTCLOUD_SECRET_ID SPEC_SECRET_KEY=$TENCENTCLOUD_SECRET_KEY SPEC_DIR=$target
  export SPEC_ENDPOINT SPEC_SECRET_ID SPEC_SECRET_KEY SPEC_DIR
}

# A second one over HTTP.
start_plain_emulator() {
  said=$(spec/with 5.4 lua bin/cloudaudit emulate --rate 0 --background --print-env 2>"$target/plain.log")
  plain=$(echo "$said" | sed -n "s/.*EMULATOR_PID='*\([0-9]*\).*/\1/p")
  plain_endpoint=$(echo "$said" | sed -n "s/.*ENDPOINT='\(.*\)'/\1/p")
}

prepare() {
  spec/with luajit lua $rig/certificates.lua "$target"
  start_dns
  start_tls_emulator
}

# Injects a fault, given in JSON, into an emulator.
fault() { # ENDPOINT FAULT
  curl -sS --fail --cacert "$target/trusted.pem" -H 'Content-Type: application/json' -d "$2" "$1/_emulator/faults" \
    >/dev/null
}

forget_requests() {
  curl -sS --fail --cacert "$target/trusted.pem" -H 'Content-Type: application/json' -d '{}' \
    "$CLOUDAUDIT_ENDPOINT/_emulator/reset" >/dev/null
}

arrived() { # the number of requests that the emulator has received
  curl -sS --fail --cacert "$target/trusted.pem" "$CLOUDAUDIT_ENDPOINT/_emulator/journal" | grep -o '"number":' | wc -l
}

until_arrived() { # COUNT
  for _ in $(seq 500); do
    if [ "$(arrived)" -ge "$1" ]; then return; fi
  done
  echo "only $(arrived) of $1 requests arrived"
  return 1
}

free_ports() { # COUNT
  spec/with 5.4 lua -e "print(table.concat(require('support.free_ports')($1), ' '))"
}

modules() { # dynamic modules of Debian's nginx; elsewhere they are compiled in
  for name in ndk_http_module ngx_http_lua_module; do
    if [ -f "/usr/lib/nginx/modules/$name.so" ]; then echo "load_module /usr/lib/nginx/modules/$name.so;"; fi
  done
}

user_line() { # lets workers read the files of the master
  if [ "$(id -u)" = 0 ]; then echo "user root;"; fi
}

folders() { # for temporary files of nginx
  for name in client_body proxy fastcgi uwsgi scgi; do printf '%s_temp_path %s/%s; ' $name "$target" $name; done
}

run_nginx() {
  spec/with luajit nginx -p "$target" -c "$target/site.conf" >"$target/nginx.out" 2>&1 ||
    echo "nginx has failed" >"$target/ready"
}

stop_left_nginx() { # stops an nginx left running by a failed test
  if [ -n "$nginx_pid" ]; then stop_nginx TERM; fi
}

# Starts nginx and returns when it listens.
start_nginx() { # WORKERS
  stop_left_nginx
  # shellcheck disable=SC2046
  set -- "$1" $(free_ports 2)
  SPEC_HTTP=$2 SPEC_HTTPS=$3
  export SPEC_HTTP SPEC_HTTPS
  sed -e "s|@MODULES@|$(modules | tr '\n' ' ')|" -e "s|@USER@|$(user_line)|" -e "s|@WORKERS@|$1|" -e "s|@DIR@|$target|" \
    -e "s|@FOLDERS@|$(folders)|" -e "s|@HTTP@|$2|" -e "s|@HTTPS@|$3|" -e "s|@DNS@|$dns|" -e "s|@CA@|$target/trusted.pem|" \
    $rig/site.conf >"$target/site.conf"
  rm -f "$target/error.log" "$target/ready"
  mkfifo "$target/ready"
  run_nginx &
  nginx_job=$!
  read -r said <"$target/ready"
  rm "$target/ready"
  if [ "$said" != ready ]; then
    cat "$target/nginx.out" "$target/error.log"
    return 1
  fi
  nginx_pid=$(cat "$target/pid")
}

stop_nginx() { # SIGNAL; returns when it has exited
  kill "-$1" "$nginx_pid"
  nginx_pid=
  wait "$nginx_job"
}

ask() { # ACTION [ARGUMENT=VALUE...]
  path=$1
  shift
  curl -sS --max-time 120 --unix-socket "$target/control" "http://nginx/$path?$(echo "$@" | tr ' ' '&')"
}

asks() { # the same, and fails when the output reports a failure
  ask "$@" >"$target/said" || return
  cat "$target/said"
  ! grep -q FAILED "$target/said"
}

# Runs specs inside nginx; prints the counts that spec/run reads.
busted() { # ARGUMENT=VALUE...
  asks busted "$@"
}
