-- Cursors: the resume position of an iteration and its resolved query, as one line of text for another process.
-- Holds no function and no secret of the client.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local limits = require "cloudaudit.events.limits"
local time = require "cloudaudit.time"
local windows = require "cloudaudit.events.windows"

local cursor = {}

local VERSION = 1

local function list(items)
  return setmetatable(items, core.list)
end

local function pairs_of(conditions)
  local attributes, tests = list{}, list{}
  for index, pair in ipairs(conditions.attributes) do
    attributes[index] = list{ pair[1], pair[2] }
  end
  for index, test in ipairs(conditions.tests) do
    local values = list{}
    for position, value in ipairs(test[2]) do
      values[position] = value
    end
    tests[index] = list{ test[1], values }
  end
  return attributes, tests
end

--- The conditions as text; equal conditions are equal texts.
function cursor.fingerprint(conditions)
  local attributes, tests = pairs_of(conditions)
  return core.encode(list{ attributes, tests })
end

--- The text of a query and a position in it. A position is {done}, {window, token, given}, where `given` lists the
-- identities of the events returned last, or {edge, time, id, given} for a sorted query: time and identity of the last
-- event returned, and the identities of those that have no time.
function cursor.write(query, position)
  local attributes, tests = pairs_of(query.conditions)
  return (core.encode{
    v = VERSION, since = query.since, ["until"] = query.to, attributes = attributes, tests = tests,
    location = query.location, order = query.order, page_size = query.page_size, filtered = query.filter ~= nil,
    done = position.done, window = position.window, token = position.token,
    given = position.given and list(position.given), edge = position.edge, time = position.time, id = position.id,
  })
end

-- Largest page_size: more than the service's limit only with validate = false.
local MAX_PAGE = 2 ^ 31 - 1

local function is_whole(value)
  return type(value) == "number" and value >= 0 and value % 1 == 0 and value <= time.LAST
end

local function is_texts(value)
  if type(value) ~= "table" then
    return false
  end
  for key, item in pairs(value) do
    if type(key) ~= "number" or type(item) ~= "string" then
      return false
    end
  end
  return true
end

local function all(value, is)
  if type(value) ~= "table" then
    return false
  end
  for _, item in ipairs(value) do
    if not is(item) then
      return false
    end
  end
  return true
end

local function is_attribute(item)
  return is_texts(item) and #item == 2
end

local function is_test(item)
  return type(item) == "table" and #item == 2 and type(item[1]) == "string" and is_texts(item[2])
end

local function optional(value, is)
  return value == nil or is(value)
end

local function is_boolean(value)
  return type(value) == "boolean"
end

local function is_text(value)
  return type(value) == "string"
end

local function is_position(held)
  if held.done == true then
    return true
  elseif held.order then
    return is_whole(held.edge) and held.edge >= held.since and held.edge <= held["until"]
      and optional(held.time, is_whole) and optional(held.id, is_text) and optional(held.given, is_texts)
  end
  return is_whole(held.window) and held.window >= 1 and held.window <= windows.count(held.since, held["until"])
    and optional(held.token, is_text) and is_texts(held.given)
end

local function is_valid(held)
  return is_whole(held.since) and is_whole(held["until"]) and held.since <= held["until"]
    and held["until"] - held.since <= limits.RANGE
    and is_whole(held.page_size) and held.page_size >= 1 and held.page_size <= MAX_PAGE
    and optional(held.location, is_boolean) and is_boolean(held.filtered)
    and all(held.attributes, is_attribute) and all(held.tests, is_test)
    and (held.order == nil or held.order == "oldest" or held.order == "newest") and is_position(held)
end

local function wrong(method, text)
  return errors.failure{ kind = "validation", field = "cursor", message = method .. ".cursor: " .. text }
end

--- The query and the position of a cursor; nil, message, err when the text is not a valid cursor.
function cursor.read(method, text)
  if type(text) ~= "string" then
    return errors.misuse(("%s.cursor: text of a cursor expected, got %s"):format(method, type(text)), "cursor")
  end
  local held = core.decode(text)
  if type(held) == "table" and held.v ~= nil and held.v ~= VERSION then
    return wrong(method, ("unknown version of a cursor: version %d expected"):format(VERSION))
  elseif type(held) ~= "table" or held.v == nil or not is_valid(held) then
    return wrong(method, "invalid cursor: pass the text of it.cursor unchanged")
  end
  return {
    since = held.since, to = held["until"], location = held.location, order = held.order,
    page_size = held.page_size, filtered = held.filtered,
    conditions = { attributes = held.attributes, tests = held.tests },
  }, {
    done = held.done, window = held.window, token = held.token, given = held.given,
    edge = held.edge, time = held.time, id = held.id,
  }
end

return cursor
