-- Tables on a terminal or in a pipe. Rows are laid out in pages, so that the first ones appear before the last are
-- known; a column never gets narrower from page to page.
--
-- A column is {name=, free= (it may be cut), whole= (it wraps only when nothing else gives way), color= (function of
-- the text: "red", "yellow", "green" or nil)}. Without a width nothing is cut and nothing wraps. Columns that are not
-- free wrap within themselves.
local width = require "cloudaudit.cli.width"

local tables = {}

local Table = {}
Table.__index = Table

local GAP = 2
local LEAST_FREE = 4
local LEAST = 8

-- Narrower than this a row with `two_lines` takes two lines.
local NARROW = 60

local COLORS = { red = "\27[31m", green = "\27[32m", yellow = "\27[33m" }
local PLAIN = "\27[0m"

--- Makes a table. options: columns; width (a function that returns the cells of a line, nil without limit); color
-- (boolean); two_lines (how many columns the first line of a row has on a narrow terminal).
function tables.new(options)
  local self = setmetatable({ columns = options.columns, width = options.width or function() end,
    color = options.color, two_lines = options.two_lines, widths = {}, rows = {} }, Table)
  for index, column in ipairs(options.columns) do
    self.widths[index] = width.of(column.name)
  end
  return self
end

--- Adds a row: a list of texts, one for each column. `after` are lines that follow it, cut to the width.
function Table:add(row, after)
  local cells = {}
  for index = 1, #self.columns do
    cells[index] = width.escape(tostring(row[index] == nil and "" or row[index]))
    self.widths[index] = math.max(self.widths[index], width.of(cells[index]))
  end
  self.rows[#self.rows + 1] = { cells = cells, after = after }
end

local function total(widths)
  local sum = GAP * (#widths - 1)
  for _, cells in ipairs(widths) do
    sum = sum + cells
  end
  return sum
end

-- Takes cells from the widest column that fits(column), until the line fits or none can give more.
local function shrink(self, widths, limit, least, fits)
  while total(widths) > limit do
    local widest
    for index, column in ipairs(self.columns) do
      local cells = fits(column) and widths[index] or 0
      if cells > least and (not widest or cells > widths[widest]) then
        widest = index
      end
    end
    if not widest then
      return
    end
    widths[widest] = widths[widest] - 1
  end
end

local function is_free(column)
  return column.free
end

local function is_wrapped(column)
  return not column.free and not column.whole
end

local function is_fixed(column)
  return not column.free
end

-- The widths of the columns first..last of a line of at most `limit` cells.
local function layout(self, first, last, limit)
  local widths, moved = {}, { columns = {} }
  for index = first, last do
    widths[#widths + 1] = self.widths[index]
    moved.columns[#moved.columns + 1] = self.columns[index]
  end
  if limit then
    shrink(moved, widths, limit, LEAST_FREE, is_free)
    shrink(moved, widths, limit, LEAST, is_wrapped)
    shrink(moved, widths, limit, 1, is_free)
    shrink(moved, widths, limit, 1, is_wrapped)
    shrink(moved, widths, limit, 1, is_fixed)
  end
  return widths
end

local function paint(self, column, whole, text)
  local color = self.color and column.color and COLORS[column.color(whole)]
  return color and text ~= "" and color .. text .. PLAIN or text
end

-- The line, or lines, of the cells first..last: a free cell is cut, any other continues below itself.
local function render(self, out, cells, first, widths, indent, heading)
  local rest, more = {}, true
  for index = 1, #widths do
    rest[index] = cells[first + index - 1]
    if self.columns[first + index - 1].free then
      rest[index] = width.cut(rest[index], widths[index])
    end
  end
  while more do
    local parts
    more, parts = false, {}
    for index, limit in ipairs(widths) do
      local column = self.columns[first + index - 1]
      local text
      text, rest[index] = width.split(rest[index], limit)
      if text == "" and rest[index] ~= "" then
        text, rest[index] = "", "" -- a wide character in a column of one cell
      end
      more = more or rest[index] ~= ""
      local shown = heading and text or paint(self, column, cells[first + index - 1], text)
      parts[index] = shown .. (" "):rep(limit - width.of(text))
    end
    out[#out + 1] = (indent .. table.concat(parts, (" "):rep(GAP))):gsub("%s+$", "")
  end
end

local function render_row(self, out, cells, limit, heading)
  local split = limit and limit < NARROW and self.two_lines
  if not split or split >= #self.columns then
    render(self, out, cells, 1, layout(self, 1, #self.columns, limit), "", heading)
    return
  end
  render(self, out, cells, 1, layout(self, 1, split, limit), "", heading)
  render(self, out, cells, split + 1, layout(self, split + 1, #self.columns, limit - GAP), (" "):rep(GAP), heading)
end

--- The text of the rows added since the last time, with a heading before the first of all.
function Table:text()
  local out, limit = {}, self.width()
  if not self.headed and #self.rows > 0 then
    local names = {}
    for index, column in ipairs(self.columns) do
      names[index] = column.name
    end
    render_row(self, out, names, limit, true)
    self.headed = true
  end
  for _, row in ipairs(self.rows) do
    render_row(self, out, row.cells, limit)
    for _, line in ipairs(row.after or {}) do
      line = width.escape(line)
      out[#out + 1] = limit and width.cut(line, limit) or line
    end
  end
  self.rows = {}
  out[#out + 1] = ""
  return table.concat(out, "\n")
end

return tables
