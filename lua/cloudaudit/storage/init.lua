-- Where a tracking set ships its logs: makes the wire's Storage table from what people know, and from
-- and to a URL. Catches what the documentation says and people get wrong; asks nobody.
--
-- URLs:  cos://bucket@region/prefix   cls://topic-id@region/prefix   ckafka://instance/topic@region/prefix
-- with ?account_id=, app_id= and compress= (1 or 2) behind them. Other bytes are percent-encoded.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local build = require "cloudaudit.storage.build"

local storage = {}

--- {region, bucket, prefix, account_id, app_id, compress} -> Storage. The bucket exists already and is
-- named without its -APPID; the prefix is 3 to 40 letters and digits. Raises for a wrong type or an
-- unknown or missing field; nil, message, err for a value that breaks a rule.
--: storage.cos(given: CosStorage) -> wire.Storage | failure
storage.cos = errors.public(function(given)
  return build.make("storage.cos", "cos", given)
end)

--- {region, topic_id, prefix, …} -> Storage, a log topic of CLS.
--: storage.cls(given: ClsStorage) -> wire.Storage | failure
storage.cls = errors.public(function(given)
  return build.make("storage.cls", "cls", given)
end)

--- {region, instance, topic, prefix, …} -> Storage, a topic of a CKafka instance.
--: storage.ckafka(given: CkafkaStorage) -> wire.Storage | failure
storage.ckafka = errors.public(function(given)
  return build.make("storage.ckafka", "ckafka", given)
end)

local function encode(text, keep)
  return (text:gsub("[^%w%-_%.~" .. keep .. "]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

--- "cos://audit-logs@ap-guangzhou/cloudaudit" -> Storage, or nil, message, err.
--: storage.parse(url: string) -> wire.Storage | failure
storage.parse = errors.public(function(url)
  return build.read_url("storage.parse", url)
end)

--- Storage -> URL; parse(format(storage)) is the same Storage. Nothing is checked but types, since
-- what the service stores may be laxer than its documentation.
--: storage.format(storage: wire.Storage) -> string | failure
storage.format = errors.public(function(given)
  local ok, fields = core.check("Storage", given, "storage.format", false)
  if not ok then
    return errors.failure(fields)
  end
  for _, name in ipairs{ "StorageType", "StorageRegion", "StorageName", "StoragePrefix" } do
    if not given[name] then
      return errors.misuse(("storage.format.%s: missing"):format(name), name)
    end
  end
  local query = {}
  for _, name in ipairs(build.query) do
    local value = given[build.in_query[name]]
    if value ~= nil then
      query[#query + 1] = name .. "=" .. encode(tostring(value), "")
    end
  end
  local url = ("%s://%s@%s/%s"):format(given.StorageType, encode(given.StorageName, "/"),
    encode(given.StorageRegion, ""), encode(given.StoragePrefix, "/"))
  return #query > 0 and url .. "?" .. table.concat(query, "&") or url
end)

return storage
