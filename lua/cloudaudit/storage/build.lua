-- Builds the API's Storage table from named fields or a URL, validates it by the documented rules, and converts
-- it to a URL. Failures are returned. No I/O.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local reader = require "cloudaudit.reader"
local validate = require "cloudaudit.validate"

local build = {}

--: class CosStorage: StorageOptions  a COS bucket
--:   bucket string
--: class ClsStorage: StorageOptions  a CLS log topic
--:   topic_id string
--: class CkafkaStorage: StorageOptions  a topic of a CKafka instance
--:   instance string
--:   topic string
--: class StorageOptions  fields of every storage
local COMMON = {
  { name = "region", type = "string", required = true },
  { name = "prefix", type = "string", required = true },
  { name = "account_id", type = "string" },
  { name = "app_id", type = "string" },
  { name = "compress", type = "boolean|number" },
}

-- The fields that form StorageName, in this order, joined with "/".
local KINDS = {
  cos = { "bucket" },
  cls = { "topic_id" },
  ckafka = { "instance", "topic" },
}
local REQUIRED = { "StorageType", "StorageRegion", "StorageName", "StoragePrefix" }
local SCHEMES = { "cos", "cls", "ckafka" }

-- Fields of the helpers; a Storage has none of them.
local HELPER_FIELDS = {}
for _, names in pairs(KINDS) do
  for _, name in ipairs(names) do
    HELPER_FIELDS[name] = true
  end
end
for _, row in ipairs(COMMON) do
  HELPER_FIELDS[row.name] = true
end

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

local function broken(place, field, text)
  return errors.failure{ kind = "validation", code = "InvalidParameterValue", field = field,
    message = ("%s.%s: %s"):format(place, field, text) }
end

-- true and 1 compress, false and 2 do not; 0 is a common mistake.
local function compress_of(place, value)
  if type(value) == "boolean" then
    return value and 1 or 2
  elseif value == 1 or value == 2 or value == nil then
    return value
  end
  return broken(place, "compress", "true (or 1) or false (or 2) expected, got " .. tostring(value)
    .. (value == 0 and "; not compressed is 2" or ""))
end

-- The helper's field for a member of Storage.
local function our_name(kind, field)
  local names = { StorageRegion = "region", StoragePrefix = "prefix", StorageAccountId = "account_id",
    StorageAppId = "app_id", Compress = "compress", StorageName = KINDS[kind][1] }
  return names[field] or field
end

-- A bucket's full name ends in the account's app id; the service takes the two separately.
local function app_id_hint(kind, name)
  local bare, app_id = name:match("^(.+)%-(%d%d%d%d%d%d%d%d%d%d)$")
  if kind ~= "cos" or not bare then
    return nil
  end
  return ('write bucket = "%s", and app_id = "%s" if the bucket belongs to another account'):format(bare, app_id)
end

-- Applies the documented rules to a Storage; a failure names the helper's field.
local function check_rules(place, kind, made)
  local ok, fields = core.check("Storage", made, place, true)
  if ok then
    return made
  end
  if fields.field == "StorageName" then
    fields.hint = app_id_hint(kind, made.StorageName)
  end
  if fields.field then
    fields.field = our_name(kind, fields.field)
    fields.message = ("%s.%s: %s"):format(place, fields.field, fields.text)
  end
  return errors.failure(fields)
end

--- {region, bucket, …} of a kind (cos, cls, ckafka) as Storage; nil, message, err when a field is wrong.
-- `checked` = false skips the rules on values, as the client's validate = false does.
function build.make(place, kind, fields, checked)
  local ok, message, err = validate.fields(place, fields, rows_of(kind))
  if not ok then
    return nil, message, err
  end
  local compress
  compress, message, err = compress_of(place, fields.compress)
  if err then
    return nil, message, err
  end
  local parts = {}
  for index, name in ipairs(KINDS[kind]) do
    local part = fields[name]
    if #KINDS[kind] > 1 and (part == "" or part:find("/", 1, true)) then
      return broken(place, name, "name without \"/\" expected, not empty")
    end
    parts[index] = part
  end
  local made = {
    StorageType = kind, StorageRegion = fields.region, StorageName = table.concat(parts, "/"),
    StoragePrefix = fields.prefix, StorageAccountId = fields.account_id, StorageAppId = fields.app_id,
    Compress = compress,
  }
  if checked == false then
    return made
  end
  return check_rules(place, kind, made)
end

local function decode(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- Parameters of a URL's query, in the order of to_url.
local QUERY = { "account_id", "app_id", "compress" }
local IN_QUERY = { account_id = "StorageAccountId", app_id = "StorageAppId", compress = "Compress" }

-- Adds the fields of "app_id=1&compress=2" to `fields`: true, or nil, message, err.
local function read_query(place, query, fields)
  for pair in query:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=(.*)$")
    local near = name and core.nearest(name, QUERY)
    if not IN_QUERY[name or ""] then
      local tail = near and ", did you mean " .. near .. "?" or ""
      return broken(place, name or pair, "unknown query parameter" .. tail)
    end
    fields[name] = decode(value)
  end
  if fields.compress then
    if fields.compress ~= "1" and fields.compress ~= "2" then
      return broken(place, "compress", "1 or 2 expected")
    end
    fields.compress = tonumber(fields.compress)
  end
  return true
end

-- Longer than any storage of the service is named; what a message quotes of a URL is bounded with it.
local LONGEST_URL = 2048

--- A URL as Storage; nil, message, err when it is wrong. `checked` is as for make.
function build.read_url(place, url, checked)
  if type(url) ~= "string" then
    return errors.misuse(("%s: URL expected, got %s"):format(place, type(url)))
  end
  if #url > LONGEST_URL then
    return errors.failure{ kind = "validation", code = "InvalidParameterValue",
      message = ("%s: at most %d bytes expected, got %d"):format(place, LONGEST_URL, #url) }
  end
  local scheme, name, region, prefix, query = url:match("^([A-Za-z0-9]+)://([^@?]+)@([^/?@]+)/([^?]*)%??(.*)$")
  if not scheme then
    return errors.failure{ kind = "validation", code = "InvalidParameterValue",
      message = place .. ": type://name@region/prefix expected, such as cos://audit-logs@ap-guangzhou/cloudaudit" }
  elseif not KINDS[scheme] then
    local near = core.nearest(scheme, SCHEMES)
    return errors.failure{ kind = "validation", code = "InvalidParameterValue",
      message = ("%s: cos, cls or ckafka expected, got %s%s"):format(place, scheme,
        near and ", did you mean " .. near .. "?" or "") }
  end
  local fields = { region = decode(region), prefix = decode(prefix) }
  local ok, message, err = read_query(place, query, fields)
  if not ok then
    return nil, message, err
  end
  if scheme == "ckafka" then
    fields.instance, fields.topic = name:match("^([^/]+)/([^/]+)$")
    if not fields.topic then
      return broken(place, "topic", "instance/topic expected before the @")
    end
    fields.instance, fields.topic = decode(fields.instance), decode(fields.topic)
  else
    fields[KINDS[scheme][1]] = decode(name)
  end
  return build.make(place, scheme, fields, checked)
end

local function encode(text, keep)
  return (text:gsub("[^A-Za-z0-9%-_%.~" .. keep .. "]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

-- Validates names, types and required members of a Storage, but no rules on values: the service may have stored
-- what its documentation does not allow. `advice` follows the message about a missing member.
local function check_shape(place, storage, advice)
  local ok, fields = core.check("Storage", storage, place, false)
  if not ok then
    return errors.failure(fields)
  end
  for _, name in ipairs(REQUIRED) do
    if storage[name] == nil then
      return errors.misuse(("%s.%s: missing%s"):format(place, name, advice), name)
    end
  end
  return storage
end

local WHOLE = "a storage must be complete: use storage.cos{ region =, bucket =, prefix = } (or cls, ckafka), or a URL"
  .. " such as \"cos://audit-logs@ap-guangzhou/cloudaudit\"; to change one member, change it in get_track(id).storage"

--- The Storage that is part of a spec or patch; nil, message, err when it is not a whole Storage, perhaps because
-- it has the fields of a helper.
function build.read_table(place, storage)
  local names = {}
  for name in pairs(storage) do
    names[#names + 1] = HELPER_FIELDS[name] and name or nil
  end
  table.sort(names)
  if names[1] then
    return errors.misuse(("%s.%s: %s"):format(place, names[1], WHOLE), names[1])
  end
  return check_shape(place, storage, "; " .. WHOLE)
end

-- A Storage whose ids are text: the service may write them as numbers, and as an empty text when there are none.
local function with_texts(storage)
  if type(storage) ~= "table" then
    return storage
  end
  local copy = {}
  for name, value in pairs(storage) do
    copy[name] = value
  end
  for _, name in ipairs{ "StorageAccountId", "StorageAppId" } do
    local text, wrong = reader.id(storage[name])
    copy[name] = wrong and storage[name] or text
  end
  return copy
end

--- A Storage as URL; nil, message, err for an unknown or missing member or a wrong type.
function build.to_url(place, storage)
  storage = with_texts(storage)
  local ok, message, err = check_shape(place, storage, "")
  if not ok then
    return nil, message, err
  end
  local query = {}
  for _, name in ipairs(QUERY) do
    local value = storage[IN_QUERY[name]]
    if value ~= nil then
      query[#query + 1] = name .. "=" .. encode(tostring(value), "")
    end
  end
  local url = ("%s://%s@%s/%s"):format(storage.StorageType, encode(storage.StorageName, "/"),
    encode(storage.StorageRegion, ""), encode(storage.StoragePrefix, "/"))
  return #query > 0 and url .. "?" .. table.concat(query, "&") or url
end

return build
