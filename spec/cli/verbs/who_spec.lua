-- cloudaudit who as a process against a served emulator.
local audit_log = require "support.audit_log"
local command = require "support.command"
local emulator = require "support.emulator"

local NOW = os.time()

describe("cloudaudit who", function()
  local served, env, log

  local function run(given, options)
    local words = { "who", "--until", tostring(NOW - 60) }
    for _, word in ipairs(given) do
      words[#words + 1] = word
    end
    options = options or {}
    options.env = env
    return command.run(words, options)
  end

  -- Oldest first.
  local function expected(test)
    local ids = {}
    for id in audit_log.ids(log, test):gmatch("%S+") do
      table.insert(ids, 1, id)
    end
    return table.concat(ids, " ")
  end

  setup(function()
    served = emulator.start{}
    env = command.env(served)
    log = audit_log.fill(served, 130, NOW - 3600, 3000)
  end)

  teardown(function()
    served:stop()
  end)

  it("shows the writes to a resource, by name or id, oldest first", function()
    local result = run{ "res-3" }
    assert.equal(0, result.status)
    local function is_write(e)
      return e.ResourceName == "res-3" and e.ActionType == "Write"
    end
    assert.equal(expected(is_write), audit_log.members(result.out, "id"))
    assert.equal(expected(function(e) return e.ResourceName == "res-3" end),
      audit_log.members(run{ "res-3", "--all" }.out, "id"))
    assert.equal(expected(function(e) return e.ResourceId == "rid-2" and e.ActionType == "Read" end),
      audit_log.members(run{ "rid-2", "--read" }.out, "id"))
  end)

  it("shows what a key, a user, an address or a network did, reads too", function()
    local key = ("AKID%028d"):format(2)
    for subject, test in pairs{
      [key] = function(e) return e.SecretId == key end,
      ["@ann"] = function(e) return e.Username == "ann" end,
      ["100000000003"] = function(e) return e.PrincipalId == "100000000003" end,
      ["203.0.113.10"] = function(e) return e.SourceIPAddress == "203.0.113.10" end,
      ["203.0.113.0/24"] = function(e) return e.SourceIPAddress:find("^203%.0%.113%.") end,
      ["2001:db8::/32"] = function(e) return e.SourceIPAddress == "2001:db8::5" end,
      ["user:审计员"] = function(e) return e.Username == "审计员" end,
    } do
      local result = run{ subject }
      assert.equal(0, result.status, result.err)
      assert.equal(expected(test), audit_log.members(result.out, "id"), subject)
    end
  end)

  it("takes FILTER beside the subject", function()
    local result = run{ "@ann", "--denied", "--write", "--since", "2d" }
    assert.equal(expected(function(e)
      return e.Username == "ann" and audit_log.result(e) == "denied" and e.ActionType == "Write"
        and e.EventTime >= NOW - 2 * 86400
    end), audit_log.members(result.out, "id"))
  end)

  it("sums up before the rows, on standard error", function()
    local both = run({ "@ann", "--max", "9", "--utc" }, { after = "2>&1" }).out
    local first = command.lines(both)[1]
    assert.truthy(first:find("^user ann: 9 events, %d of them writes, from %d addresses?, 20%d%d%-%d%d%-%d%d %.%.%. "
      .. "20%d%d%-%d%d%-%d%d; last: %w+ by ann %(%a+%)$"), first)
    local writes = {}
    for _, event in ipairs(log) do
      if event.ResourceName == "res-3" and event.ActionType == "Write" then
        writes[#writes + 1] = event
      end
    end
    local users, addresses = {}, {}
    for _, event in ipairs(writes) do
      users[event.Username], addresses[event.SourceIPAddress] = true, true
    end
    local function count(set)
      local number = 0
      for _ in pairs(set) do
        number = number + 1
      end
      return number
    end
    local line = run{ "res-3", "--utc" }.err
    assert.truthy(line:find(("res-3: %d writes by %d users from %d addresses, "):format(#writes, count(users),
      count(addresses)), 1, true), line)
    assert.truthy(line:find(("last: %s by %s (%s)\n"):format(writes[1].EventName, writes[1].Username,
      audit_log.result(writes[1])), 1, true), line)
    assert.equal("", run{ "res-3", "-q" }.err)
  end)

  it("leaves out the column of the subject", function()
    local function title(...)
      return command.lines(run{ "-o", "table", "-q", ... }.out)[1]:gsub("%s+", " ")
    end
    assert.equal("TIME EVENT USER SOURCE RESULT", (title("res-3")))
    assert.equal("TIME EVENT SOURCE RESOURCE RESULT", (title("@ann")))
    assert.equal("TIME EVENT USER RESOURCE RESULT", (title("203.0.113.0/24")))
    assert.equal("TIME EVENT USER SOURCE RESOURCE RESULT", (title(("AKID%028d"):format(2))))
  end)

  it("succeeds when nothing is found, and says how it read the subject", function()
    local result = run{ "424242" }
    assert.same({ 0, "", "note: 424242 is read as the UIN of a user; resource:424242 means a resource\n" },
      { result.status, result.out, result.err })
  end)

  it("shows only rows after a failure, and exits by its kind", function()
    served:fault{ kind = "error", code = "UnauthorizedOperation", action = "DescribeEvents", after = 1,
      times = "always" }
    local result = run{ "203.0.113.0/24" }
    served:clear_faults()
    assert.equal(3, result.status)
    assert.is_nil(result.err:find("address 203", 1, true))
    assert.truthy(result.err:find("the rest was not read", 1, true))
  end)

  it("refuses a subject that is missing or given twice", function()
    for expected_text, words in pairs{
      ["missing argument"] = {}, ["--key: SUBJECT is the key already"] = { "AKIDx", "--key", "AKIDy" },
      ["--all: for a resource only"] = { "@ann", "--all" }, ["--ip: address or CIDR block"] = { "ip:10.0.0.0/99" },
    } do
      local result = run(words)
      assert.same({ 2, "" }, { result.status, result.out })
      assert.truthy(result.err:find(expected_text, 1, true), result.err)
    end
  end)
end)
