-- cloudaudit events: looks once.
local events = {}

events.summary = "Look at events once"
events.examples = {
  "cloudaudit events --since 2h",
  "cloudaudit events --since 7d --event DeleteBucket -o jsonl | jq .detail.requestParameters",
  "cloudaudit events --from ./archive --since 400d --key AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE -o csv",
  "cloudaudit events --since today --denied --columns time,event,user,error_code",
}
events.text = "Without --since: the last hour, of --from all. Ctrl-C keeps what was printed. A command whose reading "
  .. "fails exits with 1, 3, 5 or 6 and says where it stopped; a JSON array is then left open."
events.filter = true
events.formats = { "table", "jsonl", "json", "csv", "ocsf" }
events.options = {
  { name = "order", value = "ORDER", choices = { "newest", "oldest" }, doc = "newest (default) or oldest first" },
  { name = "parallel", value = "N", type = "positive", max = 64,
    doc = "slices of the time range to read in parallel, at most 64" },
  { name = "location", doc = "ask the service for the location of addresses" },
}

--- Runs the verb; see verbs/init.lua.
function events.run(context)
  local filter, format = require "cloudaudit.cli.filter", require "cloudaudit.cli.format"
  local reading, shape = require "cloudaudit.cli.reading", require "cloudaudit.cli.event_shape"
  local values = context.values
  local request = filter.read(context, "-1h")
  request.order, request.parallel, request.location = values.order or "newest", values.parallel, values.location
  local writer = format.new(context, shape.of(context))
  require("cloudaudit.cli.progress").attach(context, request)
  local function flush()
    writer:flush()
  end
  local function add_row(event, level)
    writer:add(shape.row(event, level, context))
  end
  local function add_text(event, level)
    writer:add(shape.text(event, level))
  end
  local count = reading.each(context, request, writer.takes_text and add_text or add_row, flush)
  writer:finish()
  if count == 0 and context:is_terminal(2) then
    context:note("no events match")
  end
  return 0
end

return events
