-- Public names against those recorded in spec/fixtures/public_names.txt. A name that is lost or new must stand here,
-- with the reason.
local public_names = require "support.public_names"

local function set(text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    lines[line:match("^%s*(.-)%s*$")] = true
  end
  lines[""] = nil
  return lines
end

-- response and envelope replace reply and answer; a macro of model.def ends with the file; nothing set max_response of
-- the core client, and nothing used the two members of the binding; errors and time hand out their public functions
-- only; httpd's functions about processes moved into a table of their own; read_file also returns what file_mode did.
-- The fields of types are those that the generator had taken from a table of another class.
local REMOVED = set[[
  libcloudaudit caudit_answer_read
  libcloudaudit caudit_answer_uint64
  libcloudaudit caudit_reply_error
  libcloudaudit caudit_reply_time
  header cloudaudit/model_undef.h
  libcloudaudit caudit_client_max_response
  binding cloudaudit.client:raw_call
  binding cloudaudit.curl.monotonic
  binding cloudaudit.core.file_mode
  member errors.failure
  member errors.misuse
  member errors.new
  member errors.of_call
  member errors.public
  member time.read
  binding cloudaudit.httpd.background
  binding cloudaudit.httpd.pid
  binding cloudaudit.httpd.release_output
  type Response.async
  type Response.exchange
  type Response.now
  type Response.sleep
  type Snapshot.get
  type Snapshot.name
  type TailQuery.cursor
  type TailQuery.since
  type TailQuery.until
]]

-- The counterparts of those, the one reader of a response's head, client.h, which call.h includes, the text of the time
-- that created_at holds as epoch seconds, the limit on responses, texts as printable lines, the class of async drivers,
-- loop.luv, for the reading of events the correction of the clock and a digest, the checks, and HTTP/1.1 for hosts with
-- sockets of their own.
local ADDED = set[[
  binding cloudaudit.call:begin
  binding cloudaudit.client:clock_offset
  binding cloudaudit.core.check_proxy
  binding cloudaudit.core.decode_page
  binding cloudaudit.core.event_json
  binding cloudaudit.core.event_names
  binding cloudaudit.core.headers
  binding cloudaudit.core.hmac
  binding cloudaudit.core.http1
  binding cloudaudit.core.http1_url
  binding cloudaudit.core.json_text
  binding cloudaudit.core.line
  binding cloudaudit.core.openssl_version
  binding cloudaudit.core.read_file
  binding cloudaudit.core.redact
  binding cloudaudit.core.row
  binding cloudaudit.core.row_names
  binding cloudaudit.core.sha256
  binding cloudaudit.curl.version
  binding cloudaudit.exchange:close
  binding cloudaudit.exchange:closed
  binding cloudaudit.exchange:feed
  binding cloudaudit.exchange:keep
  binding cloudaudit.exchange:may_have_left
  binding cloudaudit.exchange:output
  binding cloudaudit.exchange:sent
  binding cloudaudit.httpd.process
  binding cloudaudit.httpd.server:wake_by
  binding cloudaudit.httpd.server:woken
  emulate --account-id
  emulate --any-region
  emulate --app-id
  emulate --bucket
  emulate --compress
  emulate --cos-region
  emulate --edges
  emulate --events
  emulate --identity
  emulate --idle-timeout
  emulate --journal-limit
  emulate --learned
  emulate --max-body
  emulate --max-page-size
  emulate --no-record
  emulate --no-require-region
  emulate --no-validate
  emulate --page-tokens
  emulate --role-arn
  emulate --role-seconds
  emulate --scenario
  emulate --secret
  emulate --token
  emulate --topic
  header cloudaudit/client.h
  header cloudaudit/event.h
  header cloudaudit/http1.h
  header cloudaudit/redact.h
  libcloudaudit caudit_call_begin
  libcloudaudit caudit_client_clock_offset_ms
  libcloudaudit caudit_copy_line
  libcloudaudit caudit_envelope_read
  libcloudaudit caudit_envelope_uint64
  libcloudaudit caudit_event_member
  libcloudaudit caudit_event_names
  libcloudaudit caudit_event_row
  libcloudaudit caudit_event_time
  libcloudaudit caudit_event_json
  libcloudaudit caudit_head_next
  libcloudaudit caudit_http1_again
  libcloudaudit caudit_http1_begin
  libcloudaudit caudit_http1_clear
  libcloudaudit caudit_http1_closed
  libcloudaudit caudit_http1_free
  libcloudaudit caudit_http1_head
  libcloudaudit caudit_http1_may_have_left
  libcloudaudit caudit_http1_output
  libcloudaudit caudit_http1_read
  libcloudaudit caudit_http1_sent
  libcloudaudit caudit_http1_url_read
  libcloudaudit caudit_integer_text
  libcloudaudit caudit_is_secret_name
  libcloudaudit caudit_json_write_double
  libcloudaudit caudit_number_text
  libcloudaudit caudit_proxy_check
  libcloudaudit caudit_record_read
  libcloudaudit caudit_redact_found
  libcloudaudit caudit_redact_remember
  libcloudaudit caudit_redact_values
  libcloudaudit caudit_response_add_header
  libcloudaudit caudit_response_error
  libcloudaudit caudit_response_read_head
  libcloudaudit caudit_response_time
  libcloudaudit caudit_row_names
  libcloudaudit caudit_work_alloc
  libcloudaudit caudit_work_begin
  libcloudaudit caudit_work_free
  libcloudaudit caudit_work_new
  libcloudaudit caudit_work_status
  lua Async:warm
  lua Client:warm
  lua Event:json
  lua Event:row
  lua EventIterator:next
  lua Http1:close
  lua Http1:closed
  lua Http1:feed
  lua Http1:keep
  lua Http1:may_have_left
  lua Http1:output
  lua Http1:sent
  lua LuvLoop:close
  lua LuvLoop:update
  lua Watch:add
  lua cloudaudit.check
  lua cloudaudit.watch
  lua http1.exchange
  lua http1.url
  lua luv.attach
  make live
  make test-systems
  member cloudaudit.check
  member cloudaudit.http1
  member cloudaudit.watch
  method Async:warm
  method Client:warm
  method EmulatorServer:wake_by
  option ca_path
  option max_response
  pkg-config cloudaudit-LUA.pc
  type .http1
  type AsyncDriver.exchange
  type AsyncDriver.fds
  type AsyncDriver.step
  type CheckOptions.against
  type CheckOptions.baseline
  type CheckOptions.checks
  type CheckOptions.organization
  type CheckOptions.since
  type CheckOptions.skip
  type CheckOptions.until
  type CheckReport.blind
  type CheckReport.findings
  type CheckReport.ok
  type CheckReport.results
  type CheckReport.unknown
  type CheckResult.count
  type CheckResult.detail
  type CheckResult.err
  type CheckResult.evidence
  type CheckResult.fix
  type CheckResult.group
  type CheckResult.id
  type CheckResult.reads
  type CheckResult.result
  type CheckResult.severity
  type CheckResult.subject
  type CheckResult.time
  type CheckResult.worst
  type ConfigItem.expires_at
  type Driver.warms
  type EmulatorOptions.all_event_names
  type EmulatorOptions.any_region
  type EmulatorOptions.app_id
  type EmulatorOptions.attribute_keys
  type EmulatorOptions.clock_tolerance
  type EmulatorOptions.compress
  type EmulatorOptions.date_header
  type EmulatorOptions.error_status
  type EmulatorOptions.event_id
  type EmulatorOptions.fill_accounts
  type EmulatorOptions.get_lag
  type EmulatorOptions.keep_alive
  type EmulatorOptions.learned
  type EmulatorOptions.max_results
  type EmulatorOptions.modify_absent
  type EmulatorOptions.most_event_names
  type EmulatorOptions.null_body
  type EmulatorOptions.offline
  type EmulatorOptions.page_tokens
  type EmulatorOptions.record_without
  type EmulatorOptions.refusals
  type EmulatorOptions.retry_after
  type EmulatorOptions.signature_v1
  type EmulatorOptions.storage_update
  type EmulatorOptions.throttle_code
  type EmulatorOptions.token_seconds
  type EventRow.access_key_id
  type EventRow.account_id
  type EventRow.action
  type EventRow.error_code
  type EventRow.error_message
  type EventRow.id
  type EventRow.location
  type EventRow.mfa
  type EventRow.name
  type EventRow.principal_id
  type EventRow.product
  type EventRow.region
  type EventRow.request_id
  type EventRow.resource
  type EventRow.resource_region
  type EventRow.result
  type EventRow.sensitive
  type EventRow.source_ip
  type EventRow.time
  type EventRow.time_iso
  type EventRow.user
  type EventRow.user_agent
  type EventRow.user_type
  type EventRow.via
  type Fault.absent
  type Fault.headers
  type Fault.member
  type Fault.raw
  type Fault.value
  type Http1Limits.max_body
  type Http1Limits.max_head
  type Http1Url.authority
  type Http1Url.host
  type Http1Url.port
  type Http1Url.scheme
  type Http1Url.target
  type Options.ca_path
  type Options.max_response
  type ServeOptions.idle_timeout
  type Track.created_at_text
  type WatchOptions.checks
  type WatchOptions.skip
]]

describe("public names", function()
  it("are those that were recorded, but for the listed differences", function()
    local wrong = public_names.compare(public_names.recorded(), public_names.list(), REMOVED, ADDED)
    assert.equal("", table.concat(wrong, "\n"))
  end)

  it("of every family are found", function()
    local counts = {}
    for _, line in ipairs(public_names.list()) do
      local family = line:match("^member cloudaudit") or line:match("^%S+")
      counts[family] = (counts[family] or 0) + 1
    end
    local least = { member = 18, method = 70, option = 25, type = 300, lua = 130, kind = 22, action = 19, binding = 45,
      emulate = 20, libcloudaudit = 60, ["libcloudaudit-curl"] = 10, header = 9, ["pkg-config"] = 3, make = 14,
      command = 1 }
    for family, number in pairs(least) do
      assert.is_true((counts[family] or 0) >= number, family)
    end
    assert.equal(15, counts["member cloudaudit"])
  end)

  it("are compared both ways", function()
    local function compare(recorded, today, removed, added)
      return table.concat(public_names.compare(recorded, today, removed, added), "; ")
    end
    assert.equal("", compare({ "a", "b" }, { "b", "c" }, { a = true }, { c = true }))
    assert.equal("missing: a; not recorded: c", compare({ "a", "b" }, { "b", "c" }, {}, {}))
    assert.equal("listed as removed, but is not: b", compare({ "b" }, { "b" }, { b = true }, {}))
    assert.equal("listed as removed, but is not: x", compare({ "b" }, { "b" }, { x = true }, {}))
    assert.equal("listed as added, but is not: b", compare({ "b" }, { "b" }, {}, { b = true }))
  end)
end)
