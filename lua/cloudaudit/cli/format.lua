-- Writes rows in the formats of --output. A writer gets rows (tables by member), shows them in pages, and ends with
-- finish() only when the answer is complete: a JSON array of a broken reading stays open.
local ascii = require "cloudaudit.ascii"
local core = require "cloudaudit.core"
local status = require "cloudaudit.cli.status"
local width = require "cloudaudit.cli.width"

local format = {}

-- Rows of a page; a page is also over when its first row has waited for a second.
local PAGE = 50
local AGE = 1

local function escape_for_terminal(text)
  return ("\\u%04x"):format(text:byte(-1))
end

-- Texts of plain letters are written here, which is several times faster than core.encode; all others by it, with the
-- control characters that JSON would let through escaped too, since terminals obey them.
local function encode_text(text)
  if not text:find('[^ !#-%[%]-~]') then
    return '"' .. text .. '"'
  end
  local json = core.encode(text) or core.encode(width.escape(text))
  if json:find("[\127\194]") then
    json = json:gsub("\127", escape_for_terminal):gsub("\194[\128-\159]", escape_for_terminal)
  end
  return json
end

local add

-- Members sorted by name: the same value is the same text in every run. (core.encode has Lua's order of keys.)
local function add_table(out, value)
  if value[1] ~= nil or getmetatable(value) == core.list then
    out[#out + 1] = "["
    for index, item in ipairs(value) do
      out[#out + 1] = index > 1 and "," or nil
      add(out, item)
    end
    out[#out + 1] = "]"
    return
  end
  local names, count = {}, 0
  for name in pairs(value) do
    count = count + 1
    names[count] = name
  end
  table.sort(names)
  for index = 1, count do
    out[#out + 1] = index > 1 and "," or "{"
    out[#out + 1] = encode_text(names[index])
    out[#out + 1] = ":"
    add(out, value[names[index]])
  end
  out[#out + 1] = count > 0 and "}" or "{}"
end

function add(out, value)
  local kind = type(value)
  if kind == "string" then
    out[#out + 1] = encode_text(value)
  elseif kind == "table" then
    add_table(out, value)
  else
    out[#out + 1] = core.encode(value) or encode_text(tostring(value))
  end
end

--- A value as JSON.
function format.json(value)
  local out = {}
  add(out, value)
  return table.concat(out)
end

--- A row as a JSON object with its members in order.
function format.object(row, members)
  local out = {}
  for index, name in ipairs(members) do
    local value = row[name]
    out[#out + 1] = index > 1 and "," or "{"
    out[#out + 1] = encode_text(name)
    if value == nil or value == core.null then
      out[#out + 1] = ":null"
    else
      out[#out + 1] = ":"
      add(out, value)
    end
  end
  out[#out + 1] = "}"
  return table.concat(out)
end

-- A number without an exponent or a fraction that it does not have.
local function plain(value)
  if type(value) == "number" and value % 1 == 0 and value < 2 ^ 63 and value >= -2 ^ 63 then
    return ("%d"):format(value)
  elseif type(value) == "table" then
    return format.json(value)
  end
  return tostring(value)
end

local function csv_cell(value)
  if value == nil or value == core.null then
    return ""
  end
  local text = plain(value)
  if text:find('[",\r\n]') or text:find("^%s") or text:find("%s$") then
    return '"' .. text:gsub('"', '""') .. '"'
  end
  return text
end

-- ---- columns ---------------------------------------------------------------------------------

-- The chosen columns: the given defaults, or those of --columns. Each may be called by its title too.
local function choose(context, columns, defaults)
  local given = context.values.columns
  if not given then
    return defaults
  elseif context.format ~= "table" and context.format ~= "csv" then
    status.usage(("--columns: for the formats table and csv only, not for %s"):format(context.format))
  end
  local chosen, names = {}, {}
  for _, column in ipairs(columns) do
    names[#names + 1] = column.key
  end
  for index, name in ipairs(given) do
    for _, column in ipairs(columns) do
      if column.key == name or ascii.lower(column.name) == ascii.lower(name) then
        chosen[index] = column
      end
    end
    if not chosen[index] then
      local near = core.nearest(name, names)
      status.usage("--columns: unknown column " .. name,
        near and ("did you mean %s?"):format(near) or "known: " .. table.concat(names, ", "))
    end
  end
  return chosen
end

-- ---- writers ---------------------------------------------------------------------------------

local writers = {}

-- The JSON object of a row, which may be that already.
local function object_of(self, row)
  return type(row) == "string" and row or format.object(row, self.members)
end

function writers.jsonl(self)
  self.takes_text = true
  local lines = {}
  function self.put(row)
    lines[self.pending] = object_of(self, row)
  end
  -- One write for a page, which costs a fraction of one for each line.
  function self.before_flush()
    if self.pending > 0 then
      self.out:write(table.concat(lines, "\n", 1, self.pending), "\n")
    end
  end
end

-- Lines of the OCSF objects that the rows hold.
function writers.ocsf(self)
  function self.put(row)
    self.out:write(format.json(row.ocsf), "\n")
  end
end

function writers.json(self)
  self.takes_text = true
  function self.put(row)
    self.out:write(self.count == 1 and "[\n" or ",\n", object_of(self, row))
  end
  function self.last()
    self.out:write(self.count == 0 and "[]\n" or "\n]\n")
  end
end

function writers.csv(self)
  local function line(cells)
    self.out:write(table.concat(cells, ","), "\n")
  end
  local function head()
    local names = {}
    for index, column in ipairs(self.columns) do
      names[index] = column.key
    end
    line(names)
  end
  function self.put(row)
    if self.count == 1 then
      head()
    end
    local cells = {}
    for index, column in ipairs(self.columns) do
      cells[index] = csv_cell(row[column.key])
    end
    line(cells)
  end
  function self.last()
    if self.count == 0 then
      head()
    end
  end
end

function writers.table(self)
  local context = self.context
  local shown = context:is_terminal(1)
  local terminal = require "cloudaudit.cli.terminal"
  local drawn = require("cloudaudit.cli.table").new{
    columns = self.columns, two_lines = self.two_lines, width = shown and terminal.width or nil,
    color = terminal.color(context.values.color or "auto", shown),
  }
  function self.put(row, after)
    local cells = {}
    for index, column in ipairs(self.columns) do
      local value = row[column.key]
      if value ~= nil and value ~= core.null then
        cells[index] = column.show and column.show(value, row, context) or plain(value)
      end
    end
    drawn:add(cells, after)
  end
  function self.before_flush()
    if self.pending > 0 then
      self.out:write(drawn:text())
    end
  end
end

local Writer = {}
Writer.__index = Writer

--- Adds a row: a table by member, or if the writer `takes_text` the text of its JSON object. `after`: lines below it in
-- a table.
function Writer:add(row, after)
  self.count, self.pending = self.count + 1, self.pending + 1
  self.put(row, after)
  local now = core.monotonic()
  self.since = self.since or now
  if self.pending >= PAGE or now - self.since >= AGE then
    self:flush()
  end
end

--- Hands on what was added.
function Writer:flush()
  self.context:clear()
  if self.before_flush then
    self.before_flush()
  end
  self.pending, self.since = 0, nil
  self.out:flush()
end

--- Ends a complete answer.
function Writer:finish()
  if self.last then
    self.last()
  end
  self:flush()
end

--- A writer in the format of the context. shape: members (of a JSON object, in order), columns (all of them: {key,
-- name, free, color, show = function(value, row, context)}), table_columns and csv_columns (the defaults), two_lines
-- (see table.lua).
function format.new(context, shape)
  local self = setmetatable({ context = context, out = context.out, members = shape.members, count = 0, pending = 0,
    two_lines = shape.two_lines }, Writer)
  self.columns = choose(context, shape.columns, context.format == "csv" and shape.csv_columns or shape.table_columns)
  writers[context.format](self)
  return self
end

return format
