-- Storage helpers: build the API's Storage table, the log destination of a track, from named fields or a URL, and
-- validate it by the documented rules. No I/O.
--
-- URLs:  cos://bucket@region/prefix   cls://topic-id@region/prefix   ckafka://instance/topic@region/prefix
-- with the query parameters account_id, app_id and compress (1 or 2). Other bytes are percent-encoded.
local errors = require "cloudaudit.errors"
local build = require "cloudaudit.storage.build"

local storage = {}

--- {region, bucket, prefix, account_id, app_id, compress} -> Storage. The bucket must exist; its name is given
-- without -APPID. The prefix is 3 to 40 letters and digits. Raises for a wrong type and for an unknown or missing
-- field; nil, message, err for a value that breaks a rule.
--: storage.cos(fields: CosStorage) -> wire.Storage | failure
storage.cos = errors.public(function(fields)
  return build.make("storage.cos", "cos", fields)
end)

--- {region, topic_id, prefix, …} -> Storage, a CLS log topic.
--: storage.cls(fields: ClsStorage) -> wire.Storage | failure
storage.cls = errors.public(function(fields)
  return build.make("storage.cls", "cls", fields)
end)

--- {region, instance, topic, prefix, …} -> Storage, a topic of a CKafka instance.
--: storage.ckafka(fields: CkafkaStorage) -> wire.Storage | failure
storage.ckafka = errors.public(function(fields)
  return build.make("storage.ckafka", "ckafka", fields)
end)

--- "cos://audit-logs@ap-guangzhou/cloudaudit" -> Storage, or nil, message, err.
--: storage.parse(url: string) -> wire.Storage | failure
storage.parse = errors.public(function(url)
  return build.read_url("storage.parse", url)
end)

--- Storage -> URL; parse(format(storage)) is the same Storage. Validates names and types but no rules on values,
-- since the service may have stored what its documentation does not allow.
--: storage.format(storage: wire.Storage) -> string | failure
storage.format = errors.public(function(value)
  return build.to_url("storage.format", value)
end)

return storage
