-- Track tables: a tracking set of the service in this library's names. Accepts any response: a member of
-- an unexpected type counts as absent.
local build = require "cloudaudit.storage.build"
local time = require "cloudaudit.time"

local track = {}

local FROM_ACTION = { Read = "read", Write = "write", ["*"] = "all" }

-- ---- as text ---------------------------------------------------------------------------------

-- Control characters of ASCII, and those that Unicode encodes as C2 80 to C2 9F, as \xNN: a name from the
-- service must neither break the line nor reach a terminal as a command.
local function escape(text)
  return (text:gsub("[^\32-\126\128-\255]", function(byte)
    return ("\\x%02x"):format(byte:byte())
  end):gsub("\194([\128-\159])", function(byte)
    return ("\\x%02x"):format(byte:byte())
  end))
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

local function copy(list)
  if type(list) ~= "table" then
    return nil
  end
  local copied = {}
  for key, value in pairs(list) do
    copied[key] = value
  end
  return copied
end

local function from_action(value)
  return value ~= nil and FROM_ACTION[value] or value
end

-- nil for a track of one product: the service omits Filters there, or sends it empty.
local function from_filters(filters)
  local fields = type(filters) == "table" and filters.ResourceFields
  if type(fields) ~= "table" or #fields == 0 then
    return nil
  end
  local list = {}
  for index, field in ipairs(fields) do
    field = type(field) == "table" and field or {}
    list[index] = { resource_type = field.ResourceType, action = from_action(field.ActionType),
      event_names = copy(field.EventNames) or {} }
  end
  return list
end

local function from_flag(value)
  if value == nil then
    return nil
  end
  return value == 1 or value == "1"
end

-- CreateTime is "YYYY-MM-DD HH:MM:SS" without a zone, read as UTC+8 like every time that the service
-- writes so. A text that does not begin with a digit could be one of the relative times of time.read.
local function from_time(text)
  if type(text) ~= "string" or not text:find("^%d") then
    return nil
  end
  return (time.read(text, 0, "CreateTime"))
end

--- The track of a response, or of the parameters that created it; absent members stay absent. created_at is
-- epoch seconds, nil when the service's text cannot be read; created_at_text is that text.
function track.from_wire(item, id)
  return track.new{
    id = id,
    name = item.Name,
    enabled = from_flag(item.Status),
    action = from_action(item.ActionType),
    resource_type = item.ResourceType,
    event_names = copy(item.EventNames),
    storage = copy(item.Storage),
    created_at = from_time(item.CreateTime),
    created_at_text = type(item.CreateTime) == "string" and item.CreateTime or nil,
    all_members = from_flag(item.TrackForAllMembers),
    filters = from_filters(item.Filters),
  }
end

return track
