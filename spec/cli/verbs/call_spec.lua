-- Numbers in parentheses are those of the tests in the command's specification.
local command = require "support.command"
local emulator = require "support.emulator"
local actions = require "cloudaudit.actions"
local core = require "cloudaudit.core"
local folder = require "support.folder"

local NOW = os.time()

local STORAGE = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit", StoragePrefix = "abc" }

-- Parameters of each action; of the legacy ones that need a tracking set of the old kind, which there is not, the
-- service answers that it does not exist.
local PARAMS = {
  CreateAuditTrack = { Name = "one", ActionType = "*", ResourceType = "*", EventNames = { "*" }, Status = 1,
    Storage = STORAGE },
  CreateEventsAuditTrack = { Name = "several", Status = 1, Storage = STORAGE, Filters = { ResourceFields = {
    { ResourceType = "cam", ActionType = "Write", EventNames = { "*" } } } } },
  DescribeAuditTrack = { TrackId = 1 }, DescribeAuditTracks = { PageNumber = 1, PageSize = 5 },
  ModifyAuditTrack = { TrackId = 1, Status = 0 }, ModifyEventsAuditTrack = { TrackId = 3, Status = 0 },
  DeleteAuditTrack = { TrackId = 1 }, DescribeEvents = { StartTime = NOW - 3600, EndTime = NOW, MaxResults = 2 },
  LookUpEvents = { StartTime = NOW - 3600, EndTime = NOW, MaxResults = 2 },
  DescribeAudit = { AuditName = "old" }, StartLogging = { AuditName = "old" }, StopLogging = { AuditName = "old" },
  UpdateAudit = { AuditName = "old" }, InquireAuditCredit = {}, ListAudits = {},
  GetAttributeKey = { WebsiteType = "zh" }, ListCmqEnableRegion = { WebsiteType = "zh" },
  ListCosEnableRegion = { WebsiteType = "zh" }, ListKeyAliasByRegion = { KmsRegion = "ap-guangzhou" },
}

-- First those that make the tracking sets that others need: each is called twice, so that 1 and 2 are of one kind, 3
-- and 4 of the other.
local ORDER = { "CreateAuditTrack", "CreateEventsAuditTrack", "DescribeAuditTrack", "DescribeAuditTracks",
  "ModifyAuditTrack", "ModifyEventsAuditTrack", "DeleteAuditTrack" }

describe("cloudaudit call", function()
  local served, env

  local function run(words, options)
    options = options or {}
    options.env = env
    return command.run(words, options)
  end

  setup(function()
    served = emulator.start{ "--rate", "0", "--tls", "--duplicate-names" }
    env = command.env(served)
  end)

  teardown(function()
    served:stop()
  end)

  it("lists the actions", function()
    local result = run{ "call", "--list", "-o", "table" }
    local lines = command.lines(result.out)
    assert.equal("ACTION KIND SUMMARY", (lines[1]:gsub("%s+", " ")))
    assert.equal(#actions.names + 1, #lines)
    assert.truthy(result.out:find("\nStartLogging +write, legacy +%u"))
    result = run{ "call", "ListAudits", "--list" }
    assert.equal(2, result.status)
    assert.truthy(result.err:find('--list: it shows all actions, and calls none: omit it or "ListAudits"', 1, true),
      result.err)
  end)

  -- The code of the error in a text that curl printed; nil for a success.
  local function code_of(text)
    local envelope = assert(core.decode(text), text)
    return envelope.Response.Error and envelope.Response.Error.Code
  end

  it("calls every action, and the emulator accepts each as a curl command (35)", function()
    local rest = {}
    for _, name in ipairs(actions.names) do
      rest[#rest + 1] = name
    end
    table.sort(rest, function(a, b)
      local function place(name)
        for index, known in ipairs(ORDER) do
          if known == name then
            return index
          end
        end
        return 100
      end
      return place(a) < place(b) or place(a) == place(b) and a < b
    end)
    assert.equal(19, #rest)
    for _, name in ipairs(rest) do
      assert(PARAMS[name], name)
      local text = core.encode(PARAMS[name])
      text = next(PARAMS[name]) and text or "{}"
      local curl = run{ "call", name, text, "--dry-run=curl", "--no-redact", "-q" }
      assert.same({ 0, "" }, { curl.status, curl.err })
      local before = #served:journal(name)
      local answer = command.shell(curl.out, { env = { LD_PRELOAD = "" } })
      assert.equal(0, answer.status, answer.err)
      local journal = served:journal(name)
      assert.equal(before + 1, #journal)
      assert.is_true(journal[#journal].signed)
      local code = code_of(answer.out)
      assert.is_nil(code and code:match("^AuthFailure.*"), code)
      if name ~= "DeleteAuditTrack" then
        local result = run{ "call", name, text }
        assert.equal(code and 1 or 0, result.status, result.err)
        if code then
          assert.truthy(result.err:find(code, 1, true), result.err)
        else
          assert.truthy(core.decode(result.out).RequestId)
        end
      end
    end
  end)

  it("masks signature and token in a dry run, and says how long a signature holds", function()
    local before = #served:journal()
    local result = run{ "call", "ListAudits", "--dry-run" }
    assert.equal("[redacted]", core.decode(result.out).headers.Authorization)
    result = run{ "call", "ListAudits", "--dry-run=curl" }
    assert.truthy(result.out:find("'Authorization: [redacted]'", 1, true))
    assert.truthy(result.err:find("five minutes", 1, true))
    local ca_file = env.CLOUDAUDIT_CA_FILE
    env.CLOUDAUDIT_CA_FILE, env.CLOUDAUDIT_CA_PATH = "/own.pem", "/etc/own authorities"
    result = run{ "call", "ListAudits", "--dry-run=curl" }
    assert.truthy(result.out:find(" --cacert '/own.pem' --capath '/etc/own authorities' ", 1, true), result.out)
    env.CLOUDAUDIT_CA_FILE, env.CLOUDAUDIT_CA_PATH = ca_file, nil
    env.TENCENTCLOUD_TOKEN = "canary-token"
    for _, words in ipairs{ { "--dry-run" }, { "--dry-run=curl" } } do
      result = run{ "call", "ListAudits", words[1] }
      assert.is_nil((result.out .. result.err):find("canary", 1, true))
    end
    env.TENCENTCLOUD_TOKEN = ""
    assert.equal(before, #served:journal())
  end)

  it("reads parameters from a file and standard input, and prints exact digits", function()
    local place = folder.new()
    local path = place.write("params.json", '{"PageNumber":1,"PageSize":5}')
    for _, case in ipairs{ { { "call", "DescribeAuditTracks", "@" .. path } },
      { { "call", "DescribeAuditTracks", "-" }, "<'" .. path .. "'" } } do
      local result = run(case[1], { after = case[2] })
      assert.equal(0, result.status, result.err)
      assert.truthy(result.out:find('"TotalCount":%d+[,}]'), result.out)
    end
    place.remove()
    served:fault{ kind = "status", status = 200, action = "ListAudits", content_type = "application/json",
      body = '{"Response":{"RequestId":"r","Big":9007199254740993,"AuditLists":[]}}' }
    -- A Lua without integers keeps the digits as text.
    assert.truthy(run{ "call", "ListAudits" }.out:find('"Big":"?9007199254740993'))
  end)

  it("names line and column of JSON that is wrong, and sends nothing", function()
    local before = #served:journal()
    for text, expected in pairs{ ['{"a":1,\n "b":x}'] = "JSON:2:6: invalid JSON: ",
      ["[1]"] = "JSON: a JSON object expected, got a list",
      ["5"] = "JSON: a JSON object expected, got number", ["@/no/file"] = "@FILE: /no/file: No such file" } do
      local result = run{ "call", "ListAudits", text }
      assert.same({ 2, "" }, { result.status, result.out })
      assert.truthy(result.err:find("cloudaudit: " .. expected, 1, true), result.err)
    end
    for words, expected in pairs{ ["- </"] = "standard input: Is a directory", ["- <&-"] = "standard input:1:1: ",
      ["@/"] = "@FILE: Is a directory", ["- </dev/zero"] = "standard input: longer than 16777216 bytes",
      ["@/dev/zero"] = "@FILE: longer than 16777216 bytes" } do
      local word, after = words:match("^(%S+) ?(.*)$")
      local result = run({ "call", "ListAudits", word }, { after = after })
      assert.same({ 2, "" }, { result.status, result.out })
      assert.truthy(result.err:find("cloudaudit: " .. expected, 1, true), result.err)
    end
    local result = run{ "call", "DescribeAuditTracks", '{"PageNumbr":1}' }
    assert.same({ 2, true }, { result.status, result.err:find("did you mean PageNumber", 1, true) ~= nil })
    assert.equal(2, run{ "call" }.status)
    assert.equal(before, #served:journal())
  end)

  it("sends an unknown action as it is, with a note; it may be a write (35)", function()
    local result = run{ "call", "DescribeAuditTrakcs", "{}" }
    assert.equal(2, result.status)
    assert.truthy(result.err:find("note: DescribeAuditTrakcs is not in the model and is sent as it is, did you mean "
      .. "DescribeAuditTracks?", 1, true), result.err)
    for name, expected in pairs{ UnknownAction = 7, StopLogging = 7, ListAudits = 6 } do
      served:fault{ kind = "cut_before", action = name ~= "UnknownAction" and name or nil, times = "always" }
      result = run{ "call", name, name == "StopLogging" and '{"AuditName":"a"}' or "{}", "--call-timeout", "2" }
      assert.equal(expected, result.status, result.err)
      assert.equal(expected == 7, result.err:find("; it may have been done\n", 1, true) ~= nil, result.err)
      served:clear_faults()
    end
  end)
end)
