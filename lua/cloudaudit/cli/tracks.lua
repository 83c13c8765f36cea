-- What the verbs of `cloudaudit tracks` share: finding a tracking set by name or id, showing it, and results.
local core = require "cloudaudit.core"
local clients = require "cloudaudit.cli.client"
local format = require "cloudaudit.cli.format"
local patience = require "cloudaudit.cli.patience"
local status = require "cloudaudit.cli.status"

local tracks = {}

--- Fields of a spec in the order in which they are written.
tracks.FIELDS = { "name", "enabled", "action", "resource_type", "event_names", "filters", "storage", "all_members" }

local function url_of(storage)
  return storage and require("cloudaudit").storage.format(storage) or nil
end

-- The service's list has tracks of several products without their filters, and empty values in place of the fields of
-- the others.
local function is_open(track)
  return not track.filters and (not track.action or track.action == "")
end

-- Event names that are a list in JSON also when there are none.
local function names_list(names)
  return names and setmetatable({ (table.unpack or unpack)(names) }, core.list)
end

--- A track as a spec: what a file for `apply` holds.
function tracks.spec_of(track)
  local spec = { name = track.name, enabled = track.enabled, storage = url_of(track.storage),
    all_members = track.all_members or nil, filters = track.filters }
  if not track.filters and not is_open(track) then
    spec.action, spec.resource_type, spec.event_names = track.action, track.resource_type, names_list(track.event_names)
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
  elseif is_open(track) then
    return "several products"
  end
  return ("%s %s%s"):format(track.action, track.resource_type or "*", names_of(track.event_names))
end

-- ---- failures ----------------------------------------------------------------------------------

-- Options that give the fields of a spec.
local PLACES = { name = "NAME", id = "ID", enabled = "--disabled", action = "--action", resource_type = "--product",
  event_names = "--event", filters = "--filter", storage = "--storage", all_members = "--all-members" }

local METHODS = { "create_track", "ensure_track", "update_track", "get_track", "delete_track", "diff_tracks", "tracks" }

--- A message of the library in the words of the command: "ensure_track.storage: …" becomes "--storage: …", and
-- "diff_tracks[2].name: …" names the file (`file`).
function tracks.words(text, file)
  for _, method in ipairs(METHODS) do
    if text:sub(1, #method) == method and text:find("^[.:%[]", #method + 1) then
      local rest = text:sub(#method + 1)
      if rest:sub(1, 1) == "[" or file then
        return (file or "spec") .. rest
      end
      local field, after = rest:match("^%.([a-z_]+)(.*)$")
      rest = field and (PLACES[field] or field) .. after or rest:gsub("^:%s*", "")
      return (rest:gsub("differs, and update = false:", "has other settings:"))
    end
  end
  return text
end

--- Status, message and hint of an error of the library about a tracking set. A write that may have been done is told
-- with how long the service may still act. `file`: where the specs are from.
function tracks.problem(err, writes, file)
  local number, hint = status.of(err, writes), err.hint
  local text = tracks.words(status.message(err), file)
  if number == 7 then
    text = ("%s; it may have been done, and the service may still act on it for %d s"):format(text,
      math.ceil(err.retry_after or 300))
    local again = err.action == "DeleteAuditTrack" and "the same command with --missing-ok settles it"
      or "the same command settles it"
    hint = again .. "; cloudaudit tracks plan shows what differs"
  elseif hint and hint:find("client:", 1, true) then
    hint = nil
  elseif hint then
    hint = hint:gsub("list them with tracks%(%)", "cloudaudit tracks list shows them")
  end
  return number, text, hint
end

--- Ends the command because of an error of the library about a tracking set.
function tracks.fail(err, writes)
  status.raise(tracks.problem(err, writes))
end

--- Says that one of several changes failed; returns its status and the result to show.
function tracks.report(context, err)
  local number, text, hint = tracks.problem(err, true)
  context:clear()
  context.err:write(status.text{ message = text, hint = hint })
  return number, number == 7 and "unknown" or "failed"
end

--- Calls a method of the client; values that are wrong end the command with 2, in its own words.
function tracks.checked(file, fn, ...)
  local results = { pcall(fn, ...) }
  if results[1] then
    return results[2], results[3], results[4]
  elseif type(results[2]) == "table" and status.is_problem(results[2]) then
    results[2].message = results[2].message and tracks.words(results[2].message, file)
  elseif type(results[2]) == "string" and not status.is_interrupt(results[2]) then
    return status.usage(tracks.words(results[2]:gsub("^[^\n]-:%d+: ", ""), file))
  end
  error(results[2], 0)
end

-- ---- finding -----------------------------------------------------------------------------------

local function ids_of(list)
  local ids = {}
  for index, track in ipairs(list) do
    ids[index] = tostring(track.id)
  end
  return table.concat(ids, ", ")
end

-- All tracks in one reading, or nil, message, err.
local function list_once(client)
  local list = {}
  local iterator, message, err = client:tracks()
  while iterator do
    local done, track = pcall(iterator)
    if not done and not iterator.err then
      error(track, 0)
    elseif not done then
      return nil, tostring(track), iterator.err
    elseif not track then
      return list
    end
    list[#list + 1] = track
  end
  return nil, message, err
end

--- All tracks, as lists show them (without filters and all_members).
function tracks.listed(context)
  local list, _, err = patience.read(context, list_once, context:client())
  if not list then
    tracks.fail(err)
  end
  return list
end

-- The id of the tracks that SUBJECT names, or nil.
local function id_of(context, subject)
  local name, found = subject:match("^name:(.*)$") or subject, {}
  for _, track in ipairs(tracks.listed(context)) do
    if track.name == name then
      found[#found + 1] = track
    end
  end
  if #found > 1 then
    status.raise(1, ("%d tracking sets have the name %s: %s"):format(#found, name, ids_of(found)), "give one id")
  end
  return found[1] and found[1].id
end

--- The whole track of SUBJECT: digits are an id, anything else (and what follows "name:") a name. nil when there is
-- none and `missing_ok`; several of a name end the command with their ids.
function tracks.find(context, subject, missing_ok)
  local client, digits = context:client(), subject:find("^%d+$") ~= nil
  local id, track, err, _ = digits and subject or id_of(context, subject), nil, nil, nil
  if id then
    track, _, err = tracks.checked(nil, patience.read, context, client.get_track, client, id)
  end
  if track or missing_ok and (not err or err:is("ResourceNotFound")) then
    return track
  elseif err then
    tracks.fail(err)
  end
  status.raise(1, "no tracking set has the name " .. subject:gsub("^name:", ""), "cloudaudit tracks list shows all")
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
    tracks.fail(err)
  end
  local headers = {}
  for name, value in pairs(request.headers) do
    local secret = not context.values.no_redact and (name == "Authorization" or name == "X-TC-Token")
    headers[name] = secret and "[redacted]" or value
  end
  context.out:write(format.object({ method = request.method, url = request.url, headers = headers,
    body = request.body }, { "method", "url", "headers", "body" }), "\n")
end

--- Prints the request of a create in place of sending it.
function tracks.print_create(context, spec)
  local convert = require "cloudaudit.tracks.convert"
  local action, params, err = tracks.checked(context.values.file, convert.to_create, spec, true, "ensure_track")
  if not action then
    tracks.fail(err)
  end
  tracks.print_request(context, action, params)
end

--- Prints the request of a change, by a patch, of a track in place of sending it. `several`: it has filters.
function tracks.print_change(context, id, patch, several)
  local convert = require "cloudaudit.tracks.convert"
  local action, params, err = tracks.checked(context.values.file, convert.to_modify, "update_track", patch, true)
  if err then
    tracks.fail(err)
  end
  params.TrackId = id
  tracks.print_request(context, action or several and "ModifyEventsAuditTrack" or "ModifyAuditTrack", params)
end

--- Ends the command because nobody can be asked.
function tracks.need_yes(context)
  status.usage(("%s: --yes is needed where nobody can be asked"):format(context.name))
end

-- A line of standard input, read by a child process: Ctrl-C ends the child too, while a read in this process would go
-- on after the signal.
local function ask()
  local pipe = io.popen("IFS= read -r line && printf %s \"$line\"", "r")
  local line = pipe and pipe:read("*a")
  if pipe then
    pipe:close()
  end
  return line or ""
end

--- Asks on a terminal; the end of the input is a no. Elsewhere there is nobody to ask. Returns whether to go on.
function tracks.confirm(context, question)
  if context.values.yes or not context:is_terminal(0) then
    return true
  end
  context:clear()
  context.err:write(question, " [y/N] ")
  return ask():find("^%s*[yY]") ~= nil
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
