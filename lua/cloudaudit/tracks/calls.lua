-- The API calls behind the track methods, shared by the modules of this folder. Each function takes a session
-- and returns a value or nil, message, err; `method` is the public method that messages name.
local convert = require "cloudaudit.tracks.convert"
local errors = require "cloudaudit.errors"
local session = require "cloudaudit.session"
local tracks = require "cloudaudit.tracks.track"

local calls = {}

-- Calls an action; validation failures name this library's fields. A fourth value is the service's time in
-- epoch seconds, when the response has a usable Date.
local function call(self, method, action, params)
  return session.call_with_date(self, action, params, convert.in_our_names, method)
end
calls.call = call

-- A response without a member that every success of the action has.
local function broken(action, response, text)
  return errors.failure{ kind = "protocol", action = action, request_id = response.RequestId, http_status = 200,
    outcome = "unknown", attempts = 1, message = ("%s: %s"):format(action, text) }
end

--- Creates a track from API parameters: the track, without created_at. At most once.
function calls.create(self, method, action, params)
  local response, message, err = call(self, method, action, params)
  if not response then
    return nil, message, err
  elseif response.TrackId == nil then
    return broken(action, response, "the response has no TrackId")
  end
  local track = tracks.from_wire(params, response.TrackId)
  track.request_id = response.RequestId
  return track
end

--- Reads one track, with all its members, by an exact id.
function calls.get(self, method, id)
  local response, message, err = call(self, method, "DescribeAuditTrack", { TrackId = id })
  if not response then
    return nil, message, err
  end
  local track = tracks.from_wire(response, id)
  track.request_id = response.RequestId
  return track
end

--- Modifies a track; params include its TrackId. Returns the id, the changed fields and request_id.
function calls.modify(self, method, action, params)
  local response, message, err = call(self, method, action, params)
  if not response then
    return nil, message, err
  end
  local changed = tracks.from_wire(params, params.TrackId)
  changed.request_id = response.RequestId
  return changed
end

-- ---- listing -------------------------------------------------------------------------------

local PAGE_SIZE = 20

-- Reads the next page into it.items. If a whole pass found fewer tracks than TotalCount (pages shift when a
-- track is deleted meanwhile), the list is read a second time, without the tracks already returned. A page
-- without a new track ends a pass, whatever TotalCount says, so that the loop always ends.
local function next_page(it)
  it.page = it.page + 1
  local response, message, err, date = call(it.session, it.method, "DescribeAuditTracks",
    { PageNumber = it.page, PageSize = it.page_size })
  it.date = date
  if not response then
    return nil, message, err
  end
  it.items, it.at = {}, 0
  local fresh, items = 0, response.Tracks or {}
  it.total = type(response.TotalCount) == "number" and response.TotalCount or nil
  if type(items) ~= "table" then
    return broken("DescribeAuditTracks", response, "Tracks in the response is not a list")
  end
  for _, item in ipairs(items) do
    if type(item) ~= "table" or item.TrackId == nil then
      return broken("DescribeAuditTracks", response, "a track in the response has no TrackId")
    end
    local key = tostring(item.TrackId)
    if not it.in_pass[key] then
      it.in_pass[key], fresh = true, fresh + 1
    end
    if not it.seen[key] then
      it.seen[key] = true
      local track = tracks.from_wire(item, item.TrackId)
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
      ("TotalCount is %s, but two passes found %d"):format(it.total, it.counted))
  else
    it.page, it.counted, it.in_pass, it.again = 0, 0, {}, true
  end
  return true
end

--- The next track of a list; nil at its end; nil, message, err on failure.
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

--- A list of all tracks for `calls.next`. Its member date is the service's time of the last page.
function calls.list(self, method, page_size)
  return { session = self, method = method, page_size = page_size or PAGE_SIZE, page = 0, items = {}, at = 0,
    counted = 0, seen = {}, in_pass = {} }
end

--- All tracks as the list has them (without filters and all_members), or only those whose name is exactly
-- `name`: list, nil, nil and the service's time; or nil, message, err.
function calls.all(self, method, name)
  local list, found = calls.list(self, method), {}
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
