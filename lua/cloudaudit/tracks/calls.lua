-- The calls behind the methods of tracking sets, shared by tracks.lua, declared.lua and reconcile.lua. Each
-- takes a session and returns a value or nil, message, err; `owner` is the method that messages name.
local errors = require "cloudaudit.errors"
local session = require "cloudaudit.session"
local spec = require "cloudaudit.tracks.convert"

local calls = {}

-- Calls an action for `owner`; a failure of the parameters has our names. Also returns the service's time in unix
-- seconds, when it told one.
local function call(self, owner, action, params)
  return session.call_with_date(self, action, params, spec.in_our_names, owner)
end
calls.call = call

-- A success that does not hold what every answer of the action holds.
local function broken(action, response, text)
  return errors.failure{ kind = "protocol", action = action, request_id = response.RequestId, http_status = 200,
    outcome = "unknown", attempts = 1, message = ("%s: %s"):format(action, text) }
end

--- Creates a tracking set by wire parameters: the track, without created_at. Sends one request at the most.
function calls.create(self, owner, action, params)
  local response, message, err = call(self, owner, action, params)
  if not response then
    return nil, message, err
  elseif response.TrackId == nil then
    return broken(action, response, "the service answered without a TrackId")
  end
  local track = spec.from_wire(params, response.TrackId)
  track.request_id = response.RequestId
  return track
end

--- Reads one tracking set whole, by an exact id.
function calls.get(self, owner, id)
  local response, message, err = call(self, owner, "DescribeAuditTrack", { TrackId = id })
  if not response then
    return nil, message, err
  end
  local track = spec.from_wire(response, id)
  track.request_id = response.RequestId
  return track
end

--- Changes what params name, which hold the TrackId too: {id, request_id} and the changed fields.
function calls.modify(self, owner, action, params)
  local response, message, err = call(self, owner, action, params)
  if not response then
    return nil, message, err
  end
  local changed = spec.from_wire(params, params.TrackId)
  changed.request_id = response.RequestId
  return changed
end

-- ---- listing -------------------------------------------------------------------------------

local PAGE_SIZE = 20

-- Reads the next page into it.items. At the end of a pass that saw fewer tracks than the service
-- counts (pages move when somebody deletes one meanwhile) everything is read once more; tracks that
-- were given out already are left out. A page that brings nothing new ends a pass, whatever the
-- count says, so that no answer can make this endless.
local function next_page(it)
  it.page = it.page + 1
  local response, message, err, date = call(it.session, it.owner, "DescribeAuditTracks",
    { PageNumber = it.page, PageSize = it.page_size })
  it.date = date
  if not response then
    return nil, message, err
  end
  it.items, it.at = {}, 0
  local fresh, items = 0, response.Tracks or {}
  it.total = type(response.TotalCount) == "number" and response.TotalCount or nil
  if type(items) ~= "table" then
    return broken("DescribeAuditTracks", response, "the service answered with a list that is none")
  end
  for _, item in ipairs(items) do
    if type(item) ~= "table" or item.TrackId == nil then
      return broken("DescribeAuditTracks", response, "the service listed a tracking set without a TrackId")
    end
    local key = tostring(item.TrackId)
    if not it.in_pass[key] then
      it.in_pass[key], fresh = true, fresh + 1
    end
    if not it.seen[key] then
      it.seen[key] = true
      local track = spec.from_wire(item, item.TrackId)
      track.request_id = response.RequestId
      it.items[#it.items + 1] = track
    end
  end
  it.counted = it.counted + fresh
  if fresh > 0 and not (it.total and it.counted >= it.total) then
    return true
  elseif not it.total or it.counted >= it.total then
    it.last = true
  elseif it.again then
    return broken("DescribeAuditTracks", response,
      ("the service counts %s tracking sets and listed %d, twice"):format(it.total, it.counted))
  else
    it.page, it.counted, it.in_pass, it.again = 0, 0, {}, true
  end
  return true
end

--- The next track of a list; nil at its end; nil, message, err.
function calls.next(it)
  while true do
    it.at = it.at + 1
    if it.items[it.at] then
      return it.items[it.at]
    elseif it.last then
      return nil
    end
    local ok, message, err = next_page(it)
    if not ok then
      it.last, it.items = true, {}
      return nil, message, err
    end
  end
end

--- A list of all tracking sets for `calls.next`. Its member date is the service's time of the last page.
function calls.list(self, owner, page_size)
  return { session = self, owner = owner, page_size = page_size or PAGE_SIZE, page = 0, items = {}, at = 0, counted = 0,
    seen = {}, in_pass = {} }
end

--- All tracking sets (as lists tell them), or only those of a name by its exact letters; and the service's time.
function calls.all(self, owner, name)
  local list, found = calls.list(self, owner), {}
  while true do
    local track, message, err = calls.next(list)
    if err then
      return nil, message, err
    elseif not track then
      return found, nil, nil, list.date
    elseif not name or track.name == name then
      found[#found + 1] = track
    end
  end
end

return calls
