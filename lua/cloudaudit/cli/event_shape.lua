-- How events are shown: the members of their JSON, and the columns of tables and CSV.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local rows = require "cloudaudit.events.row"
local times = require "cloudaudit.cli.times"

local shape = {}

-- A terminal of this many columns has room for the region.
local WIDE = 140

local RESULT_COLORS = { denied = "red", failed = "yellow" }

local TITLES = { name = "EVENT", source_ip = "SOURCE" }
local FIXED = { id = true, time = true, name = true, request_id = true }

--- Members of the JSON of an event, in order.
shape.MEMBERS = {}

--- Columns by key, and all in order.
shape.COLUMNS, shape.BY_KEY = {}, {}

for index, name in ipairs(rows.MEMBERS) do
  shape.MEMBERS[index] = name
end
table.insert(shape.MEMBERS, "detail")

local function upper(name)
  return (name:gsub("[a-z]", function(letter)
    return string.char(letter:byte() - 32)
  end))
end

for index, name in ipairs(shape.MEMBERS) do
  local column = { key = name, name = TITLES[name] or upper(name), free = not FIXED[name], whole = name == "time" }
  shape.COLUMNS[index], shape.BY_KEY[name] = column, column
end

function shape.BY_KEY.time.show(value, _, context)
  return times.show(value, context.values.utc)
end

function shape.BY_KEY.result.color(text)
  return RESULT_COLORS[text]
end

local DEFAULT = { "time", "name", "user", "source_ip", "resource", "result" }

-- The default columns of a table, but for the one that is the same in every row.
local function defaults(context, without)
  local out = {}
  for _, key in ipairs(DEFAULT) do
    if key ~= without then
      out[#out + 1] = shape.BY_KEY[key]
    end
  end
  if context:is_terminal(1) and require("cloudaudit.cli.terminal").width() >= WIDE then
    out[#out + 1] = shape.BY_KEY.region
  end
  return out
end

--- The shape of events for format.new; `without`: the column that the subject of `who` makes needless.
function shape.of(context, without)
  return { members = shape.MEMBERS, columns = shape.COLUMNS, two_lines = 2, csv_columns = shape.COLUMNS,
    table_columns = context.format == "table" and not context.values.columns and defaults(context, without) or {} }
end

--- The row of an event with its decoded record, without the secrets of a level (nil: with all); for a context whose
-- format is ocsf, with that object too.
function shape.row(event, level, context)
  if level then
    event = cloudaudit.redact(event, { level = level })
  end
  local row = event:row()
  row.detail = event.detail
  if context and context.format == "ocsf" then
    row.ocsf = require("cloudaudit.events.ocsf").of(event)
  end
  return row
end

--- The same as the text of a JSON object, without the secrets of a level (nil: with all): what format.object makes of
-- shape.row, in a fraction of its time.
shape.text = core.event_json

return shape
