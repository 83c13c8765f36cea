-- The posture checks and activity rules together: by id and by group, and what each reads.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local state = require "cloudaudit.check.state"

local catalog = {}

--- The groups, in order.
catalog.GROUPS = { "trail", "activity" }

--- Severities, the gravest last.
catalog.SEVERITIES = { "info", "low", "medium", "high", "critical" }

--- The rank of a severity.
catalog.RANK = {}
for index, name in ipairs(catalog.SEVERITIES) do
  catalog.RANK[name] = index
end

-- Nothing but the rules may load what they need, so the lists are read at first use.
local loaded

local function load_rows()
  if not loaded then
    loaded = { list = {}, by_id = {}, names = { "trail", "activity" } }
    for index, rows in ipairs{ require "cloudaudit.check.posture", require "cloudaudit.check.activity" } do
      for _, row in ipairs(rows) do
        loaded.list[#loaded.list + 1] = { row = row, group = catalog.GROUPS[index] }
        loaded.by_id[row.id] = true
        loaded.names[#loaded.names + 1] = row.id
      end
    end
  end
  return loaded
end

--- All ids and groups.
function catalog.names()
  return load_rows().names
end

--- The actions that a row calls.
function catalog.actions(row)
  if not row.reads then
    return { "DescribeEvents" }
  end
  local list, known = {}, {}
  for _, read in ipairs(row.reads) do
    for _, action in ipairs(state.ACTIONS[read]) do
      list[#list + 1] = not known[action] and action or nil
      known[action] = true
    end
  end
  return list
end

--- What a row looks at, in words: the events of a rule with the basis of their names, or the actions of a check.
function catalog.sources(row)
  local parts = {}
  for _, source in ipairs(row.events or {}) do
    parts[#parts + 1] = ("%s: %s%s"):format(source[1], source[2]:gsub(" ", ", "),
      source[3] and (" (%s)"):format(source[3]) or "")
  end
  if row.every then
    parts[1] = row.every == "write" and "every write" or "every event"
  end
  return parts[1] and table.concat(parts, "; ") or table.concat(catalog.actions(row), ", ")
end

-- The set of ids that a list of ids and groups names; nil, message, err (misuse) for an unknown one.
local function set_of(place, list)
  local rows, set = load_rows(), {}
  for _, name in ipairs(list) do
    local known = rows.by_id[name]
    set[name] = known or nil
    for _, item in ipairs(rows.list) do
      if item.group == name then
        known, set[item.row.id] = true, true
      end
    end
    if not known then
      local near = type(name) == "string" and core.nearest(name, rows.names)
      return errors.misuse(("%s: unknown check %s%s"):format(place, tostring(name),
        near and (", did you mean %s?"):format(near) or ": an id such as trail.writes, trail or activity expected"),
        place)
    end
  end
  return set
end

--- The rows that `wanted` (ids and groups; nil: all) names, without those of `skip`: a list of {row, group}. nil,
-- message, err (misuse) for an unknown name.
function catalog.choose(wanted, skip)
  local names, message, err = set_of("checks", wanted or catalog.GROUPS)
  local without
  if names then
    without, message, err = set_of("skip", skip or {})
  end
  if not without then
    return nil, message, err
  end
  local list = {}
  for _, item in ipairs(load_rows().list) do
    list[#list + 1] = names[item.row.id] and not without[item.row.id] and item or nil
  end
  return list
end

return catalog
