-- The emulator: CloudAudit as a Lua object. `handle` takes an HTTP request and gives the response, with
-- no I/O of any kind; `client` and `serve` stand on it. It is for tests: it accepts published keys.
local auth = require "cloudaudit.emulator.auth"
local clock = require "cloudaudit.emulator.clock"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.emulator.actions.events"
local faults = require "cloudaudit.emulator.faults"
local intake = require "cloudaudit.emulator.request"
local journal = require "cloudaudit.emulator.journal"
local legacy = require "cloudaudit.emulator.actions.legacy"
local metadata = require "cloudaudit.emulator.metadata"
local options = require "cloudaudit.emulator.options"
local random = require "cloudaudit.emulator.random"
local sts = require "cloudaudit.emulator.actions.sts"
local tracks = require "cloudaudit.emulator.actions.tracks"
local wire = require "cloudaudit.emulator.response"

local emulator = {}

local Emulator = {}
Emulator.__index = Emulator

local handlers = {}
for _, module in ipairs{ tracks, events, legacy, sts } do
  for action, handler in pairs(module.handlers) do
    handlers[action] = handler
  end
end

-- ---- one request ---------------------------------------------------------------------------

-- Counts a request of an action; a code and a message when the last second held too many.
local function check_rate(self, action)
  local limit = self.options.rate
  if limit == 0 then
    return nil
  end
  local now = self.clock:now()
  local times = self.rate_times[action] or { next = 1 }
  self.rate_times[action] = times
  local oldest = times[times.next]
  if oldest and now - oldest < 1 and now >= oldest then
    return "RequestLimitExceeded",
      ("Your current request times equals to %d in a second, which exceeds the frequency limit %d of %s."):format(
        limit + 1, limit, action)
  end
  times[times.next] = now
  times.next = times.next % limit + 1
end

-- Carries the action out: the response table, or nil, a code and a message.
local function carry_out(self, context)
  local params, code, message = intake.params(context, self.options)
  if not params then
    return nil, code, message
  end
  local handler = handlers[context.action]
  if not handler then
    return nil, "InvalidAction", ("The emulator does not have %s."):format(context.action)
  end
  return handler(self, params, context)
end

-- What the service says to a caller that it knows: the response table, or nil, a code and a message.
-- `fault` is what was ordered for this request. A request that a fault keeps from the service leaves
-- no event.
local function serve_known(self, context, fault)
  local code, message = check_rate(self, context.action)
  local carried_out = not fault or faults.carried_out(fault)
  local response
  if not code and carried_out then
    response, code, message = carry_out(self, context)
  end
  local ordered, text
  if fault then
    ordered, text = faults.refusal(fault)
  end
  if context.service == "cloudaudit" and (carried_out or ordered) then
    events.record(self, context, ordered or code)
  end
  if ordered then
    return nil, ordered, text
  elseif code then
    return nil, code, message
  end
  return response or {}
end

-- The text of "Response".
local function respond(self, context, fault)
  local code, message = intake.check(context, self.options)
  if not code then
    code, message = auth.check(context, self.options, self.issued)
  end
  local response
  if not code then
    response, code, message = serve_known(self, context, fault)
  end
  context.code = code
  if code then
    return wire.refusal(code, message, context.request_id)
  end
  return wire.success(context.action, response, context.request_id)
end

local function note(self, context, response, fault)
  if context.service == "sts" then
    context.body, context.params = "", context.params and sts.masked(context.params)
  end
  self.log:add{
    time = context.now, method = context.method, path = context.path, action = context.action,
    region = context.headers["x-tc-region"], request_id = context.request_id, signed = context.signed,
    secret_id = context.secret_id, bytes = #context.body, body = context.body, params = context.params,
    status = response.status, code = context.code, effect = context.effect, track_id = context.track_id,
    fault = fault and fault.kind, connection = context.connection,
  }
end

local function not_found(context)
  return {
    status = 404, body = "<html><body><h1>404 Not Found</h1></body></html>\r\n",
    headers = { ["Content-Type"] = "text/html", ["Date"] = clock.http_date(context.now) },
  }
end

--- Handles one request {method, path, query, headers, body, peer} and returns {status, headers, body}.
-- An ordered fault may add what whoever sends the response has to do: `cut` (true), `truncated` (bytes
-- of the body that leave), `delay` (seconds).
--: Emulator:handle(request: table) -> table
function Emulator:handle(request)
  local context = intake.context(self, request)
  context.connection = request.connection
  local response
  local is_metadata = context.path:sub(1, #metadata.prefix) == metadata.prefix
  if is_metadata then
    context.action = "metadata"
  end
  local fault = self.faults:pick(context.action)
  if fault and fault.kind == "skew" then
    context.now = context.now + fault.seconds
  end
  if is_metadata then
    response = metadata.handle(self, context)
  elseif context.path ~= "/" then
    response = not_found(context)
  else
    local text = respond(self, context, fault)
    response = wire.response(text, context.now, context.headers["x-tc-traceid"])
  end
  if fault then
    response = faults.distort(fault, response)
  end
  note(self, context, response, fault)
  return response
end

-- ---- steering ------------------------------------------------------------------------------

local function start(self)
  self.random = random.new(self.options.seed)
  self.tracks = tracks.new()
  self.events = events.new(random.new(self.options.seed + 1))
  self.legacy = legacy.new(self.options)
  self.faults = faults.new(random.new(self.options.seed + 2))
  self.log = journal.new(self.options.journal_limit)
  self.rate_times = {}
  self.chances = random.new(self.options.seed + 3)
  self.issued = { secrets = {}, tokens = {} } -- temporary keys
end

--- Back to the state after `new`, the clock and the chances included.
--: Emulator:reset()
function Emulator:reset()
  self.clock:reset()
  start(self)
end

--- Epoch seconds by the emulator's clock.
--: Emulator:now() -> number
function Emulator:now()
  return self.clock:now()
end

-- `from`: what the seconds are added to.
local function check_seconds(name, seconds, from)
  if type(seconds) ~= "number" then
    return errors.misuse(("%s: number of seconds expected, got %s"):format(name, type(seconds)))
  elseif not clock.is_time(from + seconds) then
    return errors.misuse(("%s: a time in the years 1970 to 9999 expected, got %s"):format(name, tostring(seconds)))
  end
  return true
end

--- Sets the emulator's clock to epoch seconds.
--: Emulator:set_now(seconds: number) -> true
Emulator.set_now = errors.public(function(self, seconds)
  local ok, message, err = check_seconds("set_now", seconds, 0)
  if ok then
    self.clock:set(seconds)
  end
  return ok, message, err
end)

--- Moves the emulator's clock on.
--: Emulator:advance(seconds: number) -> true
Emulator.advance = errors.public(function(self, seconds)
  local ok, message, err = check_seconds("advance", seconds, self:now())
  if ok then
    self.clock:advance(seconds)
  end
  return ok, message, err
end)

--- Orders a fault (see faults.lua); returns its id. Raises for a member that it does not know.
--: Emulator:fault(fault: Fault) -> integer
Emulator.fault = errors.public(function(self, spec)
  return self.faults:add(spec)
end)

--- Takes back every fault that was ordered.
--: Emulator:clear_faults()
function Emulator:clear_faults()
  self.faults:clear()
end

--- Adds an event (see events.lua); returns its EventId. Raises for a member that it does not know.
--: Emulator:add_event(event: table) -> string
Emulator.add_event = errors.public(events.add)

--- Adds the events of a scenario (see scenarios.lua) and returns what to look for.
--: Emulator:scenario(name: string) -> table
Emulator.scenario = errors.public(function(self, name)
  return require("cloudaudit.emulator.scenarios").play(self, name)
end)

--- The journal's entries, oldest first; of one action when it is named.
--: Emulator:journal(action?: string) -> JournalEntry[]
function Emulator:journal(action)
  return self.log:list(action)
end

--- How many requests arrived, how many had an effect and how many got an error, in all or for one
-- action.
--: Emulator:count(action?: string) -> integer, integer, integer
function Emulator:count(action)
  return self.log:count(action)
end

--- The tracking sets as they are: id, kind ("single" or "events"), created, and their members.
--: Emulator:all_tracks() -> table[]
function Emulator:all_tracks()
  return tracks.all(self.tracks)
end

--- An id and its key (and token, if any) that the emulator accepts.
--: Emulator:credential() -> string, string, string?
function Emulator:credential()
  return options.credential(self.options)
end

--- A driver for cloudaudit.new that calls the emulator in this process.
--: Emulator:driver() -> Driver
function Emulator:driver()
  return require("cloudaudit.emulator.driver").new(self)
end

--- A client of this emulator, without a socket; `given` are options of cloudaudit.new.
--: Emulator:client(given?: Options) -> Client | failure
function Emulator:client(given)
  return require("cloudaudit.emulator.driver").client(self, given)
end

--- Serves the emulator over HTTP or HTTPS (see server.lua); nil and a message when it cannot.
--: Emulator:serve(given?: ServeOptions) -> EmulatorServer | failure
Emulator.serve = errors.public(function(self, given)
  return require("cloudaudit.emulator.server").new(self, given)
end)

--- Makes an emulator (see options.lua). Raises for a wrong or unknown option.
--: emulator.new(options?: EmulatorOptions) -> Emulator
emulator.new = errors.public(function(given)
  local values, message, err = options.read(given)
  if not values then
    return nil, message, err
  end
  local self = setmetatable({ options = values, clock = clock.new(values.now) }, Emulator)
  start(self)
  return self
end)

return emulator
