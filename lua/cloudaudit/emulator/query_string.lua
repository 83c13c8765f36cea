-- Parses the parameters of a GET request: `Storage.StorageType=cos&EventNames.0=*` becomes the table that the same
-- parameters have in JSON. Types follow the model; unknown names are kept, for validation to refuse them.
local core = require "cloudaudit.core"

local query_string = {}

local INTEGER = { int64 = true, uint64 = true }

local fields_by_shape

local function fields_of(shape)
  if not fields_by_shape then
    fields_by_shape = {}
    for name, fields in pairs(core.shapes()) do
      fields_by_shape[name] = {}
      for _, field in ipairs(fields) do
        fields_by_shape[name][field.name] = field
      end
    end
  end
  return fields_by_shape[shape]
end

local function decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

-- Digits as the number that they are in JSON.
local function number(text)
  return text:find("^%-?%d+$") and core.decode(text) or text
end

local convert

local function list(value, field)
  local out = setmetatable({}, core.list)
  for name, item in pairs(value) do
    local index = tonumber(name)
    if not index or index < 0 or index >= 1000 then
      return value
    end
    out[index + 1] = field.shape and convert(item, field.shape) or item
  end
  return out
end

function convert(value, shape)
  if type(value) ~= "table" then
    return value
  end
  local known, out = fields_of(shape), {}
  for name, member in pairs(value) do
    local field = known[name]
    if not field then
      out[name] = member
    elseif INTEGER[field.type] then
      out[name] = type(member) == "string" and number(member) or member
    elseif field.type == "bool" then
      out[name] = member == "true" or (member ~= "false" and member)
    elseif type(member) == "table" and (field.type == "objects" or field.type == "strings") then
      out[name] = list(member, field)
    else
      out[name] = field.shape and convert(member, field.shape) or member
    end
  end
  return out
end

--- The decoded names and values of a query string or form.
function query_string.pairs(text)
  local out = {}
  for pair in text:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    out[decode(name)] = decode(value)
  end
  return out
end

--- The parameters of decoded names and values, for a request shape of the model; nil, a code and a message if one name
-- stands for both a value and an object.
function query_string.parse(values, shape)
  local tree, names = {}, {}
  for name in pairs(values) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local value, at, last = values[name], tree, nil
    for part in name:gmatch("[^.]+") do
      if last then
        at[last] = at[last] == nil and {} or at[last]
        at = at[last]
      end
      if type(at) ~= "table" then
        return nil, "InvalidParameter", ("%s stands for a value and for an object."):format(name)
      end
      last = part
    end
    if last then
      if type(at[last]) == "table" then
        return nil, "InvalidParameter", ("%s stands for a value and for an object."):format(name)
      end
      at[last] = value
    end
  end
  return convert(tree, shape)
end

return query_string
