-- FILTER: what the options mean as queries of the library. Everything that the library's `where` does not test is
-- tested here, on each event of the time range.
local ascii = require "cloudaudit.ascii"
local cidr = require "cloudaudit.events.cidr"
local core = require "cloudaudit.core"
local status = require "cloudaudit.cli.status"
local width = require "cloudaudit.cli.width"
local times = require "cloudaudit.cli.times"

local filter = {}

local RETENTION = 90 * 86400

-- The library leaves out the last minute before the retention limit, which expires while it is read.
local MARGIN = 60

-- The event names of the service are case-sensitive.
local function event_names(context, given)
  local known = require "cloudaudit.cli.event_names"
  local out = {}
  for index, name in ipairs(given) do
    local right = known.by_lower[ascii.lower(name)]
    if right and right ~= name then
      context:note(("note: --event: %s is read as %s"):format(name, right))
    elseif not right then
      local near = core.nearest(name, known.list)
      if near then
        context:note(("note: --event: %s is not a known event name, did you mean %s?"):format(name, near))
      end
    end
    out[index] = right or name
  end
  return out
end

-- The values of --ip. A text without a slash that is not an address is passed on: some events have names there.
local function addresses(list)
  for _, text in ipairs(list) do
    if cidr.looks_like_block(text) and not cidr.block(text) then
      status.usage(("--ip: address or CIDR block such as 10.0.0.0/8 expected, got %s"):format(status.quote(text)))
    end
  end
  return #list == 1 and list[1] or list
end

-- Adds a condition; two that would replace each other are wrong usage.
local function add(where, sources, option, key, value)
  if where[key] ~= nil then
    status.usage(("%s: %s is already given by %s"):format(option, key, sources[key]))
  end
  where[key], sources[key] = value, option
end

local function add_pairs(where, sources, list)
  local values, order = {}, {}
  for _, text in ipairs(list or {}) do
    local key, value = text:match("^([A-Za-z0-9_]+)=(.*)$")
    if not key then
      status.usage(("--where: KEY=VALUE expected, got %s"):format(status.quote(text)))
    elseif not values[key] then
      values[key], order[#order + 1] = {}, key
    end
    table.insert(values[key], value)
  end
  for _, key in ipairs(order) do
    add(where, sources, "--where", key, #values[key] == 1 and values[key][1] or values[key])
  end
end

-- The conditions of one query; `by` is the library's condition for --resource.
local function conditions(context, by)
  local values, where, sources = context.values, {}, {}
  local function option(name, key, value)
    if value ~= nil then
      add(where, sources, "--" .. name, key, value)
    end
  end
  option("event", "event_name", context.event_names)
  option("write", "action", values.write and "write" or nil)
  option("read", "action", values.read and "read" or nil)
  option("product", "resource_type", values.product and ascii.lower(values.product))
  option("resource", by, values.resource)
  option("key", "access_key_id", values.key)
  if values.user then
    option("user", values.user:find("^%d+$") and "principal_id" or "user", values.user)
  end
  option("ip", "source_ip", values.ip and addresses(values.ip))
  option("sensitive", "sensitive_action", values.sensitive and "1" or nil)
  option("request-id", "request_id", values.request_id)
  add_pairs(where, sources, values.where)
  return where
end

-- The test of --failed and --denied; nil without them.
local function result_test(values)
  if not (values.failed or values.denied) then
    return nil
  end
  local only_denied = values.denied
  return function(event)
    local result = event:row().result
    return result == "denied" or result == "failed" and not only_denied
  end
end

-- What is tested here, for -v.
local function explain_local(context)
  local values, list = context.values, {}
  if values.user and not values.user:find("^%d+$") then
    list[#list + 1] = "--user " .. values.user
  end
  if values.ip and (#values.ip > 1 or values.ip[1]:find("/", 1, true)) then
    list[#list + 1] = "--ip " .. table.concat(values.ip, ",")
  end
  list[#list + 1] = values.failed and "--failed" or nil
  list[#list + 1] = values.denied and "--denied" or nil
  if #list > 0 then
    context.err:write("tested here on every event of the time range: ", width.escape(table.concat(list, ", ")), "\n")
  end
end

--- The first second that the service still has, for a command that began at `now`.
function filter.earliest(now)
  return now - RETENTION + MARGIN
end

--- The time range as it was given, in epoch seconds; `default` is the since without --since (nil: none).
function filter.given_range(context, default)
  local values, now = context.values, context.now
  local since = values.since or default
  since = since and times.read("--since", since, now, values.utc)
  local to = values["until"] and times.read("--until", values["until"], now, values.utc) or now
  if since and to < since then
    status.usage(("--until: %s is before --since, %s"):format(times.show(to, values.utc),
      times.show(since, values.utc)))
  end
  return since, to
end

--- Ends the command when the service does not have the second `since` any more; returns the first one that it has.
function filter.check_retention(context, since, to)
  local utc, earliest = context.values.utc, filter.earliest(context.now)
  if since < earliest - MARGIN then
    status.usage(("--since: %s is before %s: events are kept for 90 days"):format(times.show(since, utc),
      times.show(earliest, utc)), ("the earliest is --since %s; older events are in the storage of the track that "
      .. "shipped them"):format(times.show(earliest, utc)))
  end
  return math.max(since, math.min(earliest, to))
end

-- Options whose empty text, as of a shell variable that is not set, would match nothing, or events without a value.
local TEXTS = { "product", "resource", "key", "user", "request-id" }

--- What the options of FILTER describe without its time range: {queries = {where…}, filter, max}. Several queries
-- overlap; each event counts once.
function filter.conditions(context)
  local values = context.values
  if values.write and values.read then
    status.usage("--read: cannot be used together with --write")
  end
  for _, name in ipairs(TEXTS) do
    if values[(name:gsub("-", "_"))] == "" then
      status.usage(("--%s: a value expected, got an empty text"):format(name))
    end
  end
  context.event_names = values.event and event_names(context, values.event)
  local queries = { conditions(context, "resource_name") }
  if values.resource then
    queries[2] = conditions(context, "resource_id")
  end
  if values.verbose then
    explain_local(context)
  end
  return { queries = queries, filter = result_test(values), max = values.max }
end

-- Options of FILTER that say which events, in the order of their text.
local CONDITIONS = { "event", "write", "read", "product", "resource", "key", "user", "ip", "failed", "denied",
  "sensitive", "request-id", "where" }

--- The conditions as a text of options, the same for conditions that mean the same; "" for none. After
-- filter.conditions, which corrects the names of events.
function filter.text(context)
  local out = {}
  for _, name in ipairs(CONDITIONS) do
    local value = name == "event" and context.event_names or context.values[(name:gsub("-", "_"))]
    if type(value) == "table" then
      local list = {}
      for index, item in ipairs(value) do
        list[index] = item
      end
      table.sort(list)
      value = table.concat(list, ",")
    elseif name == "product" and value then
      value = ascii.lower(value)
    end
    if value then
      out[#out + 1] = "--" .. name .. (value ~= true and "=" .. value or "")
    end
  end
  return table.concat(out, " ")
end

--- The request of --from: no age limit, and without --since no beginning.
function filter.read_stored(context, request)
  if context.values.location then
    status.usage("--location: asks the service, which --from does not")
  end
  request.from = context.values.from
  request.since, request["until"] = filter.given_range(context)
  return request
end

--- The request that the options of FILTER describe: as filter.conditions, with since and until. `default` is the since
-- without --since.
function filter.read(context, default)
  local request = filter.conditions(context)
  if context.values.from then
    return filter.read_stored(context, request)
  end
  local since, to = filter.given_range(context, default)
  request.since, request["until"] = filter.check_retention(context, since, to), to
  return request
end

return filter
