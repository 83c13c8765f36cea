-- What the verbs of `cloudaudit tracks` share: finding a tracking set by name or id, showing it, and results.
local clients = require "cloudaudit.cli.client"
local format = require "cloudaudit.cli.format"
local status = require "cloudaudit.cli.status"

local tracks = {}

--- Fields of a spec in the order in which they are written.
tracks.FIELDS = { "name", "enabled", "action", "resource_type", "event_names", "filters", "storage", "all_members" }

local function url_of(storage)
  return storage and require("cloudaudit").storage.format(storage) or nil
end

--- A track as a spec: what a file for `apply` holds.
function tracks.spec_of(track)
  local spec = { name = track.name, enabled = track.enabled, storage = url_of(track.storage),
    all_members = track.all_members or nil, filters = track.filters }
  if not track.filters then
    spec.action, spec.resource_type, spec.event_names = track.action, track.resource_type, track.event_names
  end
  return spec
end

--- A spec as JSON, its fields in order and absent ones left out.
function tracks.spec_text(spec)
  local members = {}
  for _, name in ipairs(tracks.FIELDS) do
    if spec[name] ~= nil then
      members[#members + 1] = name
    end
  end
  return format.object(spec, members)
end

local function names_of(list)
  return (list == nil or #list == 0 or list[1] == "*") and "" or ": " .. table.concat(list, ",")
end

--- What a track records, in a few words: "write *", "all cos: DeleteBucket".
function tracks.covers(track)
  local parts = {}
  for index, filter in ipairs(track.filters or {}) do
    parts[index] = ("%s %s%s"):format(filter.action, filter.resource_type or "*", names_of(filter.event_names))
  end
  if track.filters then
    return table.concat(parts, "; ")
  elseif not track.action then
    return "several products"
  end
  return ("%s %s%s"):format(track.action, track.resource_type or "*", names_of(track.event_names))
end

-- ---- finding -----------------------------------------------------------------------------------

--- Ends the command because of an error of the library about a tracking set. A write that may have been done is told
-- with how long the service may still act.
function tracks.fail(err, writes)
  local more
  if writes and err.outcome == "unknown" then
    more = ("the service may still act on it for %d s; the same command settles it"):format(
      math.ceil(err.retry_after or 300))
  end
  status.fail(err, writes, more)
end

local function ids_of(list)
  local ids = {}
  for index, track in ipairs(list) do
    ids[index] = tostring(track.id)
  end
  return table.concat(ids, ", ")
end

-- All tracks, as lists show them.
local function listed(context)
  local client, list = context:client(), {}
  local iterator, _, err = clients.checked(client.tracks, client)
  if not iterator then
    tracks.fail(err)
  end
  while true do
    local done, track = pcall(iterator)
    if not done then
      if not iterator.err then
        error(track, 0)
      end
      tracks.fail(iterator.err)
    elseif not track then
      return list
    end
    list[#list + 1] = track
  end
end
tracks.listed = listed

--- The whole track of SUBJECT: digits are an id, anything else (and what follows "name:") a name. nil when there is
-- none and `missing_ok`; several of a name end the command with their ids.
function tracks.find(context, subject, missing_ok)
  local client, id = context:client(), subject:match("^%d+$")
  if not id then
    local name, found = subject:match("^name:(.*)$") or subject, {}
    for _, track in ipairs(listed(context)) do
      if track.name == name then
        found[#found + 1] = track
      end
    end
    if #found > 1 then
      status.raise(1, ("%d tracking sets have the name %s: %s"):format(#found, name, ids_of(found)), "give one id")
    end
    id = found[1] and found[1].id
  end
  local track, err
  if id then
    local _
    track, _, err = clients.checked(client.get_track, client, id)
  end
  if track or missing_ok and (not err or err:is("ResourceNotFound")) then
    return track
  elseif err then
    tracks.fail(err)
  end
  status.raise(1, "no tracking set has the name " .. subject, subject:find("^%d") and nil
    or "cloudaudit tracks list shows all")
end

-- ---- writing -----------------------------------------------------------------------------------

local RESULT = { { key = "result", name = "RESULT" }, { key = "id", name = "ID" },
  { key = "name", name = "NAME", free = true } }

--- A writer of rows {result, id, name}.
function tracks.results(context)
  return format.new(context, { members = { "result", "id", "name" }, columns = RESULT, table_columns = RESULT,
    csv_columns = RESULT })
end

--- Prints the request of an action in place of sending it: method, URL, headers and body as JSON. Credentials in the
-- headers are masked unless --no-redact.
function tracks.print_request(context, action, params)
  local client = context:client()
  local request, _, err = clients.checked(client.prepare, client, action, params)
  if not request then
    status.fail(err)
  end
  local headers = {}
  for name, value in pairs(request.headers) do
    local secret = not context.values.no_redact and (name == "Authorization" or name == "X-TC-Token")
    headers[name] = secret and "[redacted]" or value
  end
  context.out:write(format.object({ method = request.method, url = request.url, headers = headers,
    body = request.body }, { "method", "url", "headers", "body" }), "\n")
end

--- Ends the command because nobody can be asked.
function tracks.need_yes(context)
  status.usage(("%s: --yes is needed where nobody can be asked"):format(context.name))
end

--- Asks on a terminal; the end of the input is a no. Elsewhere there is nobody to ask. Returns whether to go on.
function tracks.confirm(context, question)
  if context.values.yes or not context:is_terminal(0) then
    return true
  end
  context:clear()
  context.err:write(question, " [y/N] ")
  local line = io.stdin:read("*l")
  return line ~= nil and line:match("^%s*[yY]") ~= nil
end

-- ---- options -----------------------------------------------------------------------------------

--- Options that describe a tracking set.
tracks.OPTIONS = {
  { name = "storage", value = "URL", doc = "where the logs go: cos://BUCKET@REGION/PREFIX, "
    .. "cls://TOPIC@REGION/PREFIX or ckafka://INSTANCE/TOPIC@REGION/PREFIX" },
  { name = "action", value = "KIND", choices = { "read", "write", "all" }, doc = "which calls; default all" },
  { name = "product", value = "P", doc = "one product, such as cam; default * (all)" },
  { name = "event", value = "NAME[,NAME]", type = "names", list = true, doc = "event names of the product; default *" },
  { name = "filter", value = "P:ACTION[:N,N]", list = true,
    doc = "a product of several, its calls and its event names; may be repeated" },
  { name = "all-members", doc = "the whole organization, for its admin account" },
  { name = "disabled", doc = "do not ship logs" },
}

local function read_filter(text)
  local product, action, names = text:match("^([^:]+):([^:]+):?(.*)$")
  if not product or (action ~= "read" and action ~= "write" and action ~= "all") then
    status.usage(("--filter: PRODUCT:ACTION[:NAME,NAME] with read, write or all expected, got %q"):format(text))
  end
  local filter = { resource_type = product, action = action }
  if names ~= "" then
    filter.event_names = {}
    for name in names:gmatch("[^,]+") do
      table.insert(filter.event_names, name)
    end
  end
  return filter
end

--- The fields of a spec that the options give.
function tracks.given(context)
  local values, spec = context.values, {}
  spec.storage, spec.action, spec.resource_type = values.storage, values.action, values.product
  spec.event_names = values.event
  for index, text in ipairs(values.filter or {}) do
    spec.filters = spec.filters or {}
    spec.filters[index] = read_filter(text)
  end
  if spec.filters and (spec.action or spec.resource_type or spec.event_names) then
    status.usage("--filter: cannot be used together with --action, --product and --event")
  end
  spec.all_members = values.all_members or nil
  if values.disabled then
    spec.enabled = false
  end
  return spec
end

return tracks
