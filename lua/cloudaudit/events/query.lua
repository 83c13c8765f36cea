-- Queries: checks what users give to lookup, events, tail and wait_for and resolves it once, so that
-- "-24h" means the same for every page. No I/O.
local check = require "cloudaudit.validate"
local cursor = require "cloudaudit.events.cursor"
local errors = require "cloudaudit.errors"
local pages = require "cloudaudit.events.pages"
local time = require "cloudaudit.time"
local where = require "cloudaudit.events.where"

local query = {}

local MAX_PAGE = 50

local function join(...)
  local rows = {}
  for _, list in ipairs{ ... } do
    for _, row in ipairs(list) do
      rows[#rows + 1] = row
    end
  end
  return rows
end

--: class LookupQuery  what lookup takes
--:   since string|number|nil
--:   until string|number|nil
--:   cursor string?
--:   where EventWhere?
--:   filter? fun(event: Event): boolean
--:   location boolean?
--:   page_size integer?
--: class EventQuery: LookupQuery  what events takes
--:   max integer?
--:   order "oldest"|"newest"?
--:   parallel integer?
--: class WaitQuery  what wait_for takes
--:   since string|number|nil
--:   interval number?
--:   where EventWhere?
--:   filter? fun(event: Event): boolean
--:   location boolean?
--:   page_size integer?
--: class TailQuery: WaitQuery  what tail takes
--:   lag number?
--:   checkpoint string?

local SPAN = {
  { name = "since", type = "string|number", missing = ", such as \"-24h\"" },
  { name = "until", type = "string|number" },
  { name = "cursor", type = "string" },
}
local COMMON = {
  { name = "where", type = "table" },
  { name = "filter", type = "callable" },
  { name = "location", type = "boolean" },
  { name = "page_size", type = "positive" },
}

query.LOOKUP = join(SPAN, COMMON)
query.EVENTS = join(query.LOOKUP, {
  { name = "max", type = "count" }, { name = "order", type = "string" }, { name = "parallel", type = "positive" },
})
query.WAIT_FOR = join({ { name = "since", type = "string|number" }, { name = "interval", type = "seconds" } }, COMMON)
query.TAIL = join(query.WAIT_FOR, { { name = "lag", type = "seconds" }, { name = "checkpoint", type = "string" } })

local function validation(owner, field, text)
  return errors.failure{ kind = "validation", field = field, message = ("%s.%s: %s"):format(owner, field, text) }
end

-- The parts that do not depend on a span or a cursor.
local function read_common(owner, given, checked)
  local conditions, message, err = where.read(owner .. ".where", given.where)
  if not conditions then
    return nil, message, err
  elseif given.page_size and given.page_size > MAX_PAGE and checked then
    return validation(owner, "page_size", ("%d events a page at the most"):format(MAX_PAGE))
  elseif given.order and given.order ~= "oldest" and given.order ~= "newest" then
    return errors.misuse(("%s.order: \"oldest\" or \"newest\" expected, got %q"):format(owner, given.order), "order")
  end
  -- What is read side by side comes out sorted: it takes no more to promise it.
  local order = given.order or given.parallel and given.parallel > 1 and "newest" or nil
  return {
    conditions = conditions, filter = given.filter, location = given.location, max = given.max,
    page_size = given.page_size or MAX_PAGE, order = order, parallel = given.parallel,
  }
end

--- Fails with kind range when `since` lies before the 90 days that the service keeps.
function query.check_reach(owner, since, now)
  if math.floor(now) - since > pages.HISTORY then
    return errors.failure{ kind = "range", field = "since", hint = pages.OUT_OF_REACH,
      message = ("%s.since: %s is more than 90 days ago, and the service keeps events no longer"):format(
        owner, time.iso(since)) }
  end
  return true
end

local function read_span(owner, given, out, now)
  local message, err
  out.since, message, err = time.read(given.since, now, owner .. ".since")
  if not out.since then
    return nil, message, err
  end
  out.to, message, err = time.read(given["until"] == nil and "now" or given["until"], now, owner .. ".until")
  if not out.to then
    return nil, message, err
  elseif out.to < out.since then
    return validation(owner, "until", ("%s is before since, %s"):format(time.iso(out.to), time.iso(out.since)))
  end
  return query.check_reach(owner, out.since, now)
end

-- Goes on from a cursor. What stands beside it may repeat its query, so that a script can give both
-- each time; anything else would mix two queries.
local function read_cursor(owner, given, out)
  local held, position, err = cursor.read(owner, given.cursor)
  if not held then
    return nil, position, err
  end
  if given.where and cursor.fingerprint(out.conditions) ~= cursor.fingerprint(held.conditions) then
    return validation(owner, "where", "the cursor was made for another where: leave it out, or give the same")
  elseif given.order and given.order ~= held.order then
    return validation(owner, "order", "the cursor was made for another order: leave it out, or give the same")
  elseif given.location ~= nil and given.location ~= (held.location or false) then
    return validation(owner, "location", "the cursor was made for another location: leave it out, or give the same")
  elseif held.filtered and not given.filter then
    return validation(owner, "filter", "the cursor was made with a filter, which a text cannot hold: give it again")
  end
  out.since, out.to, out.conditions = held.since, held.to, held.conditions
  if given.parallel and given.parallel > 1 and not held.order and not position.done then
    return validation(owner, "parallel", "the cursor was made without it: leave it out here too")
  end
  out.order, out.location = held.order, held.location
  out.page_size = given.page_size or held.page_size
  return position
end

local function finish(out)
  local tests, filter = where.tester(out.conditions), out.filter
  if tests and filter then
    out.wanted = function(event)
      return tests(event) and filter(event)
    end
  else
    out.wanted = tests or filter
  end
  return out
end

--- Reads a query of lookup or events: the query {since, to, conditions, wanted, filter, location, max,
-- page_size, order}, and the position of its cursor (nil without one); or nil, message, err.
function query.read(owner, rows, given, now, checked)
  local ok, message, err = check.fields(owner, given, rows)
  if not ok then
    return nil, message, err
  elseif given.since == nil and given.cursor == nil then
    return errors.misuse(owner .. ".since: missing, such as \"-24h\"", "since")
  end
  local out
  out, message, err = read_common(owner, given, checked)
  if not out then
    return nil, message, err
  end
  local position
  if given.cursor then
    position, message, err = read_cursor(owner, given, out)
    ok = position
  else
    ok, message, err = read_span(owner, given, out, now)
  end
  if not ok then
    return nil, message, err
  end
  return finish(out), position
end

--- Reads a query of tail or wait_for, whose span is not known yet: {since, conditions, …}; `default` is
-- its since when none is given.
function query.read_open(owner, rows, given, now, checked, default)
  local ok, message, err = check.fields(owner, given, rows)
  local out
  if ok then
    out, message, err = read_common(owner, given, checked)
  end
  if not out then
    return nil, message, err
  end
  out.since, message, err = time.read(given.since == nil and default or given.since, now, owner .. ".since")
  if not out.since then
    return nil, message, err
  end
  return finish(out)
end

return query
