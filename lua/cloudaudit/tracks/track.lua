-- Track tables: a tracking set of the service in this library's names. Accepts any response: a member of
-- a wrong type counts as absent, and is reported.
local build = require "cloudaudit.storage.build"
local core = require "cloudaudit.core"
local reader = require "cloudaudit.reader"
local time = require "cloudaudit.time"

local track = {}

local FROM_ACTION = { Read = "read", Write = "write", ["*"] = "all" }

-- ---- as text ---------------------------------------------------------------------------------

-- One line, in which control characters of ASCII are \xNN: a name from the service must neither break the line nor
-- reach a terminal as a command.
local function escape(text)
  return core.line((text:gsub("[%z\1-\31\127]", function(byte)
    return ("\\x%02x"):format(byte:byte())
  end)))
end

-- LuaJIT and Lua 5.1 to 5.2 print large ids as 1e+15.
local function show_id(id)
  return type(id) == "number" and id % 1 == 0 and ("%.0f"):format(id) or tostring(id)
end

local function is_word(value)
  return type(value) == "string" and value ~= "" or type(value) == "number"
end

-- "write cam (A, B)" of a track or of a filter; event names are shown unless they are "*", all events.
local function show_events(events)
  local parts, names = {}, {}
  for _, name in ipairs(events.event_names or {}) do
    names[#names + 1] = is_word(name) and name or nil
  end
  parts[1] = is_word(events.action) and events.action or nil
  parts[#parts + 1] = is_word(events.resource_type) and events.resource_type or nil
  if #names > 0 and names[1] ~= "*" then
    parts[#parts + 1] = "(" .. table.concat(names, ", ") .. ")"
  end
  return table.concat(parts, " ")
end

local function describe(self)
  local parts = { self.id ~= nil and show_id(self.id) or "(no id)" }
  local function add(text)
    if text ~= nil and text ~= "" then
      parts[#parts + 1] = text
    end
  end
  add(is_word(self.name) and self.name or nil)
  if self.enabled ~= nil then
    add(self.enabled and "enabled" or "disabled")
  end
  if self.filters then
    local products = {}
    for index, filter in ipairs(self.filters) do
      products[index] = show_events(filter)
    end
    add(table.concat(products, "; "))
  else
    add(show_events(self))
  end
  add(self.all_members and "for all members" or nil)
  if self.storage then
    add("-> " .. (build.to_url("track.storage", self.storage) or "(storage)"))
  end
  return escape(table.concat(parts, " "))
end

--: class Track  a tracking set
--:   id integer|string
--:   name string?
--:   enabled boolean?
--:   action "read"|"write"|"all"|string?
--:   resource_type string?
--:   event_names string[]?
--:   storage wire.Storage?
--:   created_at integer?
--:   created_at_text string?
--:   all_members boolean?
--:   filters TrackFilter[]?
--:   request_id string?
--:   adopted boolean?
--:   created_by_us "likely"|"no"?
local Track = {
  __name = "cloudaudit.Track",
  --- One line: id, name, status, events, storage URL. Absent members are left out.
  __tostring = describe,
}

--- A track of these fields.
function track.new(fields)
  return setmetatable(fields, Track)
end

-- ---- from a response -------------------------------------------------------------------------

local function from_action(value)
  return value ~= nil and FROM_ACTION[value] or value
end

-- Reads members of an object; remembers the first that has a wrong type in `wrong`, as {field, expected, value}.
local function members_of(item, place, wrong)
  return function(read, name, expected)
    local value, is_wrong = read(item[name])
    if is_wrong and not wrong.field then
      wrong.field, wrong.expected, wrong.value = place .. name, expected, item[name]
    end
    return value
  end
end

-- A list of texts; nil when it is absent. null in it is left out.
local function texts_of(value)
  local items, is_wrong = reader.list(value)
  if is_wrong or value == nil then
    return nil, is_wrong
  end
  local texts = {}
  for _, item in ipairs(items) do
    local text, wrong = reader.text(item)
    is_wrong = is_wrong or wrong
    texts[#texts + 1] = text
  end
  return not is_wrong and texts or nil, is_wrong
end

-- nil for a track of one product: the service omits Filters there, or sends it empty.
local function from_filters(filters, wrong)
  local items = filters and members_of(filters, "Filters.", wrong)(reader.list, "ResourceFields", "a list") or {}
  if #items == 0 then
    return nil
  end
  local list = {}
  for index, item in ipairs(items) do
    local place = ("Filters.ResourceFields[%d]"):format(index)
    if not reader.is_object(item) and not wrong.field then
      wrong.field, wrong.expected, wrong.value = place, "an object", item
    end
    local member = members_of(reader.is_object(item) and item or {}, place .. ".", wrong)
    list[index] = { resource_type = member(reader.text, "ResourceType", "a string"),
      action = from_action(member(reader.text, "ActionType", "a string")),
      event_names = member(texts_of, "EventNames", "a list of strings") or {} }
  end
  return list
end

local STORAGE = { "StorageType", "StorageRegion", "StorageName", "StoragePrefix" }
local STORAGE_IDS = { "StorageAccountId", "StorageAppId" }

-- A Storage in the model's types: ids as text, absent when they are empty. Members that the model does not know stay.
local function from_storage(storage, wrong)
  if not storage then
    return nil
  end
  local copied, member = {}, members_of(storage, "Storage.", wrong)
  for name, value in pairs(storage) do
    copied[name] = value
  end
  for _, name in ipairs(STORAGE) do
    copied[name] = member(reader.text, name, "a string")
  end
  for _, name in ipairs(STORAGE_IDS) do
    copied[name] = member(reader.id, name, "a string")
  end
  copied.Compress = member(reader.integer, "Compress", "an integer")
  return copied
end

-- CreateTime is "YYYY-MM-DD HH:MM:SS" without a zone, read as UTC+8 like every time that the service
-- writes so. A text that does not begin with a digit could be one of the relative times of time.read.
local function from_time(text)
  if not text or not text:find("^%d") then
    return nil
  end
  return (time.read(text, 0, "CreateTime"))
end

--- The track of a response, or of the parameters that created it; absent members stay absent. created_at is
-- epoch seconds, nil when the service's text cannot be read; created_at_text is that text. A second result, nil without
-- one, is {field, expected, value} of the first member with a wrong type.
function track.from_wire(item, id)
  local wrong = {}
  local member = members_of(item, "", wrong)
  local created = member(reader.text, "CreateTime", "a string")
  return track.new{
    id = id,
    name = member(reader.text, "Name", "a string"),
    enabled = member(reader.boolean, "Status", "0 or 1"),
    action = from_action(member(reader.text, "ActionType", "a string")),
    resource_type = member(reader.text, "ResourceType", "a string"),
    event_names = member(texts_of, "EventNames", "a list of strings"),
    storage = from_storage(member(reader.object, "Storage", "an object"), wrong),
    created_at = from_time(created),
    created_at_text = created,
    all_members = member(reader.boolean, "TrackForAllMembers", "0 or 1"),
    filters = from_filters(member(reader.object, "Filters", "an object"), wrong),
  }, wrong.field and wrong or nil
end

return track
