-- Validates the queries of lookup, events, tail and wait_for, and resolves their times once, so that "-24h" means
-- the same for every page. No I/O.
local cursor = require "cloudaudit.events.cursor"
local errors = require "cloudaudit.errors"
local limits = require "cloudaudit.events.limits"
local time = require "cloudaudit.time"
local validate = require "cloudaudit.validate"
local where = require "cloudaudit.events.where"

local query = {}

local function join(...)
  local rows = {}
  for _, list in ipairs{ ... } do
    for _, row in ipairs(list) do
      rows[#rows + 1] = row
    end
  end
  return rows
end

--: class LookupQuery  query of lookup
--:   since string|number|nil
--:   until string|number|nil
--:   cursor string?
--:   where EventWhere?
--:   filter? fun(event: Event): boolean
--:   location boolean?
--:   page_size integer?
--: class EventQuery: LookupQuery  query of events
--:   max integer?
--:   order "oldest"|"newest"?
--:   parallel integer?
--: class WaitQuery  query of wait_for
--:   since string|number|nil
--:   interval number?
--:   where EventWhere?
--:   filter? fun(event: Event): boolean
--:   location boolean?
--:   page_size integer?
--: class TailQuery: WaitQuery  query of tail
--:   lag number?
--:   checkpoint string?

local RANGE = {
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

query.LOOKUP = join(RANGE, COMMON)
query.EVENTS = join(query.LOOKUP, {
  { name = "max", type = "count" }, { name = "order", one_of = { "oldest", "newest" } },
  { name = "parallel", type = "positive", max = limits.PARALLEL },
})
query.WAIT_FOR = join({ { name = "since", type = "string|number" }, { name = "interval", type = "seconds" } }, COMMON)
query.TAIL = join(query.WAIT_FOR, { { name = "lag", type = "seconds" }, { name = "checkpoint", type = "string" } })

local function validation(method, field, text)
  return errors.failure{ kind = "validation", field = field, message = ("%s.%s: %s"):format(method, field, text) }
end

-- The fields of every query, except its time range and cursor.
local function read_common(method, fields, checked)
  local conditions, message, err = where.read(method .. ".where", fields.where)
  if not conditions then
    return nil, message, err
  elseif fields.page_size and fields.page_size > limits.PAGE_SIZE and checked then
    return validation(method, "page_size", ("at most %d expected"):format(limits.PAGE_SIZE))
  end
  -- Events read in parallel are sorted anyway.
  local order = fields.order or fields.parallel and fields.parallel > 1 and "newest" or nil
  return {
    conditions = conditions, filter = fields.filter, location = fields.location, max = fields.max,
    page_size = fields.page_size or limits.PAGE_SIZE, order = order, parallel = fields.parallel,
  }
end

--- true, or a failure of kind range when `since` is before the retention.
function query.check_retention(method, since, now)
  if math.floor(now) - since > limits.RETENTION then
    return errors.failure{ kind = "range", field = "since", hint = limits.RANGE_HINT,
      message = ("%s.since: %s is more than 90 days ago, and events are kept for 90 days"):format(
        method, time.iso(since)) }
  end
  return true
end

local function check_range(method, out, now)
  if out.to < out.since then
    return validation(method, "until", ("%s is before since, %s"):format(time.iso(out.to), time.iso(out.since)))
  end
  return query.check_retention(method, out.since, now)
end

local function read_range(method, fields, out, now)
  local to = fields["until"] == nil and "now" or fields["until"]
  local message, err
  out.since, message, err = time.read(fields.since, now, method .. ".since")
  if not out.since then
    return nil, message, err
  end
  out.to, message, err = time.read(to, now, method .. ".until")
  if not out.to then
    return nil, message, err
  end
  out.to = math.min(out.to, math.max(out.since, math.floor(now) + limits.FUTURE))
  out.moves_since, out.moves_to = time.is_relative(fields.since), time.is_relative(to)
  return check_range(method, out, now)
end

--- Moves the times of a query that are relative to now by `seconds`, after the clock was corrected: true, false when
-- there are none, or nil, message, err when the new range is wrong.
function query.shift(method, out, seconds, now)
  if not (out.moves_since or out.moves_to) then
    return false
  end
  out.since = out.since + (out.moves_since and seconds or 0)
  out.to = out.to + (out.moves_to and seconds or 0)
  return check_range(method, out, now)
end

-- Resumes from a cursor. Fields given beside it may repeat its query, so that a script can pass both each time;
-- anything else would mix two queries.
local function read_cursor(method, fields, out)
  local held, position, err = cursor.read(method, fields.cursor)
  if not held then
    return nil, position, err
  end
  if fields.where and cursor.fingerprint(out.conditions) ~= cursor.fingerprint(held.conditions) then
    return validation(method, "where", "the cursor was made with another where: omit it or repeat the same")
  elseif fields.order and fields.order ~= held.order then
    return validation(method, "order", "the cursor was made with another order: omit it or repeat the same")
  elseif fields.location ~= nil and fields.location ~= (held.location or false) then
    return validation(method, "location", "the cursor was made with another location: omit it or repeat the same")
  elseif held.filtered and not fields.filter then
    return validation(method, "filter", "the cursor was made with a filter, which it cannot hold: pass it again")
  end
  out.since, out.to, out.conditions = held.since, held.to, held.conditions
  if fields.parallel and fields.parallel > 1 and not held.order and not position.done then
    return validation(method, "parallel", "the cursor was made without parallel: omit it")
  end
  out.order, out.location = held.order, held.location
  out.page_size = fields.page_size or held.page_size
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

--- Reads a query of lookup or events: {since, to, moves_since, moves_to, conditions, wanted, filter, location, max,
-- page_size, order, parallel}, and the position of its cursor (nil without one); or nil, message, err. `wanted` joins
-- the client-side filters.
function query.read(method, rows, fields, now, checked)
  local ok, message, err = validate.fields(method, fields, rows)
  if not ok then
    return nil, message, err
  elseif fields.since == nil and fields.cursor == nil then
    return errors.misuse(method .. ".since: missing, such as \"-24h\"", "since")
  end
  local out
  out, message, err = read_common(method, fields, checked)
  if not out then
    return nil, message, err
  end
  local position
  if fields.cursor then
    position, message, err = read_cursor(method, fields, out)
    ok = position
  else
    ok, message, err = read_range(method, fields, out, now)
  end
  if not ok then
    return nil, message, err
  end
  return finish(out), position
end

--- Reads a query of tail or wait_for, whose time range is still open: {since, conditions, …}. `default` is the
-- since of a query without one.
function query.read_open(method, rows, fields, now, checked, default)
  local ok, message, err = validate.fields(method, fields, rows)
  local out
  if ok then
    out, message, err = read_common(method, fields, checked)
  end
  if not out then
    return nil, message, err
  end
  local since = fields.since == nil and default or fields.since
  out.since, message, err = time.read(since, now, method .. ".since")
  if not out.since then
    return nil, message, err
  end
  out.moves_since = time.is_relative(since)
  return finish(out)
end

return query
