-- The options of emulator.new as data, checked and copied. Where the documentation of the service is
-- silent, an option stands for each way in which it may behave.
local clock = require "cloudaudit.emulator.clock"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local options = {}

-- The placeholders of the official documentation: they open no account anywhere.
local SECRET_ID = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
local SECRET_KEY = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"

-- name -> { types, default }
--: class EmulatorOptions  what emulator.new takes
local ROWS = {
  seed = { "number", 1 },                    -- every id and every chance follows from it
  now = { "number function" },               -- epoch seconds or a clock; nil: the system's
  secrets = { "table", { [SECRET_ID] = SECRET_KEY } }, -- key by id
  tokens = { "table", {} },                  -- token, or {token=, expires=}, by id
  verify = { "boolean", true },              -- check signatures
  debug_signature = { "boolean", false },    -- tell the server's canonical request on a mismatch
  require_region = { "boolean", true },      -- X-TC-Region must be there
  validate = { "boolean", true },            -- the documented rules on values
  rate = { "number", 20 },                   -- requests a second and action; 0: no limit
  unique_names = { "boolean", true },        -- of tracking sets
  quota = { "number", 5 },                   -- of tracking sets
  list_lag = { "number", 0 },                -- seconds until DescribeAuditTracks shows a change
  max_page_size = { "number" },              -- of DescribeAuditTracks
  buckets = { "table" },                     -- names of the buckets that exist; nil: every one
  topics = { "table" },                      -- ids of the CLS topics that exist; nil: every one
  cos_regions = { "table" },                 -- nil: every one
  order = { "string", "newest" },            -- or "oldest": which events come first
  edges = { "string", "closed" },            -- which ends of a span of events count in: or "open", "left", "right"
  delivery_lag = { "number table", 0 },      -- seconds until an event is found, or {least, most}
  short_pages = { "number boolean", false }, -- chance of a page that is short without being the last
  record = { "boolean", true },              -- calls become events
  account_id = { "number", 100000000001 },
  audits = { "table" },                      -- legacy tracking sets, see legacy.lua
  keys = { "table" },                        -- KMS keys by region, see legacy.lua
  role = { "string" },                       -- of the instance, in the metadata service; nil: it has none
  roles = { "table" },                       -- those that STS knows: true or {external_id=} by ARN; nil: every one
  identities = { "table" },                  -- tokens of an identity provider that STS takes; nil: every one
  role_seconds = { "number", 7200 },         -- how long temporary keys hold when nobody asks for a time
  journal_limit = { "number", 10000 },       -- entries kept
}

local EDGES = { closed = true, open = true, left = true, right = true }

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

local function unknown(name)
  local names = {}
  for known in pairs(ROWS) do
    names[#names + 1] = known
  end
  table.sort(names)
  local near = core.nearest(tostring(name), names)
  return errors.misuse(("emulator.new: unknown option %s%s"):format(tostring(name),
    near and (", did you mean %s?"):format(near) or ""))
end

--- Checks and copies what was given to `new`, with the defaults; or a failure of kind misuse.
function options.read(given)
  if given ~= nil and type(given) ~= "table" then
    return errors.misuse("emulator.new: table expected, got " .. type(given))
  end
  local values = {}
  for name, value in pairs(given or {}) do
    local row = ROWS[name]
    if not row then
      return unknown(name)
    elseif not (" " .. row[1] .. " "):find(" " .. type(value) .. " ", 1, true) then
      return errors.misuse(("emulator.new: %s: %s expected, got %s"):format(
        name, (row[1]:gsub(" ", " or ")), type(value)))
    end
    values[name] = copy(value)
  end
  for name, row in pairs(ROWS) do
    if values[name] == nil then
      values[name] = copy(row[2])
    end
  end
  if values.order ~= "newest" and values.order ~= "oldest" then
    return errors.misuse("emulator.new: order: \"newest\" or \"oldest\" expected")
  end
  if type(values.now) == "number" and not clock.is_time(values.now) then
    return errors.misuse("emulator.new: now: a time in the years 1970 to 9999 expected, got " .. tostring(values.now))
  end
  if not EDGES[values.edges] then
    return errors.misuse("emulator.new: edges: \"closed\", \"open\", \"left\" or \"right\" expected")
  end
  if values.short_pages == true then
    values.short_pages = 0.5
  end
  values.default_id = values.secrets[SECRET_ID] and SECRET_ID or nil
  return values
end

--- An id and its key (and token) for a client of the emulator: the placeholder when it is accepted,
-- else the first by name.
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
