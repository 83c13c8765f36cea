-- cloudaudit who: what was done to a resource, or by a key, a user or an address.
local who = {}

who.summary = "What was done to a resource, or by a key, user or address"
who.examples = {
  "cloudaudit who audit-logs --since 30d",
  "cloudaudit who AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
  "cloudaudit who @mallory --denied",
  "cloudaudit who AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE --from archive.db",
}
who.text = "AKID... is a key, an address or CIDR block an address, @NAME or digits a user, anything else a resource. "
  .. "Without --since: seven days, of --from all, oldest first. Of resources only writes are shown, unless --all or "
  .. "--read is given. A summary comes first, on standard error."
who.filter = true
who.formats = { "table", "jsonl", "json", "csv", "ocsf" }
who.positionals = {
  { name = "subject", value = "SUBJECT", doc = "key:, ip:, user: or resource: before it says what it is" },
}
who.options = {
  { name = "all", doc = "of a resource: reads too" },
  { name = "location", doc = "ask the service for the location of addresses" },
}

local function plural(count, noun)
  return ("%s %s%s"):format(require("cloudaudit.cli.grouped")(count), noun,
    count == 1 and "" or noun == "address" and "es" or "s")
end

-- What a subject is called, and a resource of a product.
local KINDS = { ip = "address" }
local NOUNS = { cos = "bucket", cvm = "machine", cloudaudit = "tracking set" }

-- Counts of the rows, for the summary.
local function summarize(context, subject, rows)
  local null, users, addresses, writes = require("cloudaudit").null, {}, {}, 0
  local noun = KINDS[subject.kind] or subject.kind
  local user_count, address_count = 0, 0
  for _, row in ipairs(rows) do
    writes = writes + (row.action == "write" and 1 or 0)
    if row.user ~= null and not users[row.user] then
      users[row.user], user_count = true, user_count + 1
    end
    if row.source_ip ~= null and not addresses[row.source_ip] then
      addresses[row.source_ip], address_count = true, address_count + 1
    end
    noun = subject.kind == "resource" and NOUNS[row.product] or noun
  end
  local width, times = require "cloudaudit.cli.width", require "cloudaudit.cli.times"
  local last = rows[#rows]
  local function day(row)
    return row.time ~= null and times.show(row.time, context.values.utc):sub(1, 10) or "unknown"
  end
  local parts = { plural(#rows, writes == #rows and "write" or "event") }
  if writes > 0 and writes < #rows then
    parts[1] = ("%s, %s of them writes,"):format(parts[1], require("cloudaudit.cli.grouped")(writes))
  end
  if subject.kind ~= "user" then
    parts[#parts + 1] = "by " .. plural(user_count, "user")
  end
  if subject.kind ~= "ip" then
    parts[#parts + 1] = "from " .. plural(address_count, "address")
  end
  local by = last.user ~= null and " by " .. last.user or ""
  return width.escape(("%s %s: %s, %s ... %s; last: %s%s (%s)"):format(noun, subject.value,
    table.concat(parts, " "), day(rows[1]), day(last), last.name == null and "unknown" or last.name, by, last.result))
end

-- The values of FILTER for the subject.
local function prepare(context, subject)
  local values, status = context.values, require "cloudaudit.cli.status"
  if values[subject.option] then
    status.usage(("--%s: SUBJECT is the %s already"):format(subject.option, subject.kind))
  elseif values.all and subject.kind ~= "resource" then
    status.usage("--all: for a resource only; of a " .. subject.kind .. " reads are shown anyway")
  end
  values[subject.option] = subject.option == "ip" and { subject.value } or subject.value
  if subject.kind == "resource" and not (values.all or values.read) then
    values.write = true
  end
end

--- Runs the verb; see verbs/init.lua.
function who.run(context)
  local filter, format = require "cloudaudit.cli.filter", require "cloudaudit.cli.format"
  local reading, shape = require "cloudaudit.cli.reading", require "cloudaudit.cli.event_shape"
  local subject, note = require("cloudaudit.cli.subject").read(context.values.subject)
  if note then
    context:note(note)
  end
  prepare(context, subject)
  local request, rows = filter.read(context, "-7d"), {}
  request.order, request.location = "oldest", context.values.location
  local writer = format.new(context, shape.of(context, subject.column))
  require("cloudaudit.cli.progress").attach(context, request)
  local function write_rows()
    for _, row in ipairs(rows) do
      writer:add(row)
    end
    writer:flush()
  end
  local count = reading.each(context, request, function(event, level)
    rows[#rows + 1] = shape.row(event, level, context)
  end, write_rows)
  if count > 0 then
    context:note(summarize(context, subject, rows))
  elseif context:is_terminal(2) then
    context:note("no events match")
  end
  write_rows()
  writer:finish()
  return 0
end

return who
