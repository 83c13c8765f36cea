-- The line of an event in an export.
local core = require "cloudaudit.core"
local format = require "cloudaudit.cli.format"
local ocsf = require "cloudaudit.events.ocsf"
local redact = require "cloudaudit.events.redact"

local export_line = {}

local function row_line(event, level)
  return core.event_json(event, level, "raw")
end

local function ocsf_line(event, level)
  return format.json(ocsf.of(level and redact.event(event, { level = level }) or event, true))
end

--- A function that makes the line of an event without the secrets of a level (nil: with all), in a format: "jsonl" or
-- "ocsf".
function export_line.of(name)
  return name == "ocsf" and ocsf_line or row_line
end

return export_line
