-- Charts as inline SVG. Lengths along a chart are percentages, across it pixels: so it takes the width of the page, and
-- its text keeps its size. Colors are those of the style's classes.
local html = require "cloudaudit.cli.report.html"

local svg = {}

-- From the top: the highest bar ends at TOP and all begin at BASE; marks are below.
local TOP, BASE, HEIGHT = 14, 164, 184

-- Of a hundred parts of a bar's place, those that it fills.
local FILLED = 80

local MANTISSAS = { 1, 2, 4, 6, 8, 10 }

--- The first round number that is not below `highest`.
function svg.ceiling(highest)
  local unit = 1
  while true do
    for _, mantissa in ipairs(MANTISSAS) do
      if mantissa * unit >= highest then
        return mantissa * unit
      end
    end
    unit = unit * 10
  end
end

-- A number with at most four places and no trailing zeros; the locale may have a comma.
local function short(number)
  return (("%.4f"):format(number):gsub(",", "."):gsub("%.?0+$", ""))
end

local function rect(class, x, wide, from, to, scale)
  if to <= from then
    return ""
  end
  local y = BASE - to * scale
  return ('<rect class="%s" x="%s%%" y="%s" width="%s%%" height="%s"/>'):format(class, short(x), short(y), short(wide),
    short((to - from) * scale))
end

-- What happened in a bar, as text: shown when something points at it.
local function told(label, bin)
  local parts = { html.count(bin.all, "event") }
  parts[#parts + 1] = bin.failed > 0 and html.number(bin.failed) .. " failed" or nil
  parts[#parts + 1] = bin.denied > 0 and html.number(bin.denied) .. " denied" or nil
  return label .. ": " .. table.concat(parts, ", ")
end

-- One bar: denied calls at the bottom, failed ones above them, then the others. The first rectangle takes the pointer
-- above a short bar too.
local function bar(index, count, bin, label, scale)
  local place = 100 / count
  local x, wide = (index - 1) * place, place * FILLED / 100
  return table.concat{ ('<g class="bar"><rect class="place" x="%s%%" y="0" width="%s%%" height="%d"/>'):format(short(x),
    short(place), BASE), rect("denied", x, wide, 0, bin.denied, scale),
    rect("failed", x, wide, bin.denied, bin.denied + bin.failed, scale),
    rect("other", x, wide, bin.denied + bin.failed, bin.all, scale),
    html.fill("<title>{text}</title></g>", { text = told(label, bin) }) }
end

local function tick(mark, index, count)
  local x = (mark.index - 1) * 100 / count
  if x > 94 then
    return "" -- its text would not fit
  end
  return html.fill('<g class="tick{minor}"><line x1="{x}%" x2="{x}%" y1="{base}" y2="{to}"/>'
    .. '<text x="{x}%" y="{below}" dx="3">{text}</text></g>',
    { minor = index % 2 == 0 and " minor" or "", x = short(x), base = BASE, to = BASE + 16, below = BASE + 16,
      text = mark.text })
end

-- The values of the grid: the top, its half if that is whole, and none.
local function levels(top)
  return top % 2 == 0 and { 0, top / 2, top } or { 0, top }
end

local function axis(top)
  local out = { ('<svg class="axis" width="100%%" height="%d" aria-hidden="true">'):format(HEIGHT) }
  for _, level in ipairs(levels(top)) do
    out[#out + 1] = ('<text x="100%%" y="%s" dy="4" text-anchor="end">%s</text>'):format(
      short(BASE - level * (BASE - TOP) / top), html.number(level))
  end
  return table.concat(out) .. "</svg>"
end

-- The place of what was not read, at the left.
local function unread(percent)
  if percent == 0 then
    return ""
  end
  return ('<rect class="unread" x="0" y="%d" width="%s%%" height="%d"/>%s'):format(TOP, short(percent), BASE - TOP,
    percent > 20 and ('<text x="0" y="%d" dx="8">not read</text>'):format(TOP + 18) or "")
end

--- Bars side by side: chart{id, title, text (a description), bins (each with all, failed, denied), label(index), ticks
-- ({index, text}…), unread (percent of the width, from the left, that was not read)}.
function svg.chart(chart)
  local highest, count = 1, #chart.bins
  for _, bin in ipairs(chart.bins) do
    highest = math.max(highest, bin.all)
  end
  local top = svg.ceiling(highest)
  local scale = (BASE - TOP) / top
  local out = { html.fill('<div class="chart">{=axis}<svg id="{id}" class="plot" width="100%" height="{height}" '
    .. 'role="img" aria-labelledby="{id}-title" aria-describedby="{id}-text"><title id="{id}-title">{title}</title>'
    .. '<desc id="{id}-text">{text}</desc>', { axis = axis(top), id = chart.id, height = HEIGHT, title = chart.title,
      text = chart.text }) }
  for _, level in ipairs(levels(top)) do
    local y = short(BASE - level * scale)
    out[#out + 1] = ('<line class="%s" x1="0" x2="100%%" y1="%s" y2="%s"/>'):format(level == 0 and "base" or "grid", y,
      y)
  end
  out[#out + 1] = unread(chart.unread)
  for index, bin in ipairs(chart.bins) do
    out[#out + 1] = bar(index, count, bin, chart.label(index), scale)
  end
  for index, mark in ipairs(chart.ticks) do
    out[#out + 1] = tick(mark, index, count)
  end
  out[#out + 1] = "</svg></div>"
  return table.concat(out, "\n")
end

--- A bar along a row of a table, for a count of at most `most`, of which `refused` were denied.
function svg.meter(count, refused, most)
  local wide, red = 100 * count / most, 100 * refused / most
  return ('<svg class="meter" width="100%%" height="10" aria-hidden="true">'
    .. '<rect class="other" width="%s%%" height="10"/>%s</svg>'):format(short(wide),
    refused > 0 and ('<rect class="denied" width="%s%%" height="10"/>'):format(short(red)) or "")
end

return svg
