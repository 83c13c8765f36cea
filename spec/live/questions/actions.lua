-- Which actions the service still offers, at its own endpoint and at the international one.
local core = require "cloudaudit.core"

-- Parameters with which a legacy action has no effect: its tracking set does not exist.
local NOBODY = { AuditName = "cloudaudit-live-nowhere" }

local function recent(x)
  local now = math.floor(x.wire:time())
  return { StartTime = now - 3600, EndTime = now, MaxResults = 1 }
end

local READS = {
  { "LookUpEvents", recent }, { "DescribeAudit", NOBODY }, { "GetAttributeKey", {} }, { "InquireAuditCredit", {} },
  { "ListAudits", {} }, { "ListCmqEnableRegion", {} }, { "ListCosEnableRegion", {} },
  { "ListKeyAliasByRegion", { KmsRegion = "ap-guangzhou" } },
}
local WRITES = { { "StartLogging", NOBODY }, { "StopLogging", NOBODY }, { "UpdateAudit", NOBODY } }

local GONE = { "^InvalidAction", "^ActionOffline", "^UnsupportedOperation", "^NoSuchProduct" }

-- "offered", or the code that says otherwise.
local function state_of(answer)
  for _, pattern in ipairs(GONE) do
    if answer.code and answer.code:find(pattern) then
      return answer.code
    end
  end
  return "offered"
end

local function offered(probe)
  return function(x)
    local params = type(probe[2]) == "function" and probe[2](x) or probe[2]
    local answer = x.wire:read(probe[1], params)
    if answer.lost then
      return nil, "no answer came"
    elseif answer.code and answer.code:find("UnauthorizedOperation") then
      return nil, "the action was refused", answer.code
    end
    return state_of(answer), { { "code", "code", answer.code or "accepted", { "accepted" } } }
  end
end

local function all_names()
  local names = {}
  for name, action in pairs(core.actions()) do
    if action.service == "cloudaudit" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

-- Without any parameter: an action that is offered refuses what is missing, and nothing is done.
local function missing_abroad(x)
  if not x.international then
    return nil, "LIVE_INTL names no endpoint"
  end
  local missing, known = {}, core.actions()
  for _, name in ipairs(all_names()) do
    local answer = (x.ledger or not known[name].writes) and x.international:read(name, {}) or {}
    if answer.lost then
      return nil, "no answer came"
    elseif state_of(answer) ~= "offered" then
      missing[#missing + 1] = name
    end
  end
  return missing
end

local FIELDS = { "ExportId", "TrackForAllMembers" }
local STORAGE_FIELDS = { "Compress", "StorageAccountId", "StorageAppId" }

-- A create without a name is refused; one with a member that is not known is refused for that.
local function fields_abroad(x)
  if not x.international then
    return nil, "LIVE_INTL names no endpoint"
  end
  local missing = {}
  local function ask(name, params)
    local answer = x.international:read("CreateAuditTrack", params)
    if answer.code == "UnknownParameter" then
      missing[#missing + 1] = name
    end
    return not answer.lost
  end
  local answered = true
  for _, name in ipairs(FIELDS) do
    answered = ask(name, { [name] = name == "ExportId" and "0" or 0 }) and answered
  end
  for _, name in ipairs(STORAGE_FIELDS) do
    answered = ask(name, { Storage = { [name] = name == "Compress" and 1 or "1" } }) and answered
  end
  if not answered then
    return nil, "no answer came"
  end
  return missing
end

local rows = {
  { id = "international.fields", question = "Which members of CreateAuditTrack does the international endpoint lack?",
    why = "its model lacks four", actions = { "CreateAuditTrack" }, compares = "creates without a name",
    class = "list", words = { "Compress", "ExportId", "StorageAccountId", "StorageAppId", "TrackForAllMembers" },
    documented = {}, write = true, run = fields_abroad },
  { id = "international.missing", question = "Which actions does the international endpoint lack?",
    why = "its model lacks three", actions = all_names(), compares = "requests without parameters", class = "list",
    words = all_names(), documented = {}, run = missing_abroad },
}

for _, group in ipairs{ READS, WRITES } do
  for _, probe in ipairs(group) do
    rows[#rows + 1] = {
      id = "action." .. probe[1], question = "Is the legacy action " .. probe[1] .. " still offered?",
      why = "it is hidden from the current index", actions = { probe[1] }, compares = "the code of a harmless call",
      class = "code", words = { "offered" }, documented = "offered", write = group == WRITES, run = offered(probe),
    }
  end
end

return rows
