-- The options of emulator.new as data, validated and copied. Where the documentation of the service leaves its
-- behaviour open, an option selects among the possible behaviours.
local learned = require "cloudaudit.emulator.learned"
local validate = require "cloudaudit.validate"

local options = {}

-- The placeholders of the official documentation: they belong to no account.
local SECRET_ID = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
local SECRET_KEY = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"

--: class EmulatorOptions  options of emulator.new
local ROWS = {
  { name = "seed", type = "number", default = 1 }, -- determines every id and every random choice
  { name = "now", type = "number|function", min = 0, max = 253402300799 }, -- epoch seconds or a clock; nil: system
  { name = "secrets", type = "table", default = { [SECRET_ID] = SECRET_KEY } }, -- secret key by secret id
  { name = "tokens", type = "table", default = {} }, -- token, or {token=, expires=}, by secret id
  { name = "verify", type = "boolean", default = true }, -- verify signatures
  { name = "debug_signature", type = "boolean", default = false }, -- show the expected canonical request on a mismatch
  { name = "require_region", type = "boolean", default = true }, -- refuse requests without X-TC-Region
  { name = "any_region", type = "boolean", default = false }, -- accept any X-TC-Region, not only those that exist
  { name = "validate", type = "boolean", default = true }, -- apply the documented rules on values
  { name = "rate", type = "number", default = 20 }, -- requests per second and action; 0: no limit
  { name = "unique_names", type = "boolean", default = true }, -- refuse a second tracking set of the same name
  { name = "quota", type = "count", max = 2147483647, default = 5 }, -- maximum number of tracking sets
  { name = "list_lag", type = "number", default = 0 }, -- seconds until DescribeAuditTracks shows a change
  { name = "max_page_size", type = "number" }, -- largest PageSize of DescribeAuditTracks
  { name = "buckets", type = "table", lua = "string[]" }, -- names of the COS buckets that exist; nil: all
  { name = "topics", type = "table", lua = "string[]" }, -- ids of the CLS topics that exist; nil: all
  { name = "cos_regions", type = "table", lua = "string[]" }, -- regions that support COS; nil: all
  { name = "compress", one_of = { 1, 2, false }, default = 1 }, -- Storage.Compress of COS where none was given
  { name = "order", one_of = { "newest", "oldest" }, default = "newest" }, -- events that come first
  { name = "edges", one_of = { "closed", "open", "left", "right" }, default = "closed" }, -- inclusive ends of a range
  { name = "delivery_lag", type = "number|table", default = 0 }, -- seconds until an event is found, or {least, most}
  { name = "short_pages", type = "number|boolean", default = false }, -- probability of a short page before the last
  { name = "page_tokens", one_of = { "ingest_time", "strict", "offset", "inclusive" }, default = "ingest_time" },
  { name = "record", type = "boolean", default = true }, -- record calls as events
  { name = "account_id", type = "number", default = 100000000001 }, -- account of the events
  { name = "app_id", type = "number", default = 1250000000 }, -- APPID of the account
  { name = "audits", type = "table" }, -- legacy tracking sets, see actions/legacy.lua
  { name = "keys", type = "table" }, -- KMS keys by region, see actions/legacy.lua
  { name = "role", type = "string" }, -- role of the instance in the metadata service; nil: none
  { name = "roles", type = "table" }, -- roles known to STS: true or {external_id=} by ARN; nil: all
  { name = "identities", type = "table", lua = "string[]" }, -- identity tokens that STS accepts; nil: all
  { name = "role_seconds", type = "number", default = 7200 }, -- default lifetime of temporary keys
  { name = "learned", type = "string|table" }, -- a learned.json of `make live`: its path, or the decoded document
  { name = "get_lag", type = "number", default = 0 }, -- seconds until DescribeAuditTrack shows a change
  { name = "fill_accounts", type = "boolean", default = false }, -- fill in the account and app id of a storage
  { name = "all_event_names", one_of = { "star", "empty", "blank" }, default = "star" }, -- EventNames of all products
  { name = "modify_absent", one_of = { "keep", "reset" }, default = "keep" }, -- absent members of a modification
  { name = "storage_update", one_of = { "replace", "merge" }, default = "replace" }, -- Storage in a modification
  { name = "refusals", type = "table", default = {} }, -- code by rule, or "accepted"; see refusals.lua
  { name = "offline", type = "table", default = {} }, -- code by action that is not offered
  { name = "clock_tolerance", type = "number", default = 300 }, -- seconds that a timestamp may be off
  { name = "throttle_code", type = "string", default = "RequestLimitExceeded" }, -- code beyond the rate
  { name = "retry_after", type = "number" }, -- value of Retry-After beyond the rate; nil: no header
  { name = "date_header", type = "boolean", default = true }, -- send a Date header
  { name = "keep_alive", type = "boolean", default = true }, -- keep connections open
  { name = "error_status", type = "number", min = 100, max = 599, default = 200 }, -- HTTP status of a refusal
  { name = "null_body", type = "boolean", default = true }, -- take the body `null` as no parameters
  { name = "signature_v1", type = "boolean", default = true }, -- accept signatures of version 1
  { name = "max_results", type = "number", default = 50 }, -- largest MaxResults
  { name = "token_seconds", type = "number" }, -- seconds after which a NextToken expires; nil: never
  { name = "attribute_keys", type = "table", lua = "string[]" }, -- AttributeKeys of DescribeEvents; nil: all
  { name = "most_event_names", type = "number" }, -- largest number of EventName conditions; nil: no limit
  { name = "event_id", one_of = { "request", "own", "none" }, default = "request" }, -- EventId of a recorded call
  { name = "record_without", type = "table", lua = "string[]", default = {} }, -- members that records lack
  { name = "journal_limit", type = "number", default = 10000 }, -- number of journal entries kept
}

-- Bounds of the other numbers, which leave out NaN and the infinities.
local LARGEST, CENTURY = 1e15, 3155760000
local COUNT, SECONDS = { 0, LARGEST }, { 0, CENTURY }
local BOUNDS = { seed = { -LARGEST, LARGEST }, rate = COUNT, account_id = COUNT, app_id = COUNT, journal_limit = COUNT,
  most_event_names = COUNT, max_page_size = { 1, LARGEST }, max_results = { 1, LARGEST }, short_pages = { 0, 1 },
  list_lag = SECONDS, get_lag = SECONDS, delivery_lag = SECONDS, clock_tolerance = SECONDS, retry_after = SECONDS,
  token_seconds = SECONDS, role_seconds = { -CENTURY, CENTURY } }
for _, row in ipairs(ROWS) do
  local bounds = BOUNDS[row.name]
  if bounds then
    row.min, row.max = bounds[1], bounds[2]
  end
end

local function copy(value)
  if type(value) ~= "table" then
    return value
  end
  local out = {}
  for name, member in pairs(value) do
    out[name] = copy(member)
  end
  return out
end

-- The options that were chosen, over those of the option `learned`; or a failure.
local function with_learned(chosen)
  if chosen.learned == nil then
    return chosen
  end
  local values, message, err = learned.read(chosen.learned)
  local ok = values ~= nil
  if ok then
    ok, message, err = validate.fields("learned", values, ROWS, "option")
  end
  if not ok then
    return nil, message, err
  end
  for name, value in pairs(chosen) do
    values[name] = value
  end
  return values
end

--- Validates and copies the options of `new`, with the defaults filled in; or a failure of kind misuse.
function options.read(chosen)
  if chosen == nil then
    chosen = {}
  end
  local ok, message, err = validate.fields("emulator.new", chosen, ROWS, "option")
  if not ok then
    return nil, message, err
  end
  chosen, message, err = with_learned(chosen)
  if not chosen then
    return nil, message, err
  end
  local values = {}
  for _, row in ipairs(ROWS) do
    local value = chosen[row.name]
    if value == nil then
      value = row.default
    end
    values[row.name] = copy(value)
  end
  if values.short_pages == true then
    values.short_pages = 1 / 2
  end
  values.default_id = values.secrets[SECRET_ID] and SECRET_ID or nil
  return values
end

--- Credentials (id, key and perhaps a token) for a client of the emulator: the placeholder if it is accepted,
-- otherwise the first secret id in alphabetical order.
function options.credential(values)
  local id = values.default_id
  if not id then
    local ids = {}
    for known in pairs(values.secrets) do
      ids[#ids + 1] = known
    end
    table.sort(ids)
    id = ids[1]
  end
  local token = values.tokens[id]
  if type(token) == "table" then
    token = token.token
  end
  return id, values.secrets[id], token
end

return options
