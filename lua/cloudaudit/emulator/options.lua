-- The options of emulator.new as data, validated and copied. Where the documentation of the service leaves its
-- behaviour open, an option selects among the possible behaviours.
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
  { name = "validate", type = "boolean", default = true }, -- apply the documented rules on values
  { name = "rate", type = "number", default = 20 }, -- requests per second and action; 0: no limit
  { name = "unique_names", type = "boolean", default = true }, -- refuse a second tracking set of the same name
  { name = "quota", type = "number", default = 5 }, -- maximum number of tracking sets
  { name = "list_lag", type = "number", default = 0 }, -- seconds until DescribeAuditTracks shows a change
  { name = "max_page_size", type = "number" }, -- largest PageSize of DescribeAuditTracks
  { name = "buckets", type = "table", lua = "string[]" }, -- names of the COS buckets that exist; nil: all
  { name = "topics", type = "table", lua = "string[]" }, -- ids of the CLS topics that exist; nil: all
  { name = "cos_regions", type = "table", lua = "string[]" }, -- regions that support COS; nil: all
  { name = "order", one_of = { "newest", "oldest" }, default = "newest" }, -- events that come first
  { name = "edges", one_of = { "closed", "open", "left", "right" }, default = "closed" }, -- inclusive ends of a range
  { name = "delivery_lag", type = "number|table", default = 0 }, -- seconds until an event is found, or {least, most}
  { name = "short_pages", type = "number|boolean", default = false }, -- probability of a short page before the last
  { name = "record", type = "boolean", default = true }, -- record calls as events
  { name = "account_id", type = "number", default = 100000000001 }, -- account of the events
  { name = "audits", type = "table" }, -- legacy tracking sets, see actions/legacy.lua
  { name = "keys", type = "table" }, -- KMS keys by region, see actions/legacy.lua
  { name = "role", type = "string" }, -- role of the instance in the metadata service; nil: none
  { name = "roles", type = "table" }, -- roles known to STS: true or {external_id=} by ARN; nil: all
  { name = "identities", type = "table", lua = "string[]" }, -- identity tokens that STS accepts; nil: all
  { name = "role_seconds", type = "number", default = 7200 }, -- default lifetime of temporary keys
  { name = "journal_limit", type = "number", default = 10000 }, -- number of journal entries kept
}

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

--- Validates and copies the options of `new`, with the defaults filled in; or a failure of kind misuse.
function options.read(chosen)
  if chosen == nil then
    chosen = {}
  end
  local ok, message, err = validate.fields("emulator.new", chosen, ROWS, "option")
  if not ok then
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
    values.short_pages = 0.5
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
