-- The emulator: CloudAudit as a Lua object, for tests. `handle` maps an HTTP request to a response without any I/O;
-- `client` and `serve` are built on it. Not for real data: it accepts published keys.
local action_names = require "cloudaudit.emulator.action_names"
local auth = require "cloudaudit.emulator.auth"
local clock = require "cloudaudit.emulator.clock"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.emulator.actions.events"
local faults = require "cloudaudit.emulator.faults"
local journal = require "cloudaudit.emulator.journal"
local legacy = require "cloudaudit.emulator.actions.legacy"
local messages = require "cloudaudit.emulator.messages"
local metadata = require "cloudaudit.emulator.metadata"
local options = require "cloudaudit.emulator.options"
local random = require "cloudaudit.emulator.random"
local request = require "cloudaudit.emulator.request"
local response = require "cloudaudit.emulator.response"
local sts = require "cloudaudit.emulator.actions.sts"
local tracks = require "cloudaudit.emulator.actions.tracks"

local emulator = {}

local Emulator = {}
Emulator.__index = Emulator

local handlers = {}
for _, module in ipairs{ tracks, events, legacy, sts } do
  for action, handler in pairs(module.handlers) do
    handlers[action] = handler
  end
end

-- ---- handling a request --------------------------------------------------------------------

-- Counts a request for an action; a code and a message if it exceeds the rate.
local function limit_rate(self, action)
  local limit = self.options.rate
  if limit == 0 then
    return nil
  end
  local now = self.clock:now()
  local times = self.rate_times[action] or { next = 1 }
  self.rate_times[action] = times
  local oldest = times[times.next]
  if oldest and now - oldest < 1 and now >= oldest then
    return self.options.throttle_code, messages.rate(limit + 1, limit), true
  end
  times[times.next] = now
  times.next = times.next % limit + 1
end

-- Executes the action: the members of its response, or nil, a code and a message.
local function execute(self, context)
  local params, code, message = request.params(context, self.options)
  if not params then
    return nil, code, message
  end
  local handler = handlers[context.action]
  if not handler then
    return nil, "InvalidAction", ("The emulator does not implement %s."):format(context.action)
  end
  return handler(self, params, context)
end

-- Serves an authenticated request: the members of its response, or nil, a code and a message. A request that a fault
-- keeps from the service leaves no event.
local function serve_authenticated(self, context, fault)
  local code, message, throttled = limit_rate(self, context.action)
  context.throttled = throttled
  local carried_out = not fault or faults.carried_out(fault)
  local members
  if not code and carried_out then
    members, code, message = execute(self, context)
  end
  local injected, text
  if fault then
    injected, text = faults.error(fault)
  end
  if context.service == "cloudaudit" and (carried_out or injected) then
    events.add_call(self, context, injected and { code = injected, message = text } or
      { code = code, message = message, members = members })
  end
  if injected then
    return nil, injected, text
  elseif code then
    return nil, code, message
  end
  return members or {}
end

-- The envelope of the response to an API request.
local function serve_api(self, context, fault)
  local code, message = request.validate(context, self.options)
  if not code then
    code, message = auth.authenticate(context, self.options, self.issued)
  end
  local members
  if not code then
    members, code, message = serve_authenticated(self, context, fault)
  end
  context.code = code
  if code then
    local own = fault and fault.message == message or self.options.debug_signature
    message = own and message or messages.localized(code, message, context.language)
    return response.error_envelope(code, message, context.request_id)
  end
  return response.success_envelope(context.action, members, context.request_id)
end

local function not_found(context)
  return {
    status = 404, body = "<html><body><h1>404 Not Found</h1></body></html>\r\n",
    headers = { ["Content-Type"] = "text/html", ["Date"] = clock.http_date(context.now) },
  }
end

local function serve_path(self, context, fault)
  if context.action == metadata.action then
    return metadata.handle(self, context)
  elseif context.path ~= "/" then
    return not_found(context)
  end
  local answer = response.http(serve_api(self, context, fault), context.now, context.headers["x-tc-traceid"])
  return response.dress(answer, self.options, context)
end

local function add_to_journal(self, context, status, fault)
  if context.service == "sts" then
    context.body, context.params = "", context.params and sts.mask(context.params)
  end
  self.log:add{
    time = context.now, method = context.method, path = context.path, action = context.action,
    region = context.region, request_id = context.request_id, signed = context.signed,
    secret_id = context.secret_id, bytes = #context.body, body = context.body, params = context.params,
    status = status, code = context.code, effect = context.effect, track_id = context.track_id,
    fault = fault and fault.kind, connection = context.connection,
  }
end

--- Handles one request {method, path, query, headers, body, peer} and returns {status, headers, body}. A fault may add
-- instructions for the sender of the response: `cut` (true: close the connection instead), `truncated` (bytes of the
-- body to send), `delay` (seconds).
--: Emulator:handle(request: table) -> table
function Emulator:handle(http_request)
  local context = request.context(self, http_request)
  if context.path:sub(1, #metadata.prefix) == metadata.prefix then
    context.action = metadata.action
  end
  local fault = self.faults:pick(context.action)
  if fault and fault.kind == "skew" then
    context.now = context.now + fault.seconds
  end
  local http_response = serve_path(self, context, fault)
  local struck
  if fault then
    http_response, struck = faults.apply(fault, http_response)
  end
  add_to_journal(self, context, http_response.status, struck and fault)
  return http_response
end

-- ---- control -------------------------------------------------------------------------------

-- Several generators, so that the ids of requests do not depend on faults and events.
local function start(self)
  self.random = random.new(self.options.seed)
  self.tracks = tracks.new()
  self.events = events.new(random.new(self.options.seed + 1), self.clock:now())
  self.legacy = legacy.new(self.options)
  self.faults = faults.new(random.new(self.options.seed + 2))
  self.log = journal.new(self.options.journal_limit)
  self.rate_times = {}
  self.key_random = random.new(self.options.seed + 3)
  self.issued = { secrets = {}, tokens = {} } -- temporary credentials, by secret id
end

--- Restores the state after `new`, including the clock and the random generators.
--: Emulator:reset()
function Emulator:reset()
  self.clock:reset()
  start(self)
end

--- The time of the emulator's clock, in epoch seconds.
--: Emulator:now() -> number
function Emulator:now()
  return self.clock:now()
end

-- Validates seconds that are added to the time `from`.
local function validate_seconds(name, seconds, from)
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
  local ok, message, err = validate_seconds("set_now", seconds, 0)
  if ok then
    self.clock:set(seconds)
  end
  return ok, message, err
end)

--- Advances the emulator's clock.
--: Emulator:advance(seconds: number) -> true
Emulator.advance = errors.public(function(self, seconds)
  local ok, message, err = validate_seconds("advance", seconds, self:now())
  if ok then
    self.clock:advance(seconds)
  end
  return ok, message, err
end)

--- Adds a fault (see class Fault) and returns its id. Raises for an invalid one.
--: Emulator:fault(fault: Fault) -> integer
Emulator.fault = errors.public(function(self, spec)
  return self.faults:add(spec)
end)

--- Removes all faults.
--: Emulator:clear_faults()
function Emulator:clear_faults()
  self.faults:clear()
end

--- Adds an event and returns its EventId. Fields, all optional: those of Event and the attributes for searching, with
-- EventTime in epoch seconds (default: now). Raises for an unknown field or a wrong type.
--: Emulator:add_event(event: table) -> string
Emulator.add_event = errors.public(events.add)

--- Adds the events of a scenario ("alarms", "console_logins", "disabled_track", "leaked_key" or "workday"); returns
-- their ids in `events`, and the facts to find.
--: Emulator:scenario(name: string) -> table
Emulator.scenario = errors.public(function(self, name)
  return require("cloudaudit.emulator.scenarios").play(self, name)
end)

-- A misspelt action would otherwise count 0 requests in every test. Any action that a request named may be asked for.
local function validate_action(self, method, action)
  if action == nil or self.log.counts[action] then
    return true
  end
  return action_names.validate(method, action)
end

--- The entries of the journal, oldest first: all, or those of one action. Raises for an action that does not exist.
--: Emulator:journal(action?: string) -> JournalEntry[]
Emulator.journal = errors.public(function(self, action)
  local ok, message, err = validate_action(self, "journal", action)
  if not ok then
    return nil, message, err
  end
  return self.log:list(action)
end)

--- The numbers of requests that arrived, that had an effect and that got an error, for all actions or for one. Raises
-- for an action that does not exist.
--: Emulator:count(action?: string) -> integer, integer, integer
Emulator.count = errors.public(function(self, action)
  local ok, message, err = validate_action(self, "count", action)
  if not ok then
    return nil, message, err
  end
  return self.log:count(action)
end)

--- The current tracking sets: id, kind ("single" or "events"), created and the parameters under their API names.
--: Emulator:all_tracks() -> table[]
function Emulator:all_tracks()
  return tracks.all(self.tracks)
end

--- Credentials that the emulator accepts: id, key and perhaps a token.
--: Emulator:credential() -> string, string, string?
function Emulator:credential()
  return options.credential(self.options)
end

--- A driver for cloudaudit.new that calls the emulator in the same process.
--: Emulator:driver() -> Driver
function Emulator:driver()
  return require("cloudaudit.emulator.driver").new(self)
end

--- A client of this emulator in the same process, without sockets; the options are those of cloudaudit.new.
--: Emulator:client(options?: Options) -> Client | failure
function Emulator:client(client_options)
  return require("cloudaudit.emulator.driver").client(self, client_options)
end

--- Serves the emulator over HTTP or HTTPS; nil, message, err if it cannot listen.
--: Emulator:serve(options?: ServeOptions) -> EmulatorServer | failure
Emulator.serve = errors.public(function(self, serve_options)
  return require("cloudaudit.emulator.server").new(self, serve_options)
end)

--- Creates an emulator. Raises for an invalid or unknown option.
--: emulator.new(options?: EmulatorOptions) -> Emulator
emulator.new = errors.public(function(chosen)
  local values, message, err = options.read(chosen)
  if not values then
    return nil, message, err
  end
  local self = setmetatable({ options = values, clock = clock.new(values.now) }, Emulator)
  start(self)
  return self
end)

return emulator
