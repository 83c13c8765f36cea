-- The sections about events, each as HTML from what aggregate.lua found. `show` is a function from epoch seconds to
-- ISO 8601 in the zone of the report.
local html = require "cloudaudit.cli.report.html"
local svg = require "cloudaudit.cli.report.svg"

local sections = {}

local fill = html.fill

-- ---- charts ----------------------------------------------------------------------------------

local LEGEND = {}
for index, class in ipairs{ "denied", "failed", "other" } do
  LEGEND[index] = fill('<li><svg aria-hidden="true"><rect class="{class}" width="10" height="10"/></svg>{text}</li>',
    { class = class, text = class == "other" and "other events" or class })
end
LEGEND = '<ul class="legend">' .. table.concat(LEGEND) .. "</ul>"

-- In words, what a chart shows.
local function description(bins, label)
  local highest, all = 1, 0
  for index, bin in ipairs(bins) do
    all = all + bin.all
    highest = bin.all > bins[highest].all and index or highest
  end
  return ("%s in %s; the highest: %s, %s."):format(html.count(all, "event"), html.count(#bins, "bar"), label(highest),
    html.count(bins[highest].all, "event"))
end

-- Where the bar of the oldest event begins, in percent, when older ones were not read.
local function unread(found, cut)
  local index = cut and found.oldest and found.scale:index(found.oldest) or 1
  return (math.max(1, index) - 1) * 100 / found.scale.count
end

--- Events over the time range. `cut`: --max ended the reading.
function sections.timeline(found, cut)
  local function label(index)
    return found.scale:label(index)
  end
  local title = "Events by " .. found.scale.name
  return fill('<section>\n<div class="head"><h2>{title}</h2>{=legend}</div>\n{=chart}\n</section>\n', { title = title,
    legend = LEGEND, chart = svg.chart{ id = "hours", title = title, text = description(found.bins, label),
      bins = found.bins, label = label, ticks = found.scale:ticks(), unread = unread(found, cut) } })
end

--- Events by the hour of the day.
function sections.hours_of_day(found)
  local function label(index)
    return ("%02d:00 to %02d:00"):format(index - 1, index)
  end
  local ticks = {}
  for hour = 0, 21, 3 do
    ticks[#ticks + 1] = { index = hour + 1, text = ("%02d"):format(hour) }
  end
  return fill('<section>\n<div class="head"><h2>Hour of the day</h2></div>\n{=chart}\n</section>\n', {
    chart = svg.chart{ id = "day", title = "Events by hour of the day", text = description(found.hours, label),
      bins = found.hours, label = label, ticks = ticks, unread = 0 } })
end

-- ---- the most frequent values ----------------------------------------------------------------

-- A value of an event; one that was not recorded says so.
local function value(text)
  return text and html.escape(text) or '<span class="absent">not recorded</span>'
end

local function top_row(entry, most)
  return fill('<tr><th scope="row" class="who">{=value}</th><td>{=meter}</td><td class="number">{count}</td>'
    .. '<td class="number denied-text">{refused}</td></tr>\n', { value = value(entry.key),
      meter = svg.meter(entry.count, entry.refused, most), count = html.number(entry.count),
      refused = entry.refused > 0 and html.number(entry.refused) or "" })
end

-- What the rows leave out.
local function left_out(top, noun, plural)
  if top.others.count == 0 then
    return ""
  end
  local text = top.exact and ("%s of %s"):format(html.count(top.others.count, "event"),
    html.count(top.others.values, "other " .. noun, "other " .. plural))
    or ("%s of others; there are more than %s, too many to count each exactly"):format(
      html.count(top.others.count, "event"), html.count(top.values, noun, plural))
  return fill('<p class="note">{text}</p>\n', { text = text })
end

--- The most frequent users, products or addresses: `top` as Counter:top gives them, of at least one event. `names`:
-- {id, title, column, one, many}.
function sections.top(names, top)
  local rows, most = {}, top.rows[1].count
  for index, entry in ipairs(top.rows) do
    rows[index] = top_row(entry, most)
  end
  return fill('<section id="{id}">\n<div class="head"><h2>{title}</h2></div>\n<table class="top">\n<caption>{title}: '
    .. 'events and denied calls</caption>\n<thead><tr><th scope="col" class="who">{column}</th><td></td>'
    .. '<th scope="col" class="number calls">Events</th><th scope="col" class="number refused">Denied</th></tr>'
    .. "</thead>\n<tbody>\n{=rows}</tbody>\n</table>\n{=rest}</section>\n", { id = names.id, title = names.title,
      column = names.column, rows = table.concat(rows), rest = left_out(top, names.one, names.many) })
end

-- ---- tables of events ------------------------------------------------------------------------

--- A time: for people without its zone, which the page names once; whole in its attributes.
function sections.time(seconds, show)
  if seconds == 0 then
    return '<span class="absent">no time</span>'
  end
  local whole = show(seconds)
  return fill('<time datetime="{whole}" title="{whole}">{text}</time>', { whole = whole,
    text = whole:sub(1, 10) .. " " .. whole:sub(12, 19) })
end

-- Tables whose rows become cards on a phone; the roles keep them tables for screen readers there.
local TABLE = '<table class="cards" role="table">\n<caption>{caption}</caption>\n<thead role="rowgroup"><tr role="row">'
  .. '{=titles}</tr></thead>\n<tbody role="rowgroup">\n{=rows}</tbody>\n</table>\n'

--- A table of such rows; `columns`: {title, class}.
function sections.table(caption, columns, rows)
  local titles = {}
  for index, column in ipairs(columns) do
    titles[index] = fill('<th scope="col" role="columnheader" class="{class}">{title}</th>', { title = column[1],
      class = column[2] or "" })
  end
  return fill(TABLE, { caption = caption, titles = table.concat(titles), rows = table.concat(rows) })
end

-- A dotted code may part at its dots.
local function code(text)
  return (html.escape(text):gsub("%.", ".<wbr>"))
end

local REFUSAL = '<tr role="row"><td role="cell" class="number right" data-title="Calls">{count}</td>'
  .. '<td role="cell" class="name first">{=name}</td><td role="cell" data-title="User">{=user}</td>'
  .. '<td role="cell" data-title="Source">{=source}</td><td role="cell" class="small" data-title="Error">{=code}</td>'
  .. '<td role="cell" class="time small" data-title="Last">{=last}</td></tr>\n'

--- Denied calls, the same ones together.
function sections.denied(found, show)
  local top, rows = found.refusals, {}
  for index, entry in ipairs(top.rows) do
    rows[index] = fill(REFUSAL, { count = html.number(entry.count), name = value(entry.name), user = value(entry.user),
      source = value(entry.source_ip), code = entry.error_code and code(entry.error_code) or value(nil),
      last = sections.time(entry.last, show) })
  end
  local body = '<p class="soft">None.</p>\n'
  if #rows > 0 then
    body = sections.table("Denied calls", { { "Calls", "number count" }, { "Event", "event" }, { "User", "user" },
      { "Source", "source" }, { "Error" }, { "Last", "when" } }, rows)
  end
  if top.others.count > 0 then
    body = body .. fill('<p class="note">and {count} of other kinds</p>\n', { count = html.count(top.others.count,
      "denied call") })
  end
  return fill('<section id="denied" class="long">\n<div class="head"><h2>Denied calls</h2></div>\n{=body}</section>\n',
    { body = body })
end

local WRITE = '<tr role="row"><td role="cell" class="time small">{=time}</td><td role="cell" class="first">'
  .. '<span class="name">{=name}</span> <span class="soft small">{product}</span></td>'
  .. '<td role="cell" data-title="User">{=user}</td><td role="cell" data-title="Source">{=source}</td>'
  .. '<td role="cell" data-title="Resource"{=empty}>{resource}</td>'
  .. '<td role="cell" class="right small {result}-text">{result}{=code}</td></tr>\n'

local WRITE_COLUMNS = { { "Time", "when" }, { "Event", "event" }, { "User", "user" }, { "Source", "source" },
  { "Resource" }, { "Result", "result" } }

local function write_row(write, show)
  return fill(WRITE, { time = sections.time(write.time, show), name = value(write.name), product = write.product or "",
    user = value(write.user), source = value(write.source_ip), resource = write.resource or "",
    empty = write.resource and "" or ' class="empty"', result = write.result,
    code = write.error_code and fill(' <span class="code">{=code}</span>', { code = code(write.error_code) }) or "" })
end

--- The newest writes, with the box that filters them.
function sections.writes(found, show)
  local rows, all = {}, found.totals.write
  for index, write in ipairs(found.writes) do
    rows[index] = write_row(write, show)
  end
  local title = all > #rows and ("The newest %s of %s writes"):format(html.number(#rows), html.number(all))
    or "Writes, the newest first"
  if all == 0 then
    return '<section id="writes">\n<div class="head"><h2>Writes</h2></div>\n<p class="soft">None.</p>\n</section>\n'
  end
  return fill('<section id="writes" class="long">\n<div class="head"><h2>{title}</h2>\n<div id="filter" class="filter" '
    .. 'role="search" hidden><label><span class="soft">Filter</span> <input type="search" autocomplete="off" '
    .. 'spellcheck="false" placeholder="user, event, address …"></label><span id="shown" role="status"></span></div>'
    .. "</div>\n{=table}</section>\n", { title = title, table = sections.table(title, WRITE_COLUMNS, rows) })
end

return sections
