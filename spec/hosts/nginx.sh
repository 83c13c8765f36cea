#!/bin/sh
# cloudaudit inside nginx, over cosockets: specs of the client and of the driver, the latency of a worker meanwhile,
# faults, workers that share a rate limit, reload and exit. Needs the builds of luajit and 5.4.
# usage: spec/hosts/nginx.sh [PART...]   parts: specs free faults rate exit examples
set -eu
cd "$(dirname "$0")/../.."
. spec/hosts/support.sh
. spec/hosts/nginx/support.sh

# ---- specs ---------------------------------------------------------------------------------

# Unchanged specs with prepared responses, which here go over the network.
client_specs="client tracks/init tracks/calls integration/end_to_end binding/values session call tracks/ensure
integration/ensure_lost tracks/reconcile events/tail events/checkpoint"
more_specs="hints prepare json options config integration/readings events/init events/pages events/query events/sorted
events/stream events/slices events/cursor events/where integration/lookup_events events/event events/redact
integration/one_refresh credentials/assume_role credentials/sts"

over() { # SCHEME SPEC...
  scheme=$1
  shift
  busted "scheme=$scheme" "files=$(printf 'spec/%s_spec.lua,' "$@")"
}

visit() { # OPTION FILE: a request over TLS that saves or offers a session
  printf 'GET /ping HTTP/1.0\r\n\r\n' | openssl s_client -quiet -unix "$target/secure" -servername localhost -tls1_2 \
    -CAfile "$target/trusted.pem" -verify_return_error "$@" 2>/dev/null | grep -q '^pong'
}

# Phases with cosockets make calls; the others fail with an explanation.
phases() {
  ask phases >/dev/null
  visit -sess_out "$target/session" && visit -sess_in "$target/session" || return
  ask seen >"$target/seen"
  for phase in server_rewrite rewrite access content timer thread ssl_cert; do
    grep -q "^$phase ok true" "$target/seen" || return
  done
  for phase in init init_worker set header_filter body_filter log balancer ssl_client_hello ssl_session_fetch; do
    grep -q "^$phase context: not_sent; nginx cannot make calls in its phase \"$phase\"; .*ngx.timer.at" "$target/seen" ||
      return
  done
}

part_specs() {
  start_nginx 1
  # shellcheck disable=SC2086
  ok "the client's specs over HTTP" over http $client_specs $more_specs
  # shellcheck disable=SC2086
  ok "the client's specs over HTTPS" over https $client_specs
  ok "phases" phases
  stop_nginx QUIT
  start_nginx 1
  ok "the driver's specs" busted "files=$rig/driver.lua,$rig/answers.lua,$rig/threads.lua"
  stop_nginx TERM # with QUIT nginx's resolver would keep querying the silent name server
}

# ---- a worker during calls -------------------------------------------------------------------

meanwhile() { # ENDPOINT LABEL
  fault "$1" '{"kind": "delay", "seconds": 0.5, "action": "ListAudits", "times": 50}' &&
    spec/with 5.4 lua $rig/latency.lua "http://127.0.0.1:$SPEC_HTTP" 50 "$1" "$2"
}

# A worker that has made calls, over TLS too, has loaded neither libcurl nor a module of ours that needs libssl.
maps() {
  worker=$(ask pid)
  grep -q 'cloudaudit/core\.so' "/proc/$worker/maps" || return
  if grep -E 'cloudaudit/(curl|httpd)\.so|libcurl' "/proc/$worker/maps"; then return 1; fi
  if ldd build/luajit/lua/cloudaudit/core.so | grep -E 'libssl|libcurl'; then return 1; fi
}

part_free() {
  start_plain_emulator
  start_nginx 1
  ok "a worker with 50 calls in flight" meanwhile "$plain_endpoint" ""
  ok "a worker with 50 calls in flight over TLS" meanwhile "$SPEC_ENDPOINT" " over TLS"
  ok "a worker loads neither libcurl nor libssl for us" maps
  stop_nginx QUIT
}

# ---- faulty connections --------------------------------------------------------------------------

part_faults() {
  start_nginx 1
  for name in scripts killpoints; do
    ok "$name" busted "files=spec/faults/${name}_faults.lua"
  done
  stop_nginx QUIT
}

# ---- two workers -------------------------------------------------------------------------------

shared_rate() {
  before=$(arrived)
  [ "$before" -eq 0 ] && [ "$(ask rated n=40)" = "ok 80" ] &&
    spec/with 5.4 lua $rig/rate.lua "$CLOUDAUDIT_ENDPOINT" "$target/trusted.pem" ListAudits 80 20
}

part_rate() {
  forget_requests
  start_nginx 2
  forget_requests
  ok "two workers share a rate" shared_rate
  stop_nginx QUIT
}

# ---- reload and exit ---------------------------------------------------------------------------

# The log has no secret, and no line above the level of a notice.
clean_log() {
  if grep -qF "$SPEC_SECRET_KEY" "$target/error.log"; then return 1; fi
  if grep -E '\[(warn|error|crit|alert|emerg)\]' "$target/error.log"; then return 1; fi
}

slow_calls() { # COUNT [ACTION]: delays the responses of the next COUNT calls
  forget_requests
  fault "$CLOUDAUDIT_ENDPOINT" "{\"kind\": \"delay\", \"seconds\": 0.5, \"action\": \"${2:-ListAudits}\", \"times\": $1}"
}

# Calls in flight at a reload succeed, and so do those of the next worker.
reload() {
  slow_calls 20 || return
  old=$(ask pid)
  ask calls n=20 >"$target/slow" &
  calls=$!
  until_arrived 20 || return
  kill -HUP "$nginx_pid"
  wait "$calls"
  [ "$(cat "$target/slow")" = "ok 20" ] || return
  until [ "$(ask pid)" != "$old" ]; do :; done
  [ "$(ask calls n=5)" = "ok 5" ] && clean_log
}

# So do those of timers and requests at a graceful exit.
quit() {
  slow_calls 20 || return
  ask timers n=10
  ask calls n=10 >"$target/slow" &
  calls=$!
  until_arrived 20 || return
  stop_nginx QUIT
  wait "$calls"
  [ "$(cat "$target/slow")" = "ok 10" ] && [ "$(grep -c 'timer call: ok' "$target/error.log")" = 10 ] && clean_log
}

# A fast exit logs no error.
terminate() {
  slow_calls 10 || return
  ask timers n=10
  until_arrived 10 || return
  stop_nginx TERM
  clean_log
}

part_exit() {
  start_nginx 1
  ok "reload with calls in flight" reload
  ok "exit with calls in flight" quit
  start_nginx 1
  ok "exit at once with calls in flight" terminate
}

# ---- examples ----------------------------------------------------------------------------------

# Runs a site as written, except for port, authority and folders, and waits for a line in PAGE.
site() { # PAGE LINE <CONFIGURATION
  stop_left_nginx
  port=$(free_ports 1)
  sed -e "s|127.0.0.1:8080|127.0.0.1:$port|" -e "s|/etc/ssl/certs/ca-certificates.crt|$target/trusted.pem|" \
    -e "s|stderr notice|$target/error.log notice|" -e "s|^events|$(user_line) &|" \
    -e "s|^http {|& $(folders)|" >"$target/nginx.conf"
  rm -f "$target/error.log"
  CLOUDAUDIT_ENDPOINT=$SPEC_ENDPOINT spec/with luajit nginx -p "$target/" -c nginx.conf 2>"$target/nginx.out" &
  nginx_job=$!
  nginx_pid=$nginx_job
  timeout 20 sh -c "until curl -s --max-time 5 'http://127.0.0.1:$port$1' | grep '$2'; do :; done"
}

# A change of the audit trail appears on the page, the checks tell what is wrong, and the timer warns of the key of root.
example() {
  cp examples/nginx/audit.lua examples/nginx/alarms.lua "$target"
  site /events 'CreateAuditTrack localhost' <examples/nginx/nginx.conf &&
    curl -s --max-time 20 "http://127.0.0.1:$port/checks" | grep '^fail info trail.legacy: an old-style set logs' &&
    timeout 20 sh -c "until grep -q 'warn.*audit: .*CreateAuditTrack' '$target/error.log'; do :; done" &&
    stop_nginx QUIT && ! grep -E '\[(error|crit|alert|emerg)\]' "$target/error.log"
}

around() { # the parts of a configuration outside of http
  modules
  printf 'daemon off;\npid nginx.pid;\nerror_log stderr notice;\nevents {}\n'
}

# The one of doc/nginx.md.
manual() {
  {
    around
    sed -n '/^```nginx/,/^```$/p' doc/nginx.md | grep -v '^```'
  } >"$target/readme.conf"
  site /tracks '^1 audit$' <"$target/readme.conf" && stop_nginx QUIT
}

# A configuration without authorities: the hint names the directive.
untrusting() {
  {
    around
    echo 'http {
      init_by_lua_block { audit = assert(require("cloudaudit").new{}) }
      server {
        listen 127.0.0.1:8080;
        location = /hint {
          content_by_lua_block {
            local _, _, err = audit:ListAudits()
            ngx.say(err.kind, " ", err.outcome, ": ", err.hint)
          }
        }
      }
    }'
  } >"$target/untrusting.conf"
  site /hint '^tls not_sent: .*lua_ssl_trusted_certificate' <"$target/untrusting.conf" && stop_nginx QUIT
}

# An exit during a call of the timer: the call succeeds, and starts no further one.
example_exit() {
  slow_calls 1 DescribeEvents &&
    site /none '404 Not Found' <examples/nginx/nginx.conf && until_arrived 1 &&
    stop_nginx QUIT && ! grep -E '\[(error|crit|alert|emerg)\].*lua' "$target/error.log"
}

part_examples() {
  CLOUDAUDIT_ENDPOINT=$SPEC_ENDPOINT spec/with luajit lua examples/create_track.lua >"$target/created"
  ok "the example" example
  ok "the one in doc/nginx.md" manual
  ok "a configuration without authorities" untrusting
  ok "exit during a call of the example" example_exit
}

prepare
[ $# -gt 0 ] || set -- specs free faults rate exit examples
for part in "$@"; do "part_$part"; done
finish_tests
