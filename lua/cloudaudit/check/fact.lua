-- An event as the activity rules see it: its row without nulls, its decoded parameters, and who acted.
local ascii = require "cloudaudit.ascii"
local cidr = require "cloudaudit.events.cidr"
local core = require "cloudaudit.core"
local reader = require "cloudaudit.reader"

local fact = {}

local NONE = {}

local function object(value)
  return (reader.object(value)) or NONE
end

-- A member of a row; nil for null.
local function value_of(value)
  if value == core.null then
    return nil
  end
  return value
end

-- Permanent keys are AKID…; temporary ones look the same and come with a token.
local function permanent_key(row, session)
  local key, token = value_of(row.access_key_id), reader.id(session.token) or reader.id(session.sessionToken)
  return key and key:find("^AKID") and not token and row.user_type ~= "role" and key or nil
end

--- The fact of an event:
--   event, name, product (lower case), action, time, result, user_type, user, key, permanent_key, address, region,
--   account, principal, via, mfa: see the row
--   actor      text that tells who acted
--   params     decoded request parameters, empty when there are none
--   detail     the decoded record
function fact.of(event)
  local row, detail = event:row(), object(event.detail)
  local session = object(object(detail.userIdentity).sessionContext)
  local user, principal, key = value_of(row.user), value_of(row.principal_id), value_of(row.access_key_id)
  return {
    event = event, name = value_of(row.name) or "", product = value_of(row.product) or "",
    action = value_of(row.action), time = value_of(row.time), result = row.result, user_type = row.user_type,
    user = user, key = key, permanent_key = permanent_key(row, session), address = value_of(row.source_ip),
    region = value_of(row.region), account = value_of(row.account_id), principal = principal, via = value_of(row.via),
    mfa = value_of(row.mfa), actor = user or principal or key or "unknown", detail = detail,
    params = object(detail.requestParameters),
  }
end

--- A network that an address belongs to: its /24 or, of IPv6, its /48; the text itself when it is not an address.
function fact.network(address)
  local bytes = cidr.address(address)
  return bytes and table.concat(bytes, ".", 1, #bytes == 4 and 3 or 6) or address
end

--- Whether test(value, name) holds for a value in nested tables; items of a list have the list's name.
function fact.find(value, test, name)
  if test(value, name) then
    return true
  end
  for key, item in pairs(type(value) == "table" and value or NONE) do
    if fact.find(item, test, type(key) == "string" and key or name) then
      return true
    end
  end
  return false
end

--- A member of a table whatever its case: {Action = 1} has an "action".
function fact.member(value, name)
  for key, item in pairs(type(value) == "table" and value or NONE) do
    if type(key) == "string" and ascii.lower(key) == name then
      return item
    end
  end
  return nil
end

--- A value as a list: a list as it is, anything else as its only item, nothing as an empty list.
function fact.list(value)
  if value == nil or value == core.null then
    return NONE
  end
  return type(value) == "table" and reader.is_list(value) and value or { value }
end

return fact
