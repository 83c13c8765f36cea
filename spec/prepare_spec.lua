local prepare = require "cloudaudit.prepare"
local session = require "cloudaudit.session"
local wire = require "support.wire"

local function open(responses, options)
  local driver = wire.driver(responses)
  local all = { secret_id = wire.SECRET_ID, secret_key = wire.SECRET_KEY, env = false, driver = driver }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return session.new(all), driver
end

describe("prepare and parse", function()
  it("are a call without its HTTP exchange", function()
    local made, driver = open(nil, { clock = function() return 1551113065.9 end })
    local request = prepare.prepare(made, "DescribeAuditTracks", { PageNumber = 1, PageSize = 10 })
    assert.equal("DescribeAuditTracks", request.action)
    assert.equal("POST", request.method)
    assert.equal("https://cloudaudit.tencentcloudapi.com/", request.url)
    assert.equal("cloudaudit.tencentcloudapi.com", request.host)
    assert.equal('{"PageNumber":1,"PageSize":10}', request.body)
    assert.equal(1551113065, request.timestamp)
    assert.equal(0, #driver.requests)
    local response = prepare.parse(made, "DescribeAuditTracks", 200, { ["Content-Type"] = "application/json" },
      wire.success('"TotalCount":0,"Tracks":[]'))
    assert.equal(0, response.TotalCount)
  end)

  it("take the option timestamp and no other", function()
    local made = open()
    assert.equal(1551113065, prepare.prepare(made, "ListAudits", {}, { timestamp = 1551113065 }).timestamp)
    local _, message, err = prepare.prepare(made, "ListAudits", {}, { timestmp = 1 })
    assert.equal("prepare.timestmp: unknown option, did you mean timestamp?", message)
    assert.equal("misuse", err.kind)
    _, message = prepare.prepare(made, "ListAudits", {}, { timestamp = "now" })
    assert.equal("prepare.timestamp: unix seconds expected, got string", message)
    _, message = prepare.prepare(made, "ListAudits", {}, 1)
    assert.equal("prepare: table of options expected, got number", message)
  end)

  it("take a table or JSON text for an action that the model does not know", function()
    local made = open()
    assert.equal('{"A":1}', prepare.prepare(made, "DescribeExports", { A = 1 }).body)
    assert.equal('{"A": 1}', prepare.prepare(made, "DescribeExports", '{"A": 1}').body)
  end)

  it("refuse text for an action that the model knows", function()
    for _, text in ipairs{ "{}", '{"TrackId":1}', "" } do
      local request, message, err = prepare.prepare((open()), "DescribeAuditTrack", text)
      assert.is_nil(request)
      assert.equal("DescribeAuditTrack: table of parameters expected, got string", message)
      assert.equal("misuse", err.kind)
    end
    local _, message = prepare.prepare((open()), "DescribeExports", false)
    assert.equal("DescribeExports: table of parameters expected, got boolean", message)
    _, message = prepare.prepare((open()), nil, "{}")
    assert.equal("prepare: name of an action expected, got nil", message)
  end)

  it("validate parameters as a call does", function()
    local _, message, err = prepare.prepare((open()), "DescribeAuditTrack", {})
    assert.equal("DescribeAuditTrack.TrackId: missing", message)
    assert.equal("misuse", err.kind)
  end)

  it("skip the rules on values with validate = false, as a call does", function()
    local params = { PageNumber = 0, PageSize = 10 }
    local _, message = prepare.prepare((open()), "DescribeAuditTracks", params)
    assert.equal("DescribeAuditTracks.PageNumber: a number from 1 expected", message)
    assert.truthy(prepare.prepare((open(nil, { validate = false })), "DescribeAuditTracks", params))
  end)

  it("return an error of the service as nil, message, err", function()
    local response, message, err = prepare.parse((open()), "DeleteAuditTrack", 200, nil,
      wire.refusal("ResourceNotFound.AuditNotExist", "no such track"))
    assert.is_nil(response)
    assert.equal("DeleteAuditTrack: no such track (ResourceNotFound.AuditNotExist)", message)
    assert.equal("not_found", err.kind)
    assert.equal("rejected", err.outcome)
    assert.equal("r-1", err.request_id)
    assert.equal(200, err.http_status)
    assert.equal("DeleteAuditTrack", err.action)
  end)

  it("raise for a status, headers or a body of the wrong type", function()
    local made = open()
    local _, message = prepare.parse(made, "ListAudits", "200", {}, "")
    assert.equal("parse.status: number expected, got string", message)
    _, message = prepare.parse(made, "ListAudits", 200, "x", "")
    assert.equal("parse.headers: table expected, got string", message)
    _, message = prepare.parse(made, "ListAudits", 200, {}, nil)
    assert.equal("parse.body: string expected, got nil", message)
  end)
end)

describe("a response with a member Error", function()
  it("is never a success, whatever the Error looks like", function()
    local made = open()
    for _, text in ipairs{ "{}", '""', "[]", "false", "5", '{"Message":"m"}', '{"Code":""}', '{"Code":[5]}',
      '{"Code":null}' } do
      local body = '{"Response":{"TrackId":1,"Error":' .. text .. ',"RequestId":"r"}}'
      local response, _, err = prepare.parse(made, "CreateAuditTrack", 200, {}, body)
      assert.is_nil(response, text)
      assert.same({ "protocol", "unknown", false }, { err.kind, err.outcome, err.retryable }, text)
    end
    local body = '{"Response":{"Error":{"Code":5},"RequestId":7}}'
    local _, _, err = prepare.parse(made, "CreateAuditTrack", 200, {}, body)
    assert.same({ "server", "rejected", "5", "7" }, { err.kind, err.outcome, err.code, err.request_id })
    assert.truthy(prepare.parse(made, "CreateAuditTrack", 200, {}, '{"Response":{"Error":null,"RequestId":"r"}}'))
  end)
end)

describe("a prepared request", function()
  it("is signed with credentials that take requests themselves", function()
    local cloudaudit = require "cloudaudit"
    local emulator = cloudaudit.emulator.new{ role = "audit" }
    local client = emulator:client{ credentials = cloudaudit.credentials.cvm_role() }
    local request = assert(client:prepare("ListAudits", {}))
    assert.truthy(request.headers["X-TC-Token"])
    assert.equal(2, emulator:count("metadata"))
    assert.equal(2, #emulator:journal())
  end)
end)
