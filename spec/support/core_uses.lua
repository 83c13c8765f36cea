-- Uses of cloudaudit.core that cover all of it, for tests in which allocations fail or garbage is collected
-- meanwhile: each is a function of the module. Memory errors pass through.
local uses = {}

local KEY = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"

-- The error that f raises, without its position; memory errors pass through.
local function raises(pattern, f, ...)
  local ok, message = pcall(f, ...)
  message = tostring(message)
  if not ok and message:find("memory", 1, true) then error(message, 0) end
  assert(not ok and message:find(pattern), message)
end

local function fails(kind, value, fields)
  assert(value == nil and fields.kind == kind, fields and fields.message)
  assert(fields.outcome == "not_sent" and fields.message ~= "" and fields.attempts == 0)
  return fields
end

local function new(core, options)
  local client = assert(core.client(options or {}))
  assert(client:credentials("AKIDEXAMPLE", KEY, "token"))
  return client
end

local function track()
  return {
    Name = "all-writes", ActionType = "Write", ResourceType = "cam", Status = 1, EventNames = { "A", "B", "C" },
    Storage = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "logs", StoragePrefix = "audit" },
  }
end

function uses.client(core)
  local client = new(core, {
    endpoint = "http://127.0.0.1:7200", region = "ap-singapore", language = "en-US", request_client = "spec",
    timeout = 5, attempts = 2, rate = 5, max_skew = 60, insecure_http = false,
  })
  fails("credentials", client:credentials("id", "key with blanks"))
  fails("config", core.client{ endpoint = "http://example.com" })
  fails("config", core.client{ region = "" })
  fails("config", core.client{ timeout = 0 / 0 })
  raises("string expected", core.client, { region = 7 })
  raises("number expected", core.client, { timeout = "7" })
  raises("table expected", core.client, 7)
  local held = assert(core.credentials("id", KEY))
  assert(tostring(held) == "cloudaudit credentials")
  assert(client:credentials(held))
  fails("credentials", core.credentials("id", ""))
  assert(client:clock_offset() == 0)
  client:close()
  client:close()
  assert(client:clock_offset() == 0)
  fails("closed", client:call("InquireAuditCredit", {}, true))
  fails("closed", client:credentials("AKIDEXAMPLE", KEY))
end

function uses.prepare(core)
  local client = new(core)
  local request = assert(client:prepare("CreateAuditTrack", track(), 1672829101, true))
  assert(request.method == "POST" and request.timestamp == 1672829101)
  assert(request.headers.Authorization:find("Signature=%x+$") and request.headers["X-TC-Token"] == "token")
  local many = track()
  many.ResourceType, many.Filters = nil, { ResourceFields = {} }
  many.EventNames, many.ActionType = nil, nil
  for i = 1, 40 do
    many.Filters.ResourceFields[i] = { ResourceType = "cam" .. i, ActionType = "*", EventNames = { "*" } }
  end
  assert(client:prepare("CreateEventsAuditTrack", many, 1672829101, true))
  assert(client:prepare("SomeNewAction", '{"a":1}', 1672829101))
  assert(fails("misuse", client:prepare("CreateAuditTrack", { Nam = "x" }, 0)).code == "UnknownParameter")
  assert(fails("misuse", client:prepare("CreateAuditTrack", { Name = {} }, 0)).field == "Name")
  many.Filters.ResourceFields[40].EventNames[1] = 7
  assert(fails("misuse", client:prepare("CreateEventsAuditTrack", many, 0)).field ==
    "Filters.ResourceFields[40].EventNames[1]")
  fails("misuse", client:prepare("NoSuchAction", {}, 0))
  fails("misuse", client:prepare("No such action", "{}", 0))
  fails("config", client:prepare("SomeNewAction", "{}", -1))
  fails("validation", client:prepare("CreateAuditTrack", { Name = "\255\254\253" }, 0))
  local wrong = track()
  wrong.Name = "a b"
  fails("validation", client:prepare("CreateAuditTrack", wrong, 0, true))
  raises("number expected", client.prepare, client, "SomeNewAction", "{}", "x")
end

function uses.call(core)
  local client = new(core)
  local headers = { Date = "Wed, 04 Jan 2023 10:45:01 GMT", ["Content-Type"] = "application/json", age = 7, [1] = "x" }
  local call = assert(client:call("DeleteAuditTrack", { TrackId = "18446744073709551615" }, true))
  local step, request, seconds = call:next(10, 1672829101)
  assert(step == "send" and request.body == '{"TrackId":18446744073709551615}' and seconds == 10)
  call:received(200, headers, '{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"x"},"RequestId":"r"}}',
    11, 1672829102, 0.5)
  step, seconds = call:next(11, 1672829102)
  assert(step == "wait" and seconds == 0.5)
  assert(call:next(12, 1672829103) == "send")
  call:received(200, headers,
    '{"Response":{"Error":{"Code":"AuthFailure.TokenFailure","Message":"x"},"RequestId":"r"}}', 12, 1672829103)
  assert(call:next(12, 1672829103) == "refresh")
  assert(client:credentials("AKIDEXAMPLE", KEY, "newer"))
  step, request = call:next(12, 1672829103, true)
  assert(step == "send" and not request and call:request().headers["X-TC-Token"] == "newer")
  assert(select("#", call:body()) == 2 and call:body() == '{"TrackId":18446744073709551615}')
  local response, time = call:received(200, "HTTP/1.1 200 OK\r\nDate: Wed, 04 Jan 2023 10:45:01 GMT\r\nX: y\r\n",
    '{"Response":{"RequestId":"r","List":[1,null,"x"]}}', 13, 1672829104)
  raises("no request", call.request, call)
  assert(response.RequestId == "r" and time == 1672829101
    and response.List[2] == core.null and call:next(13, 1672829104) == "done")
  call:close()
  raises("closed", call.next, call, 0, 0)

  call = assert(client:call("SomeNewAction", "{}"))
  assert(call:next(20, 1672829110) == "send")
  call:failed("timeout", "no answer within the deadline", true, 30, 1672829120)
  local fields
  step, fields = call:next(30, 1672829120)
  assert(step == "failed" and fields.kind == "timeout" and fields.outcome == "unknown" and fields.elapsed == 10)
  client:close()
end

function uses.http1(core)
  local request = { method = "POST", url = "http://a.example/", headers = { ["X-A"] = "1" }, body = "{}" }
  local exchange, url, action, direct = core.http1(request, 1000, 4000)
  assert(url == request.url and action == "" and direct == false and not exchange:may_have_left())
  assert(exchange:sent(#exchange:output(10)) > 0 and exchange:sent(#exchange:output()) == 0 and not exchange:keep())
  assert(exchange:feed("HTTP/1.1 200 OK\r\nX: a\r\nx: b\r\nX: c\r\nContent-Length: 900\r\n\r\n") == false)
  assert(exchange:feed(("x"):rep(600)) == false)
  assert(exchange:feed(("y"):rep(200)) == false)
  local status, head, body = exchange:feed(("z"):rep(100))
  assert(status == 200 and #body == 900 and exchange:keep() and core.headers(head).x == "a, b, c")
  exchange:close()
  raises("bytes", exchange.output, exchange, -1)
  local _, message, kind, field = exchange:feed("x")
  assert(message == "the exchange has failed before" and kind == "protocol" and not field)
  exchange = core.http1(request, 10, nil, exchange)
  exchange:sent(#exchange:output())
  _, message, kind, field = exchange:feed("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n")
  assert(_ == nil and message and kind == "protocol" and field == "max_response")
  exchange = core.http1(request)
  exchange:sent(#exchange:output())
  assert(exchange:feed("HTTP/1.1 200 OK\r\n\r\nxy") == false)
  status, head, body = exchange:closed()
  assert(status == 200 and body == "xy" and head:find("^HTTP/1.1 200 OK") and not exchange:keep())
  _, message, kind = core.http1(request):closed()
  assert(message and kind == "transport")
  request.headers["X Y"] = "1"
  assert(fails("misuse", core.http1(request)).field == "headers.X Y")
  assert(core.http1_url("http://[::1]:8080/x").host == "::1")
  fails("config", core.http1_url("ftp://a"))
  local client = new(core)
  local call = assert(client:call("InquireAuditCredit", {}, true))
  raises("no request", core.http1, call)
  assert(call:next(0, 1672829101, true) == "send")
  exchange, url, action, direct = core.http1(call)
  assert(action == "InquireAuditCredit" and url:find("^https://") and direct == false)
  assert(exchange:output():find("\r\nX-TC-Action: InquireAuditCredit\r\n", 1, true))
  client:close()
end

function uses.parse(core)
  local response = assert(core.parse("InquireAuditCredit", 200, {}, '{"Response":{"AuditAmount":5,"RequestId":"r"}}'))
  assert(response.AuditAmount == 5)
  local _, fields = core.parse("DeleteAuditTrack", 200, { date = "x" },
    '{"Response":{"Error":{"Code":"ResourceNotFound.AuditNotExist","Message":"no \\u4e2d"},"RequestId":"r-1"}}')
  assert(fields.kind == "not_found" and fields.outcome == "rejected" and fields.request_id == "r-1")
  _, fields = core.parse("DeleteAuditTrack", 502, {}, "<html>")
  assert(fields.kind == "server" and fields.outcome == "unknown" and fields.http_status == 502)
  _, fields = core.parse("SomeNewAction", 200, { ["Content-Encoding"] = "gzip" }, response.RequestId)
  assert(fields.kind == "protocol")
  assert(not core.parse("SomeNewAction", 200, {}, '{"Response":7}'))
  assert(not core.parse("SomeNewAction", 200, {}))
end

function uses.sign(core)
  assert(core.sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  local input = {
    method = "POST", content_type = "application/json", host = "cloudaudit.tencentcloudapi.com", query = "",
    payload = "{}", service = "cloudaudit", timestamp = 1551113065, secret_id = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
    secret_key = KEY,
  }
  local stages = assert(core.sign(input))
  assert(stages.signature == "3c7398612a91cdb2fbdfb4cbd2187b3cc533deefae7d68687ef811a82ea1c716")
  assert(#stages.signing_key == 64 and stages.date == "2019-02-25")
  input.extra = { { "x-tc-action", "describeaudittracks" }, { "x-tc-region", "ap-guangzhou" } }
  input.unsigned_payload = true
  assert(core.sign(input).canonical_request:find("x%-tc%-action:describeaudittracks"))
  input.timestamp = -1
  fails("config", core.sign(input))
  input.extra = { { "x" } }
  raises("pairs of strings", core.sign, input)
  input.host = nil
  raises("host: string expected", core.sign, input)
end

function uses.json(core)
  local text = '{"list":[1,-2.5,"a\\u4e2d\\n",true,null,[],{}],"big":18446744073709551615,"o":{"o":{"o":{"k":"v"}}}}'
  local value = assert(core.decode(text))
  assert(value.list[3] == "a\228\184\173\n" and value.list[5] == core.null and value.o.o.o.k == "v")
  assert(getmetatable(value.list[6]) == core.list and tostring(value.big) == "18446744073709551615")
  assert(core.decode('"\255\\ud83d\1"') == "\255\239\191\189\1" and core.decode("[1e999]")[1] == "1e999")
  assert(core.line("a\255\n\27") == "a\\xff  " and core.line("a b") == "a b")
  for _, broken in ipairs{ "", "[1,", '{"a":1,}', "[1e]", ("["):rep(257), '"\\x"' } do
    local none, message = core.decode(broken)
    assert(none == nil and message:find("at byte %d+$"))
  end
  value.big = nil
  local copy = assert(core.decode(assert(core.encode(value))))
  assert(copy.list[2] == -2.5 and #copy.list == 7)
  assert(core.encode(setmetatable({}, core.list)) == "[]" and core.encode({}) == "{}")
  local long = {}
  for i = 1, 300 do long[i] = ("text %d"):format(i) end
  assert(#core.encode(long) > 2000)
  fails("misuse", core.encode{ 1, x = 2 })
  fails("misuse", core.encode{ print })
  fails("misuse", core.encode{ 0 / 0 })
  fails("misuse", core.encode("\255"))
  fails("misuse", core.encode{ ["\255"] = 1 })
  local least = core.decode("-9223372036854775808")
  assert(math.type and math.type(least) == "integer" or least == "-9223372036854775808")
  local deep = {}
  for _ = 1, 300 do deep = { deep } end
  fails("misuse", core.encode(deep))
  assert(core.encode(track(), "CreateAuditTrackRequest", true):find('"Name":"all%-writes"'))
  fails("misuse", core.encode({ Name = 7 }, "CreateAuditTrackRequest"))
  raises("unknown shape", core.encode, {}, "NoSuchShape")
end

function uses.events(core)
  local meta, names = { __name = "event" }, core.event_names()
  assert(names[1][1] == "id" and names[1][2] == "EventId")
  local text = '{"Response":{"Events":[{"EventId":7,"EventTime":"1769846400","Username":{"b":[1,null],"a":"\\n"},'
    .. '"Resources":[{"ResourceType":"t","ResourceName":2.5}],"Other":{},"CloudAuditEvent":"{\\"a\\":1}"},'
    .. '{"EventId":"x","EventTime":"2026-01-31 16:00:00","AccountID":5},null,[1]],"RequestId":"r"}}'
  local list = assert(core.decode_page(text, meta)).Response.Events
  assert(getmetatable(list[1]) == meta and list[1].id == "7" and list[2].time == 1769846400 and list[3].raw == "null")
  assert(list[1].user == '{"a":"\\u000a","b":[1,null]}' and list[1].resource_name == "2.5")
  assert(#core.decode_page('{"Response":{"Events":[]}}', meta).Response.Events == 0)
  assert(core.decode_page('{"Response":{"Events":[{"EventId":', meta) == nil)
  raises("table expected", core.decode_page, "{}", 7)
  raises("names of members", core.json_text, { [2] = 1, x = 2 })
  assert(core.json_text(core.null) == "null" and core.json_text(true) == "true")
end

function uses.rows(core)
  local event = { id = "e", time = 1769846400, account_id = 5, access_key_id = "AKIDx", user = "has canary-value-1",
    detail = {}, raw = '{"token":"canary-value-1","p":"{\\"Password\\":\\"a phrase of words\\"}","n":[1.5,"\\u007f"],'
      .. '"userIdentity":{"type":"root"}}' }
  for index = 1, 40 do
    event["m" .. index] = "member " .. index
  end
  local clean = core.redact(event, "all")
  assert(clean.user == "has [redacted]" and clean.access_key_id == "[redacted]" and clean.detail == nil)
  assert(clean.raw:find('"token":"[redacted]"', 1, true) and clean.m40 == event.m40)
  local row = core.row(event)
  assert(row.time_iso == "2026-01-31T08:00:00Z" and row.user_type == "root" and row.account_id == "5")
  assert(row.name == core.null and #core.row_names() == 24)
  assert(core.event_json(event, "secrets"):find('"p":{"Password":"[redacted]"}', 1, true))
  assert(core.event_json(event, nil, "raw"):find("canary", 1, true))
  raises("invalid option", core.redact, event, "some")
  raises("table expected", core.row, 5)
end

function uses.model(core)
  local actions, shapes = core.actions(), core.shapes()
  assert(actions.CreateAuditTrack.writes and shapes.Storage[1].name == "StorageType")
  assert(core.check("Storage", track().Storage, "owner", true))
  fails("misuse", core.check("Storage", {}, "owner", true))
  fails("misuse", core.check("Storage", { Compress = "1" }, "owner", false, true))
  assert(core.nearest("Storag", { "Name", "Storage" }) == "Storage" and core.nearest("x", {}) == nil)
  raises("list of strings", core.nearest, "x", { 1 })
  raises("unknown shape", core.check, "NoSuchShape", {}, "owner")
  assert(core.time() > core.monotonic() * 0 and core.version:find("^%d"))
end

return uses
