-- A generator of odd answers: each member of a well-formed response is replaced by each value of a table, and every
-- public method that reads the action gets the result. No run may raise anything but what an iterator documents, ask
-- without end, lose an item without an error, send a write twice, or take a refusal for something else.
local core = require "cloudaudit.core"
local mutate = require "cloudaudit.emulator.mutate"
local odd = require "support.odd_answers"
local served = require "support.emulator"

-- The paths of all members of a value. The second item of a list stands for all; a document inside a text is entered.
local function add_paths(out, path, value)
  if path ~= "" then
    out[#out + 1] = path
  end
  if type(value) == "string" and value:find("^{") then
    value = core.decode(value)
  end
  if type(value) ~= "table" then
    return
  elseif value[1] ~= nil then
    local index = value[2] ~= nil and 2 or 1
    add_paths(out, ("%s[%d]"):format(path, index), value[index])
    return
  end
  local names = {}
  for name in pairs(value) do
    if not name:find("[^%w_@-]") then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    add_paths(out, (path == "" and "" or path .. ".") .. name, value[name])
  end
end

-- The body of a genuine response to the action, as the method causes it.
local function genuine(action, method)
  local emulator = odd.emulator()
  local body
  local handle = emulator.handle
  function emulator.handle(self, request)
    local response = handle(self, request)
    if self:journal()[#self:journal()].action == action then
      body = body or response.body
    end
    return response
  end
  method[2](emulator:client())
  return assert(body, method[1] .. " does not call " .. action)
end

-- Which of three items must be given when a member of their list has a value.
local LISTS = { Events = true, Tracks = true }
local EMPTY = { absent = 0, null = 0, empty = 0, list = 0, list_of_null = 1, list_of_number = 1, list_of_objects = 1,
  nested = 1 }

local function at_least(path, name)
  if LISTS[path] then
    return EMPTY[name] or 3
  end
  return path:find("^%a+%[2%]$") and name == "absent" and 2 or 3
end

-- Whether the response says that there is nothing, or nothing of a name.
local function is_empty(path, name)
  return LISTS[path] and EMPTY[name] ~= nil
end

local USABLE_ID = { zero = true, beyond_double = true, digits = true }
local SWITCH = { zero = true, ["true"] = true, ["false"] = true, null = true, empty = true, absent = true }

-- What a member with a meaning of its own became.
local function check_meaning(action, path, name, method, result, _, err)
  if path == "TrackId" and not USABLE_ID[name] then
    if method[1] == "ensure_track" then
      return not result and "the created track was not adopted" or nil
    elseif result == nil and not (err.outcome == "unknown" and err.intent) then
      return "an unusable id, and no intent"
    end
  elseif action == "DescribeAuditTrack" and path == "Status" and method[1] == "get_track" and not SWITCH[name] then
    return result and result.enabled ~= nil and "read as enabled = " .. tostring(result.enabled) or nil
  end
end

local runs, wrong = 0, {}

-- `count(action)`: requests of this run.
local function record(label, what)
  runs = runs + 1
  if what then
    wrong[#wrong + 1] = label .. ": " .. what
  end
end

-- The requests with which odd.fill made the tracking sets.
local CREATED = { CreateAuditTrack = 2, CreateEventsAuditTrack = 1 }

local function in_process(case, fault)
  local emulator = odd.emulator()
  emulator:fault(fault)
  local result, message, err
  local method = { case.method[1], function(client)
    local a, b, c, d = case.method[2](client)
    result, message, err = a, b, c
    return a, b, c, d
  end, write = case.method.write, items = case.method.items,
    waits = case.method.waits }
  local what = odd.check({ method = method, at_least = case.at_least, refusal = case.refusal,
    nothing = case.nothing }, emulator:client(), function(action)
      return emulator:count(action) - (CREATED[action] or 0)
    end)
  if not what and case.meaning then
    what = case.meaning(result, message, err)
  end
  return what
end

local function fault_of(action, path, name, times)
  local raw = odd.VALUES[name]
  return { kind = "mutate", action = action, member = path, raw = raw or nil, absent = not raw or nil,
    times = times or "always" }
end

local function sorted_names(of)
  local names = {}
  for name in pairs(of) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

local VALUE_NAMES = sorted_names(odd.VALUES)

-- For members inside of items, most of which are copied without being read.
local FEW = { "absent", "null", "empty", "zero", "negative", "beyond_double", "true", "list", "object", "list_of_null",
  "text", "latin1", "surrogate", "nested" }
local READ_MEMBERS = { EventId = true, EventTime = true, TrackId = true, Name = true, Status = true, Resources = true }

local function values_of(path)
  return (not path:find(".", 1, true) or READ_MEMBERS[path:match("%.(%w+)$")]) and VALUE_NAMES or FEW
end

-- Calls each(method, path, name) for every method that reads an action, member and value. Of an event's members most
-- are copied without being read: there the first method stands for all.
local function each_case(action, each)
  for index, method in ipairs(odd.METHODS[action]) do
    local paths = { "Response" }
    add_paths(paths, "", core.decode(genuine(action, method)).Response)
    for _, path in ipairs(paths) do
      local is_copied = path:find(".", 1, true) and not READ_MEMBERS[path:match("%.(%w+)$")]
      if index == 1 or action ~= "DescribeEvents" or not is_copied then
        for _, name in ipairs(values_of(path)) do
          each(method, path, name)
        end
      end
    end
  end
end

-- The failures of a spec, at most ten of them.
local function assert_none_wrong()
  local shown = table.concat(wrong, "\n", 1, math.min(#wrong, 10))
  local count = #wrong
  wrong = {}
  assert.equal("", count == 0 and "" or ("%d runs are wrong:\n%s"):format(count, shown))
end

describe("an odd answer", function()
  for _, action in ipairs(sorted_names(odd.METHODS)) do
    it("to " .. action .. " has a defined result in every method that reads it", function()
      each_case(action, function(method, path, name)
        for _, times in ipairs(path:find(".", 1, true) and { "always" } or { "always", 1 }) do
          local label = ("%s, %s of %s = %s (%s)"):format(method[1], path, action, name, times)
          record(label, in_process({ method = method, at_least = at_least(path, name), nothing = is_empty(path, name),
            meaning = function(result, message, err)
              return check_meaning(action, path, name, method, result, message, err)
            end }, fault_of(action, path, name, times)))
        end
      end)
      assert_none_wrong()
    end)
  end

  it("with a member of 1 MiB has one too", function()
    odd.VALUES.long = odd.LONG
    for _, action in ipairs(sorted_names(odd.METHODS)) do
      local method = odd.METHODS[action][1]
      local paths = {}
      add_paths(paths, "", core.decode(genuine(action, method)).Response)
      for _, path in ipairs(paths) do
        if not path:find(".", 1, true) then
          record(("%s, %s of %s = 1 MiB"):format(method[1], path, action),
            in_process({ method = method, at_least = at_least(path, "long") }, fault_of(action, path, "long", 1)))
        end
      end
    end
    odd.VALUES.long = nil
    assert_none_wrong()
  end)
end)

describe("an odd refusal", function()
  -- A code that is a number is one as well.
  local REFUSAL_PATHS = { "RequestId", "Error.Message", "Error.Code", "Error.More", "Error", "TrackId", "Events" }
  local CODES = { digits = true, beyond_double = true, text = true, now = true }

  for _, code in ipairs{ "InvalidParameter", "LimitExceeded.OverAmount", "RequestLimitExceeded",
    "AuthFailure.SignatureExpire" } do
    it("with " .. code .. " stays a refusal", function()
      local body = ('{"Response":{"Error":{"Code":"%s","Message":"no"},"RequestId":"r-1"}}'):format(code)
      for _, action in ipairs(sorted_names(odd.METHODS)) do
        for _, method in ipairs(odd.METHODS[action]) do
          for _, path in ipairs(code == "InvalidParameter" and REFUSAL_PATHS or { "RequestId" }) do
            for _, name in ipairs(path == "RequestId" and VALUE_NAMES or FEW) do
              local change = odd.VALUES[name] or mutate.ABSENT
              local answer = mutate.apply(body, mutate.parse(path), change) or body
              local keeps_code = path ~= "Error" and path ~= "Error.Code" or path == "Error.Code" and CODES[name]
              -- A throttled write was not carried out, and may be sent again.
              local own = { method[1], method[2], items = method.items, waits = method.waits,
                write = code == "InvalidParameter" and method.write or nil }
              local case = { method = own, refusal = keeps_code, nothing = not keeps_code }
              record(("%s, %s of a refusal of %s = %s"):format(method[1], path, action, name), in_process(case,
                { kind = "response", action = action, body = answer, effect = false, times = "always" }))
            end
          end
        end
      end
      assert_none_wrong()
    end)
  end
end)

describe("an odd answer over HTTP", function()
  it("has the result that it has in process", function()
    local NOW = odd.NOW
    local server = served.start{ "--now", tostring(NOW), "--rate", "0", "--quota", "9", "--no-record" }
    local options = { clock = function() return NOW end, timeout = 5 }
    local turn = 0
    for _, action in ipairs(sorted_names(odd.METHODS)) do
      each_case(action, function(method, path, name)
        turn = turn + 1
        if turn % 97 ~= 0 then
          return
        end
        server:admin("reset", {})
        odd.fill(server:client(options), function(event) server:admin("events", event) end)
        local before = server:admin("state").counts
        local raw = odd.VALUES[name]
        server:fault{ kind = "mutate", action = action, member = path, times = 2, absent = not raw or nil,
          raw_hex = raw and raw:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end) or nil }
        local client = server:client(options)
        local after
        record(("HTTP: %s, %s of %s = %s"):format(method[1], path, action, name),
          odd.check({ method = method, at_least = at_least(path, name), nothing = is_empty(path, name) }, client,
            function(counted)
              after = after or server:admin("state").counts
              local earlier = before[counted] and before[counted].requests or 0
              return (after[counted] and after[counted].requests or 0) - earlier
            end))
        client:close()
      end)
    end
    server:stop()
    assert_none_wrong()
    print(("\nmeasured: %d odd answers read"):format(runs))
  end)
end)
