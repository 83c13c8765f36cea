-- The page of a report: one HTML text that loads nothing. Its policy forbids everything but its own style and script:
-- no attribute of an element may have a style or a handler.
local findings = require "cloudaudit.cli.report.findings"
local html = require "cloudaudit.cli.report.html"
local sections = require "cloudaudit.cli.report.sections"
local style = require "cloudaudit.cli.report.style"

local page = {}

local fill = html.fill

-- The empty icon keeps browsers from asking a server for one.
local HEAD = [[<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="cloudaudit {version}">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{=css}</style>
</head>
<body>
]]

local FOOT = [[<script>{=script}</script>
</body>
</html>
]]

local POLICY = ("default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; "
  .. "form-action 'none'"):format(html.source(style.CSS), html.source(style.SCRIPT))

-- "2026-01-31 16:00:00 +08:00" of ISO 8601.
local function readable(time)
  return (time:gsub("T", " "):gsub("([0-9])([+-][0-9:]+)$", "%1 %2"):gsub("Z$", " UTC"))
end

local function warning(data)
  if not data.cut then
    return ""
  end
  local back = data.found.oldest and ", back to " .. readable(data.show(data.found.oldest)) or ""
  return fill('<p class="warning" role="note">Cut by --max {max}: only the newest {count} are here{back}. Older ones '
    .. "were not read.</p>\n", { max = ("%d"):format(data.max), count = html.count(data.max, "event"),
      back = back })
end

local function header(data)
  return fill('<header>\n<h1>{title}</h1>\n<p class="range"><span>{since}</span> to <span>{to}</span></p>\n{=warning}'
    .. "</header>\n", { title = data.title, since = readable(data.show(data.found.since)),
      to = readable(data.show(data.found.to)), warning = warning(data) })
end

local function share(part, all)
  if part == 0 then
    return "none"
  elseif part * 1000 < all then
    return "under 0.1 % of all"
  end
  return (("%.1f"):format(100 * part / all):gsub(",", "."):gsub("%.0$", "")) .. " % of all"
end

local function tile(class, name, count, more)
  return fill('<div class="{class}"><dt>{name}</dt><dd>{count}<small>{more}</small></dd></div>\n', { class = class,
    name = name, count = count, more = more })
end

-- How many different values there are, perhaps with a noun.
local function different(top, noun, plural)
  return (top.exact and "" or "over ") .. (noun and html.count(top.values, noun, plural) or html.number(top.values))
end

local function totals(found)
  local all = found.totals
  return table.concat{ '<section class="plain" aria-label="Totals">\n<dl class="totals">\n',
    tile("", "Events", html.number(all.all), html.count(all.read, "read")),
    tile("", "Writes", html.number(all.write), share(all.write, all.all)),
    tile(all.denied > 0 and "denied" or "", "Denied", html.number(all.denied), share(all.denied, all.all)),
    tile(all.failed > 0 and "failed" or "", "Failed otherwise", html.number(all.failed), share(all.failed, all.all)),
    tile("", "Users", different(found.users), "from " .. different(found.addresses, "address", "addresses")),
    tile("", "Products", different(found.products), html.count(all.sensitive, "sensitive event")),
    "</dl>\n</section>\n" }
end

-- What the counts alone do not say.
local function remarks(all)
  local list = {}
  local function remark(count, text)
    if count > 0 then
      list[#list + 1] = html.count(count, "event") .. " " .. text
    end
  end
  remark(all.untimed, "without a time are in no chart.")
  remark(all.unknown, "without a readable record count neither as successful nor as failed.")
  remark(all.all - all.write - all.read, "are neither marked as a read nor as a write.")
  return #list > 0 and fill('<p class="note">{text}</p>\n', { text = table.concat(list, " ") }) or ""
end

local function footer(data)
  return fill('<footer>\n<dl>\n<dt>Query</dt><dd class="query">{query}</dd>\n<dt>Made</dt><dd>{made}, by cloudaudit '
    .. "{version}</dd>\n<dt>Times</dt><dd>{zone}; pointing at one shows its offset</dd>\n</dl>\n"
    .. "</footer>\n", { query = data.query, made = readable(data.show(data.made)), version = data.version,
      zone = data.zone })
end

local function charts(found, cut)
  return table.concat{ sections.timeline(found, cut), '<div class="columns">\n',
    sections.top({ id = "users", title = "Users", column = "User", one = "user", many = "users" }, found.users),
    sections.top({ id = "addresses", title = "Addresses", column = "Address", one = "address", many = "addresses" },
      found.addresses),
    sections.top({ id = "products", title = "Products", column = "Product", one = "product", many = "products" },
      found.products), sections.hours_of_day(found), "</div>\n" }
end

--- The page of data{title, query (text), zone (what the times are, such as UTC), made (epoch seconds), version, show
-- (function from epoch seconds to ISO 8601 in that zone), max (of --max, if given), cut (whether it ended the reading),
-- found (see aggregate.lua), findings (a list, see findings.lua; nil: no such section), blind (what findings cannot
-- tell, or nil)}.
function page.of(data)
  local found = data.found
  local none = found.totals.all == 0
  return table.concat{ fill(HEAD, { policy = POLICY, version = data.version, title = data.title, css = style.CSS }),
    header(data), "<main>\n", totals(found), remarks(found.totals),
    none and "<section><p>No events match.</p></section>\n" or charts(found, data.cut),
    none and "" or sections.denied(found, data.show),
    data.findings and findings.section(data.findings, data.blind) or "",
    none and "" or sections.writes(found, data.show), "</main>\n", footer(data),
    fill(FOOT, { script = style.SCRIPT }) }
end

return page
