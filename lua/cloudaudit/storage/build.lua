-- A storage in our words and from a URL, made into the wire's Storage table and checked by the documented rules.
-- Failures are returned; asks nobody. storage.lua is what users see of it.
local check = require "cloudaudit.validate"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local spec = {}

--: class CosStorage: StorageOptions  a bucket
--:   bucket string
--: class ClsStorage: StorageOptions  a log topic
--:   topic_id string
--: class CkafkaStorage: StorageOptions  a topic of a CKafka instance
--:   instance string
--:   topic string
--: class StorageOptions  what every storage takes
local COMMON = {
  { name = "region", type = "string", required = true },
  { name = "prefix", type = "string", required = true },
  { name = "account_id", type = "string" },
  { name = "app_id", type = "string" },
  { name = "compress", type = "boolean|number" },
}

-- What each kind is named by, in the order in which StorageName holds it, joined with "/".
local KINDS = {
  cos = { "bucket" },
  cls = { "topic_id" },
  ckafka = { "instance", "topic" },
}
local SCHEMES = { "cos", "cls", "ckafka" }

local function rows_of(kind)
  local rows = {}
  for _, name in ipairs(KINDS[kind]) do
    rows[#rows + 1] = { name = name, type = "string", required = true }
  end
  for _, row in ipairs(COMMON) do
    rows[#rows + 1] = row
  end
  return rows
end

local function broken(owner, field, text)
  return errors.failure{ kind = "validation", code = "InvalidParameterValue", field = field,
    message = ("%s.%s: %s"):format(owner, field, text) }
end

-- true and 1 compress, false and 2 do not; 0 is the mistake that everybody makes.
local function compress_of(owner, value)
  if type(value) == "boolean" then
    return value and 1 or 2
  elseif value == 1 or value == 2 or value == nil then
    return value
  end
  return broken(owner, "compress", "true (or 1) or false (or 2) expected, got " .. tostring(value)
    .. (value == 0 and "; not compressed is 2" or ""))
end

-- Our name for a place inside the wire's Storage.
local function our_name(kind, field)
  local names = { StorageRegion = "region", StoragePrefix = "prefix", StorageAccountId = "account_id",
    StorageAppId = "app_id", Compress = "compress", StorageName = KINDS[kind][1] }
  return names[field] or field
end

-- A bucket's full name ends in the account's app id; the service wants them apart.
local function app_id_hint(kind, name)
  local bare, app_id = name:match("^(.+)%-(%d%d%d%d%d%d%d%d%d%d)$")
  if kind ~= "cos" or not bare then
    return nil
  end
  return ('write bucket = "%s", and app_id = "%s" if the bucket belongs to another account'):format(bare, app_id)
end

-- The documented rules on a Storage; a failure has our names.
local function check_rules(owner, kind, made)
  local ok, fields = core.check("Storage", made, owner, true)
  if ok then
    return made
  end
  if fields.field == "StorageName" then
    fields.hint = app_id_hint(kind, made.StorageName)
  end
  if fields.field then
    fields.field = our_name(kind, fields.field)
    fields.message = ("%s.%s: %s"):format(owner, fields.field, fields.text)
  end
  return errors.failure(fields)
end

--- {region, bucket, …} of a kind (cos, cls, ckafka) as Storage; nil, message, err. `checked` false leaves out the
-- rules on values, as the client's validate = false does.
function spec.make(owner, kind, given, checked)
  local ok, message, err = check.fields(owner, given, rows_of(kind))
  if not ok then
    return nil, message, err
  end
  local compress
  compress, message, err = compress_of(owner, given.compress)
  if err then
    return nil, message, err
  end
  local parts = {}
  for index, name in ipairs(KINDS[kind]) do
    local part = given[name]
    if #KINDS[kind] > 1 and (part == "" or part:find("/", 1, true)) then
      return broken(owner, name, "a name that is not empty and has no \"/\" expected")
    end
    parts[index] = part
  end
  local made = {
    StorageType = kind, StorageRegion = given.region, StorageName = table.concat(parts, "/"),
    StoragePrefix = given.prefix, StorageAccountId = given.account_id, StorageAppId = given.app_id,
    Compress = compress,
  }
  if checked == false then
    return made
  end
  return check_rules(owner, kind, made)
end

local function decode(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- What a URL may hold behind its "?", in the order in which it is written.
local QUERY = { "account_id", "app_id", "compress" }
local IN_QUERY = { account_id = "StorageAccountId", app_id = "StorageAppId", compress = "Compress" }
spec.query, spec.in_query = QUERY, IN_QUERY

-- "app_id=1&compress=2" into `given`; true or a failure.
local function read_query(owner, query, given)
  for pair in query:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=(.*)$")
    local near = name and core.nearest(name, QUERY)
    if not IN_QUERY[name or ""] then
      local tail = near and ", did you mean " .. near .. "?" or ""
      return broken(owner, name or pair, "unknown part of the query" .. tail)
    end
    given[name] = decode(value)
  end
  if given.compress then
    if given.compress ~= "1" and given.compress ~= "2" then
      return broken(owner, "compress", "1 or 2 expected")
    end
    given.compress = tonumber(given.compress)
  end
  return true
end

--- A URL as Storage; nil, message, err. `owner` stands in messages, and `checked` is as for make.
function spec.read_url(owner, url, checked)
  if type(url) ~= "string" then
    return errors.misuse(("%s: URL expected, got %s"):format(owner, type(url)))
  end
  local scheme, name, region, prefix, query = url:match("^(%w+)://([^@?]+)@([^/?@]+)/([^?]*)%??(.*)$")
  if not scheme then
    return errors.failure{ kind = "validation", code = "InvalidParameterValue",
      message = owner .. ": type://name@region/prefix expected, such as cos://audit-logs@ap-guangzhou/cloudaudit" }
  elseif not KINDS[scheme] then
    local near = core.nearest(scheme, SCHEMES)
    return errors.failure{ kind = "validation", code = "InvalidParameterValue",
      message = ("%s: cos, cls or ckafka expected, got %s%s"):format(owner, scheme,
        near and ", did you mean " .. near .. "?" or "") }
  end
  local given = { region = decode(region), prefix = decode(prefix) }
  local ok, message, err = read_query(owner, query, given)
  if not ok then
    return nil, message, err
  end
  if scheme == "ckafka" then
    given.instance, given.topic = name:match("^([^/]+)/([^/]+)$")
    if not given.topic then
      return broken(owner, "topic", "instance/topic expected before the @")
    end
    given.instance, given.topic = decode(given.instance), decode(given.topic)
  else
    given[KINDS[scheme][1]] = decode(name)
  end
  return spec.make(owner, scheme, given, checked)
end

return spec
