-- cloudaudit call: any action of the API, raw.
local call = {}

call.summary = "Call any action of the API"
call.examples = {
  "cloudaudit call InquireAuditCredit",
  "cloudaudit call DescribeAuditTracks '{\"PageNumber\":1,\"PageSize\":5}' --dry-run=curl",
  "cloudaudit call --list",
}
call.text = "Checks the parameters against the model and prints the Response whole, its numbers with all their digits. "
  .. "An action that the model does not know is sent as it is. A request that --dry-run prints can be sent within five "
  .. "minutes; its signature and token are masked unless --no-redact."
call.formats = { "table", "jsonl", "json", "csv" }
call.positionals = {
  { name = "action", value = "ACTION", args = "?", doc = "name of the action, such as DescribeAuditTracks" },
  { name = "params", value = "JSON|@FILE|-", args = "?", doc = "parameters as JSON, from a file or standard input" },
}
call.options = {
  { name = "list", doc = "list the actions of the model" },
  { name = "dry-run", value = "curl", optional = "json", choices = { "json", "curl" },
    doc = "print the request as JSON, or as a curl command, and send nothing" },
}
call.statuses = { { 7, "the action writes, and its answer was lost" } }

local MAX_BYTES = 16 * 1024 * 1024

local COLUMNS = { { key = "action", name = "ACTION" }, { key = "kind", name = "KIND" },
  { key = "summary", name = "SUMMARY", free = true } }

local function list(context)
  local actions, format = require "cloudaudit.actions", require "cloudaudit.cli.format"
  local writer = format.new(context, { members = { "action", "kind", "summary" }, columns = COLUMNS,
    table_columns = COLUMNS, csv_columns = COLUMNS })
  for _, name in ipairs(actions.names) do
    local action = actions.get(name)
    writer:add{ action = name, kind = (action.writes and "write" or "read") .. (action.legacy and ", legacy" or ""),
      summary = action.doc }
  end
  writer:finish()
  return 0
end

-- The text of a stream, which may be a pipe or, by mistake, a device without an end.
local function read_stream(place, file, message)
  local status, text = require "cloudaudit.cli.status", nil
  if file then
    text, message = file:read(MAX_BYTES + 1)
    text = text or not message and "" or nil
  end
  if not text then
    status.usage(("%s: %s"):format(place, tostring(message)))
  elseif #text > MAX_BYTES then
    status.usage(("%s: longer than %d bytes"):format(place, MAX_BYTES))
  end
  return text
end

local function read_params(given)
  local status = require "cloudaudit.cli.status"
  if given == nil then
    return {}
  end
  local place, text = "JSON", given
  if given == "-" then
    place = "standard input"
    text = read_stream(place, io.stdin)
  elseif given:sub(1, 1) == "@" then
    place = given:sub(2)
    local file, message = io.open(place, "rb")
    text = read_stream("@FILE", file, message)
    file:close()
  end
  local value = require("cloudaudit.cli.spec_file").json(place, text)
  local is_list = type(value) == "table" and (value[1] ~= nil
    or getmetatable(value) == require("cloudaudit.core").list)
  if type(value) ~= "table" or is_list then
    status.usage(("%s: a JSON object expected, got %s"):format(place, is_list and "a list" or type(value)))
  end
  return value
end

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Prints the request as a command for a shell.
local function as_curl(context, action, params)
  local client = context:client()
  local request, _, err = require("cloudaudit.cli.client").checked(client.prepare, client, action, params)
  if not request then
    require("cloudaudit.cli.status").fail(err)
  end
  local words, names = { "curl", "-sS", "-X", request.method }, {}
  for name in pairs(request.headers) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local secret = not context.values.no_redact and (name == "Authorization" or name == "X-TC-Token")
    words[#words + 1] = "-H"
    words[#words + 1] = quoted(("%s: %s"):format(name, secret and "[redacted]" or request.headers[name]))
  end
  local config = context:client():config()
  for _, option in ipairs{ { "--cacert ", config.ca_file.value }, { "--capath ", config.ca_path.value } } do
    if (option[2] or "") ~= "" then
      words[#words + 1] = option[1] .. quoted(option[2])
    end
  end
  words[#words + 1] = "--data-raw"
  words[#words + 1] = quoted(request.body)
  words[#words + 1] = quoted(request.url)
  context.out:write(table.concat(words, " "), "\n")
  context:note(context.values.no_redact and "note: the signature holds for five minutes"
    or "note: the signature, which holds for five minutes, is masked; --no-redact shows it")
  return 0
end

-- Sends the request and prints its Response. A read waits when the service throttles; of an action that the model does
-- not know nobody can tell whether it writes.
local function send(context, params)
  local actions, clients = require "cloudaudit.actions", require "cloudaudit.cli.client"
  local name, client = context.values.action, context:client()
  local action = actions.get(name)
  local response, err, _
  if action and not action.writes then
    response, _, err = require("cloudaudit.cli.patience").read(context, client.call, client, name, params)
  else
    if not action then
      local near = require("cloudaudit.core").nearest(name, actions.names)
      context:note(("note: %s is not in the model and is sent as it is%s"):format(name,
        near and (", did you mean %s?"):format(near) or ""))
    end
    response, _, err = clients.checked(client.call, client, name, params)
  end
  if not response then
    require("cloudaudit.cli.status").fail(err, not action or action.writes,
      err.outcome == "unknown" and (not action or action.writes) and "it may have been done" or nil)
  end
  context.out:write(require("cloudaudit.cli.format").json(response), "\n")
  return 0
end

--- Runs the verb; see verbs/init.lua.
function call.run(context)
  local status, values = require "cloudaudit.cli.status", context.values
  if values.list and values.action then
    status.usage("--list: it shows all actions, and calls none: omit it or " .. status.quote(values.action))
  elseif values.list then
    return list(context)
  elseif not values.action then
    status.usage("ACTION: missing, it is required", "cloudaudit call --list shows the actions")
  end
  local params = read_params(values.params)
  if values.dry_run == "curl" then
    return as_curl(context, values.action, params)
  elseif values.dry_run then
    require("cloudaudit.cli.tracks").print_request(context, values.action, params)
    return 0
  end
  return send(context, params)
end

return call
