-- The code of each documented rule, and of the rules that the official examples break: one row a rule of the emulator's
-- refusals.lua. Each sends one request that breaks only this rule; "accepted" means that the service does not apply it.
local refusals = require "cloudaudit.emulator.refusals"

local DAY = 86400
local NOWHERE = "999999999999" -- an id that no tracking set has

local function events(changes)
  return function(x)
    local now = math.floor(x.wire:time())
    local params = { StartTime = now - 3600, EndTime = now, MaxResults = 1 }
    for name, value in pairs(changes(now)) do
      params[name] = value
    end
    return params
  end
end

local KEY = { LookupAttributes = { { AttributeKey = "CloudauditLive", AttributeValue = "x" } } }

-- Rule, action, parameters (a table, JSON text, or a function of the experiment), options of the request.
local READS = {
  { "region.missing", "DescribeAuditTracks", { PageNumber = 1, PageSize = 1 },
    { headers = { ["X-TC-Region"] = false } } },
  { "region.unknown", "DescribeAuditTracks", { PageNumber = 1, PageSize = 1 },
    { headers = { ["X-TC-Region"] = "ap-nowhere" } } },
  { "action.unknown", "CloudauditLiveProbe", {} },
  { "version.unknown", "DescribeAuditTracks", { PageNumber = 1, PageSize = 1 },
    { headers = { ["X-TC-Version"] = "2018-01-01" } } },
  { "clock.skew", "DescribeAuditTracks", { PageNumber = 1, PageSize = 1 }, { skew = -7200 } },
  { "token.wrong", "DescribeAuditTracks", { PageNumber = 1, PageSize = 1 },
    { headers = { ["X-TC-Token"] = "wrong" } } },
  { "authorization.missing", "DescribeAuditTracks", { PageNumber = 1, PageSize = 1 },
    { headers = { Authorization = false } } },
  { "body.syntax", "DescribeAuditTracks", "[1]" },
  { "track.missing", "DescribeAuditTrack", '{"TrackId":' .. NOWHERE .. "}" },
  { "parameter.missing", "DescribeAuditTracks", { PageSize = 1 } },
  { "parameter.unknown", "DescribeAuditTracks", { PageNumber = 1, PageSize = 1, CloudauditLive = 1 } },
  { "parameter.type", "DescribeAuditTracks", '{"PageNumber":"1","PageSize":1}' },
  { "value.PageNumber", "DescribeAuditTracks", { PageNumber = 0, PageSize = 1 } },
  { "value.MaxResults", "DescribeEvents", events(function() return { MaxResults = 51 } end) },
  { "events.order", "DescribeEvents", events(function(now) return { StartTime = now, EndTime = now - 60 } end) },
  { "events.too_old", "DescribeEvents",
    events(function(now) return { StartTime = now - 100 * DAY, EndTime = now - 99 * DAY } end) },
  { "events.too_long", "DescribeEvents", events(function(now) return { StartTime = now - 31 * DAY } end) },
  { "events.attribute_key", "DescribeEvents", events(function() return KEY end) },
  { "lookup.order", "LookUpEvents", events(function(now) return { StartTime = now, EndTime = now - 60 } end) },
  { "lookup.too_long", "LookUpEvents", events(function(now) return { StartTime = now - 8 * DAY } end) },
  { "lookup.mode", "LookUpEvents", events(function() return { Mode = "slow" } end) },
  { "lookup.attribute_key", "LookUpEvents", events(function() return KEY end) },
}

local LONG = ("x"):rep(60)

-- Rule; changes of the members of a create and of its storage, the ending of its name, "cos" if only that kind of
-- storage has the rule, and the action if it is another.
local WRITES = {
  { "value.Name", {}, {}, "-\229\174\161\232\174\161" },
  { "value.Name.length", {}, {}, LONG },
  { "value.Status", { Status = 2 } },
  { "value.ActionType", { ActionType = "read" } },
  { "value.EventNames", { EventNames = { "CreateUser" } } },
  { "value.StorageName", {}, { StorageName = "audit_test" }, nil, "cos" },
  { "value.StoragePrefix", {}, { StoragePrefix = "audit_config" }, nil, "cos" },
  { "value.StoragePrefix.length", {}, { StoragePrefix = LONG }, nil, "cos" },
  { "value.Compress", {}, { Compress = 3 } },
  { "track.storage_type", {}, { StorageType = "disk" } },
}

local function outcome_of(answer)
  if answer.lost then
    return nil, "no answer came"
  end
  local evidence = { { "HTTP status", "number", answer.status } }
  if answer.message then
    evidence[2] = { "text", "message", answer.message }
  end
  return answer.code or "accepted", evidence
end

local function read(probe)
  return function(x)
    local params = type(probe[3]) == "function" and probe[3](x) or probe[3]
    local answer = x.wire:read(probe[2], params, probe[4])
    return outcome_of(answer)
  end
end

-- A set that is created in spite of the broken rule is deleted at once.
local function created(x, params, action)
  local answer, id = x.ledger:create(params, action)
  if id then
    x.ledger:delete(id)
  end
  if answer.code and answer.code:find("UnauthorizedOperation") then
    return nil, "the create was refused", answer.code
  elseif answer.found then
    return nil, "the answer of the create was lost"
  end
  return outcome_of(answer)
end

local function write(probe)
  return function(x)
    if probe[5] and x.storage.StorageType ~= probe[5] then
      return nil, "the rule belongs to storage of type cos"
    end
    local changes = { Name = x.ledger:name(probe[4]) }
    for name, value in pairs(probe[2]) do
      changes[name] = value
    end
    return created(x, x.ledger:params(changes, probe[3]))
  end
end

-- Asks for something with a set of one product that exists.
local function with_track(ask)
  return function(x)
    return x.ledger:with(x.ledger:params(), function(id, name)
      return ask(x, id, name)
    end)
  end
end

local SPECIAL = {
  { "track.rename", "ModifyAuditTrack", with_track(function(x, id, name)
    return outcome_of(x.wire:write("ModifyAuditTrack", ('{"TrackId":%s,"Name":"%s-renamed"}'):format(id, name)))
  end) },
  { "track.wrong_kind", "ModifyEventsAuditTrack", with_track(function(x, id)
    return outcome_of(x.wire:write("ModifyEventsAuditTrack", ('{"TrackId":%s,"Status":0}'):format(id)))
  end) },
  { "track.name_taken", "CreateAuditTrack", with_track(function(x, _, name)
    local answer, reason, code = created(x, x.ledger:params{ Name = name })
    if answer == "accepted" then
      return nil, "names are not unique"
    end
    return answer, reason, code
  end) },
  { "track.no_filters", "CreateEventsAuditTrack", function(x)
    return created(x, { Name = x.ledger:name(), Status = 0, Storage = x.storage,
      Filters = { ResourceFields = setmetatable({}, require("cloudaudit.core").list) } }, "CreateEventsAuditTrack")
  end },
}

local rows = {}

local function add(rule, action, run, is_write)
  rows[#rows + 1] = {
    id = "refusal." .. rule, question = "Which code has a request that breaks the rule " .. rule .. "?",
    why = "errors are classified, and advice is given, by their codes", actions = { action },
    compares = "the code of the refusal, or that there is none", class = "code", words = { "accepted" },
    documented = refusals.RULES[rule][1], write = is_write, run = run,
  }
end

for _, probe in ipairs(READS) do
  add(probe[1], probe[2], read(probe))
end
for _, probe in ipairs(WRITES) do
  add(probe[1], "CreateAuditTrack", write(probe), true)
end
for _, probe in ipairs(SPECIAL) do
  add(probe[1], probe[2], probe[3], true)
end

return rows
