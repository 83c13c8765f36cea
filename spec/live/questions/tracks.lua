-- Tracking sets: names, delays, what the service fills in, what a modification keeps. All rows write, but the size of a
-- page.
local core = require "cloudaudit.core"
local ledgers = require "live.ledger"

local STEP = 0.2

-- Seconds until `holds()` is true, rounded; nil when it never is within the patience of the run.
local function seconds_until(x, holds)
  local began = x.wire:now()
  while not holds() do
    if x.wire:now() - began > x.patience then
      return nil
    end
    x.wire:sleep(STEP)
  end
  return math.floor(x.wire:now() - began + 0.5)
end

local function listed(x, id)
  for _, item in ipairs(x.ledger:list{ [x.ledger.prefix] = true } or {}) do
    if item.id == id then
      return true
    end
  end
  return false
end

local function get(x, id)
  return x.wire:read("DescribeAuditTrack", ledgers.encode_id(id))
end

local function modify(x, id, members)
  members.TrackId = id
  local text = core.encode(members):gsub('"TrackId":"(%d+)"', '"TrackId":%1')
  return x.wire:write("ModifyAuditTrack", text)
end

-- The longest of the delays of a creation, a change and a deletion, as `shows(x, id, what)` tells.
local function delays(shows)
  return function(x)
    local answer, id = x.ledger:create(x.ledger:params())
    if not id then
      return nil, "the create was not answered with an id", answer.code
    end
    local created = seconds_until(x, function() return shows(x, id, "created") end)
    local changed, gone
    if created and not modify(x, id, { ActionType = "Write" }).code then
      changed = seconds_until(x, function() return shows(x, id, "changed") end)
    end
    if x.ledger:delete(id) then
      gone = seconds_until(x, function() return shows(x, id, "deleted") end)
    end
    if not (created and changed and gone) then
      return nil, "not all changes were shown within the time"
    end
    return math.max(created, changed, gone),
      { { "created", "number", created }, { "changed", "number", changed }, { "deleted", "number", gone } }
  end
end

local function item_of(x, id)
  for page = 1, 100 do
    local answer = x.wire:read("DescribeAuditTracks", { PageNumber = page, PageSize = 10 })
    local items = answer.members and answer.members.Tracks
    local place, at = nil, 0
    for found in (answer.body or ""):gmatch('"TrackId"%s*:%s*"?(%d+)') do
      at = at + 1
      place = found == id and at or place
    end
    if place or type(items) ~= "table" or #items == 0 then
      return place and items[place]
    end
  end
end

local function list_shows(x, id, what)
  if what == "changed" then
    local item = item_of(x, id)
    return item ~= nil and item.ActionType == "Write"
  end
  return listed(x, id) == (what == "created")
end

local function get_shows(x, id, what)
  local answer = get(x, id)
  if what == "deleted" then
    return answer.code ~= nil
  end
  return not answer.code and not answer.lost and (what == "created" or answer.members.ActionType == "Write")
end

-- The members of a new set, once a get shows it.
local function shown(x, id)
  local answer
  seconds_until(x, function()
    answer = get(x, id)
    return not answer.code and not answer.lost
  end)
  return answer.members
end

local function unique(x)
  return x.ledger:with(x.ledger:params(), function(_, name)
    local answer, id = x.ledger:create(x.ledger:params{ Name = name })
    if id then
      x.ledger:delete(id)
    end
    if answer.lost then
      return nil, "the answer of the second create was lost"
    end
    return answer.code ~= nil, { { "second create", "code", answer.code or "accepted", { "accepted" } } }
  end)
end

local function filled(read)
  return function(x)
    return x.ledger:with(x.ledger:params(), function(id)
      local members = shown(x, id)
      if type(members.Storage) ~= "table" then
        return nil, "the set has no storage"
      end
      return read(x, members)
    end)
  end
end

local function compress(x, members)
  if x.storage.StorageType ~= "cos" then
    return nil, "the member belongs to storage of type cos"
  end
  local value = members.Storage.Compress
  if value == nil or value == core.null then
    return false
  end
  return tonumber(value)
end

local function accounts(_, members)
  local function has(value)
    return value ~= nil and value ~= core.null and value ~= ""
  end
  return has(members.Storage.StorageAccountId) or has(members.Storage.StorageAppId)
end

local function event_names(_, members)
  local names = members.EventNames
  if type(names) ~= "table" or #names == 0 then
    return "empty"
  end
  return names[1] == "*" and "star" or names[1] == "" and "blank" or nil, nil
end

-- A set that logs writes is modified by its status alone.
local function absent(x)
  return x.ledger:with(x.ledger:params{ ActionType = "Write" }, function(id)
    shown(x, id)
    local answer = modify(x, id, { Status = 0 })
    if answer.code or answer.lost then
      return nil, "the modification was not accepted", answer.code
    end
    x.wire:sleep(x:settled())
    return get(x, id).members.ActionType == "Write" and "keep" or "reset"
  end)
end

-- Storage is given without Compress, after it was set to 2.
local function storage(x)
  if x.storage.StorageType ~= "cos" then
    return nil, "asked with storage of type cos only"
  end
  return x.ledger:with(x.ledger:params({}, { Compress = 2 }), function(id)
    shown(x, id)
    local answer = modify(x, id, { Storage = x.storage })
    if answer.code or answer.lost then
      return nil, "the modification was not accepted", answer.code
    end
    x.wire:sleep(x:settled())
    local seen = get(x, id).members.Storage or {}
    return tonumber(seen.Compress) == 2 and "merge" or "replace"
  end)
end

local LARGEST = 1000

-- The largest size that is accepted, by halving.
local function page_size(x)
  local function accepted(size)
    return not x.wire:read("DescribeAuditTracks", { PageNumber = 1, PageSize = size }).code
  end
  local low, high = 1, LARGEST + 1
  if accepted(LARGEST) then
    return "none"
  end
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if accepted(middle) then
      low = middle
    else
      high = middle
    end
  end
  return low
end

local CREATE = { "CreateAuditTrack", "DescribeAuditTrack", "DeleteAuditTrack" }

return {
  { id = "names.unique", question = "Are names of tracking sets unique?",
    why = "ensure_track finds a set by its name", actions = CREATE, compares = "two creates with one name",
    class = "boolean", documented = true, write = true, run = unique },
  { id = "list.lag", question = "How many seconds until a list shows a created, changed or deleted set?",
    why = "a create whose answer was lost is looked for in the list", actions = CREATE,
    compares = "lists after each write", class = "number", documented = 0, write = true, run = delays(list_shows) },
  { id = "get.lag", question = "How many seconds until DescribeAuditTrack shows a created, changed or deleted set?",
    why = "ensure_track compares what it reads", actions = CREATE, compares = "gets after each write",
    class = "number", documented = 0, write = true, run = delays(get_shows) },
  { id = "fill.compress", question = "Which Compress does the service fill in?", why = "a diff must not report it",
    actions = CREATE, compares = "a set created without it", class = "any", documented = 1, write = true,
    run = filled(compress) },
  { id = "fill.accounts", question = "Does the service fill in the account and app id of a storage?",
    why = "a diff must not report them", actions = CREATE, compares = "a set created without them",
    class = "boolean", documented = false, write = true, run = filled(accounts) },
  { id = "fill.event_names", question = "How are the event names of all products shown?",
    why = "a diff must not report them", actions = CREATE, compares = 'a set created with ["*"]', class = "word",
    words = { "star", "empty", "blank" }, documented = "star", write = true, run = filled(event_names) },
  { id = "modify.absent", question = "Does a modification keep members that are absent?",
    why = "update_track sends the changed members only", actions = { "ModifyAuditTrack" },
    compares = "ActionType after a modification of Status", class = "word", words = { "keep", "reset" },
    documented = "keep", write = true, run = absent },
  { id = "modify.storage", question = "Does a modification replace a storage or merge it?",
    why = "update_track asks for a whole storage", actions = { "ModifyAuditTrack" },
    compares = "Compress after a modification without it", class = "word", words = { "replace", "merge" },
    documented = "replace", write = true, run = storage },
  { id = "list.max_page_size", question = "What is the largest page of DescribeAuditTracks?",
    why = "tracks() asks for pages of 100", actions = { "DescribeAuditTracks" }, compares = "sizes up to 1000",
    class = "any", words = { "none" }, documented = "none", run = page_size },
}
