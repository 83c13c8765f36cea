-- Reads events back from what this command wrote: a folder or a database of export, a file of JSON lines (compressed or
-- not), or standard input. They come strictly by time, each once; those without a time come last. A file of lines can
-- have any order: all of its events that are wanted are in memory.
local lines = require "cloudaudit.export.lines"
local record = require "cloudaudit.export.record"
local source = require "cloudaudit.export.source"

local reader = {}

local EISDIR = 21
local SQLITE = "SQLite format 3\0"

local function open_database(path, query)
  local database = require "cloudaudit.export.database"
  if not database.is_there() then
    return nil, path .. ": it is a database", "luasql.sqlite3"
  end
  local held = database.read(path)
  query.redacted = held ~= nil and held.redacted
  local next_row, message = database.rows(path, query)
  if not next_row then
    return nil, message
  end
  return source.wanted(function()
    local row, problem = next_row()
    if not row then
      return nil, problem
    end
    local event
    event, problem = record.event(row)
    return event, problem and ("%s: %s"):format(path, problem)
  end, query)
end

local function open_lines(place, query, list, message, module)
  if not list then
    return nil, message, module
  end
  return source.sorted(source.wanted(source.of_lines(place, list), query), query)
end

--- The source of the events at a path: a folder, a file, or "-" for standard input; query: see source.lua. nil,
-- message, module: the Lua module that is missing.
function reader.open(path, query)
  if path == "-" then
    return open_lines("standard input", query, lines.new(io.stdin, true))
  end
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local head, _, code = file:read(#SQLITE)
  if code ~= EISDIR and head ~= SQLITE then -- a pipe can be opened once
    return open_lines(path, query, lines.of(path, file, head))
  end
  file:close()
  if code == EISDIR then
    return require("cloudaudit.export.days").open(path, query)
  end
  return open_database(path, query)
end

return reader
