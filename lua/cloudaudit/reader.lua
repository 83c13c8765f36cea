-- Reads members of the service's responses. Total: each value that JSON can hold has a defined result here, since
-- nothing that the service says may raise an error or be taken for something else. A number as text and a text as
-- number are accepted where the meaning is plain; any other type is "wrong", which the caller reports with `failure`.
-- null counts as absent, as the service uses it.
local ascii = require "cloudaudit.ascii"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local time = require "cloudaudit.time"

local reader = {}

local TOO_LARGE = 2 ^ 63

local function is_absent(value)
  return value == nil or value == core.null
end

-- A whole number without its fraction, as text: every digit of it.
local function digits_of(number)
  if number ~= number or number % 1 ~= 0 or number >= TOO_LARGE or number < -TOO_LARGE then
    return nil
  end
  return (("%.0f"):format(number))
end

--- A string member: text, or nil when it is absent. Numbers count as their digits. A second result of true says that
-- the value has a wrong type.
function reader.text(value)
  if type(value) == "string" then
    return value
  elseif is_absent(value) then
    return nil
  elseif type(value) == "number" then
    if math.type and math.type(value) == "integer" then
      return tostring(value)
    end
    return digits_of(value) or ascii.number(value)
  end
  return nil, true
end

--- A string member that identifies something: as text, but "" counts as absent.
function reader.id(value)
  local text, wrong = reader.text(value)
  return text ~= "" and text or nil, wrong
end

--- An integer member: an integer (or the decimal text of one that this Lua's numbers do not hold exactly), or nil when
-- it is absent or an empty text. A second result of true says that it is not an integer.
function reader.integer(value)
  if type(value) == "number" then
    if math.type and math.type(value) == "integer" then
      return value
    end
    local digits = digits_of(value)
    if digits and math.tointeger then
      return math.tointeger(value)
    end
    return digits and value, not digits
  elseif type(value) == "string" then
    if value == "" then
      return nil
    end
    local sign, digits = value:match("^(%-?)0*([0-9]+)$")
    if not digits then
      return nil, true
    end
    return core.decode((digits == "0" and "" or sign) .. digits)
  elseif is_absent(value) then
    return nil
  end
  return nil, true
end

--- A time in epoch seconds: a number, or its decimal text; nil for anything else. tonumber would depend on the Lua: on
-- LuaJIT "inf" is a number, on 5.1 "0x10".
function reader.seconds(value)
  local number = type(value) == "number" and value
    or type(value) == "string" and #value <= 32 and value:find("^[0-9]+%.?[0-9]*$") and tonumber(value)
  return number and number >= 0 and number <= time.LAST and number or nil
end

local BOOLEANS = { ["1"] = true, ["0"] = false, ["true"] = true, ["false"] = false }

--- A switch (0 or 1 in the service's model): true, false, or nil when it is absent or an empty text. Also true and
-- false themselves, and the texts of these four. A second result of true says that it is something else.
function reader.boolean(value)
  if type(value) == "boolean" then
    return value
  elseif is_absent(value) or value == "" then
    return nil
  end
  local text = reader.text(value)
  local known = text and BOOLEANS[text]
  return known, known == nil
end

--- Whether a table is a JSON list: an empty object and an empty list are told apart.
function reader.is_list(value)
  return type(value) == "table" and (value[1] ~= nil or getmetatable(value) == core.list)
end

--- Whether a table is a JSON object.
function reader.is_object(value)
  return type(value) == "table" and not reader.is_list(value)
end

--- A list member: the list (an empty one when the member is absent). A second result of true says that the value is
-- not a list. Its items can be anything.
function reader.list(value)
  if reader.is_list(value) then
    return value
  elseif is_absent(value) then
    return {}
  end
  return nil, true
end

--- An object member: the object, or nil when it is absent. A second result of true says that it is not one.
function reader.object(value)
  if reader.is_object(value) then
    return value
  elseif is_absent(value) then
    return nil
  end
  return nil, true
end

--- A decoded value as JSON text, the same for equal values. Total, unlike core.encode: bytes that are not UTF-8 stay.
reader.json = core.json_text

--- A string member of any type: its text, or the JSON text of a list, an object or a boolean. nil when it is absent.
function reader.any_text(value)
  local text, wrong = reader.text(value)
  if wrong then
    return reader.json(value)
  end
  return text
end

-- What a value is called in a message.
local function kind_of(value)
  if type(value) == "table" then
    return reader.is_list(value) and "a list" or "an object"
  elseif type(value) == "string" then
    return "a string"
  elseif type(value) == "boolean" then
    return tostring(value)
  end
  return "the number " .. tostring(value)
end

--- nil, message, err of kind "protocol", outcome "unknown", for a response whose member `field` is missing or has a
-- value of a wrong type: `expected` names the right one.
function reader.failure(action, response, field, expected, value)
  local text = ("the response's %s is %s: %s expected"):format(field, kind_of(value), expected)
  if is_absent(value) then
    text = "the response has no " .. field
  end
  local request_id = type(response) == "table" and reader.text(response.RequestId) or nil
  return errors.failure{ kind = "protocol", action = action, request_id = request_id, http_status = 200, attempts = 1,
    field = field, outcome = "unknown",
    message = ("%s: %s"):format(action, text) }
end

return reader
