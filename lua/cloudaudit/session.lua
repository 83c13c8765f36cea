-- The internal state of a client: settings, core client, credentials, driver. Opens itself at the first call; the
-- public methods in client.lua are made of these functions.
local ascii = require "cloudaudit.ascii"
local actions = require "cloudaudit.actions"
local calls = require "cloudaudit.call"
local clocks = require "cloudaudit.clock"
local chain = require "cloudaudit.credentials.chain"
local core = require "cloudaudit.core"
local drivers = require "cloudaudit.driver"
local errors = require "cloudaudit.errors"
local options = require "cloudaudit.options"
local refreshers = require "cloudaudit.credentials.refresher"

local sessions = {}

-- Jitter of one client: seeded from an address and the time, and mixed with the system's clock at each draw, so that
-- neither a fork nor math.randomseed of the host makes two clients retry in step.
local function new_random()
  local address = tonumber((tostring({}):match("0x(%x+)") or "1"):sub(-7), 16)
  local seed = (address + math.floor(core.time() * 1e6)) % 2147483647
  return function()
    seed = (seed * 16807 + core.monotonic() * 1e6) % 2147483647
    return seed / 2147483647
  end
end

-- Loaded at its first use.
local loaded_async
local function async()
  loaded_async = loaded_async or require "cloudaudit.async"
  return loaded_async
end

local call_context

-- What providers of credentials may use of a session (see credentials/provider.lua).
local function provider_context(self)
  return {
    getenv = options.getenv(self.settings), clock = self.clock, log = self.settings.log,
    timeout = self.settings.timeout or options.default("timeout"), max_skew = self.settings.max_skew,
    run = function(action)
      return call_context(self, action)
    end,
    sleep = function(seconds)
      return sessions.sleep(self, seconds)
    end,
    now = function()
      return sessions.now(self)
    end,
    -- A custom driver or sleep may need the thread that it is called in.
    detach = function(fn)
      return not (self.settings.driver or self.settings.sleep) and drivers.detach(fn)
    end,
  }
end

--- Makes a session from the options of `new`, without I/O: nil, message, err when they are wrong.
function sessions.new(new_options)
  local settings, secrets, misuse = options.read(new_options)
  if not settings then
    return nil, secrets, misuse
  end
  local provider, message, err = chain.choose(settings, secrets)
  if not provider then
    return nil, message, err
  end
  local self = {
    settings = settings,
    clock = settings.clock or core.time,
    random = settings.random or new_random(),
    shown = provider.shown,
    drivers = {},
  }
  self.refresher = refreshers.new(provider, provider_context(self))
  -- nginx clears the environment of its workers: it is read while it is there.
  if drivers.phase() == "init" then
    self.values, self.sources = options.resolve(settings)
    self.refresher:freeze()
  end
  return self
end

--- A session that shares all state with `session`, but whose calls, made outside of a task, are awaited: the one that
-- the methods of client.async and the iterators they return work on.
function sessions.view(session)
  return setmetatable({ awaits = true, session = session }, { __index = session, __newindex = session })
end

-- Credentials of a profile come with its region: one without the other would be neither the user's nor the default.
local function resolve(self)
  local values, sources = self.values, self.sources
  if not values then
    values, sources = options.resolve(self.settings)
  end
  if sources.region == "default" then
    local region, source, err = self.refresher:region()
    if err then
      return nil, source, err
    elseif region then
      values.region, sources.region = region, source
    end
  end
  return values, sources
end

-- The core client, made at its first use: from then on the environment is not read again.
local function open(self)
  if self.closed then
    return errors.closed()
  end
  if self.core then
    return self.core
  end
  local values, sources, err = resolve(self)
  if not values then
    return nil, sources, err
  end
  local client, fields = core.client{
    endpoint = values.endpoint, insecure_http = values.insecure_http, region = values.region,
    language = values.language, timeout = values.timeout, attempts = values.retries and values.retries + 1,
    rate = values.rate, max_skew = values.max_skew,
  }
  if not client then
    return errors.failure(fields)
  end
  self.values, self.sources = values, sources
  self.tls = not ascii.lower(values.endpoint):find("^http://")
  self.core = client -- last: it means that the others are there
  return client
end

-- The task of this session that the code runs in, or nil.
local function task_of(self)
  local scheduler = self.scheduler
  return scheduler and scheduler:current()
end

-- What a call works with (see call.lua); inside a task of this session it waits with the driver's async form.
function call_context(self, action)
  local settings = self.settings
  local driver = settings.driver
  if not driver then
    local message, err
    driver, message, err = drivers.choose(self.drivers, self.values, self.sources)
    if not driver then
      return nil, message, err
    end
  end
  local context = {
    action = action, settings = settings, driver = driver, refresher = self.refresher,
    exchange = driver.exchange, send = driver.send_call, clock = self.clock,
    now = calls.clock_of(settings, driver.now or core.monotonic),
    sleep = settings.sleep or driver.sleep, random = self.random,
  }
  local task = self.scheduler and task_of(self)
  if task then
    return async().attach(task, driver, context)
  end
  return context
end

--- Checks the arguments of a method; true or a failure.
function sessions.check_call(method, action, params)
  if type(action) ~= "string" then
    return errors.misuse(("%s: name of an action expected, got %s"):format(method, type(action)))
  elseif params ~= nil and type(params) ~= "table" then
    return errors.misuse(("%s: table of parameters expected, got %s"):format(action, type(params)))
  end
  return true
end

-- The core's call object: typed for an action of the model, JSON text for any other.
local function new_call(self, client, action, params)
  if actions.known[action] then
    return client:call(action, params or {}, self.settings.validate ~= false)
  end
  local text, fields = core.encode(params or {})
  if not text then
    return nil, fields
  end
  return client:call(action, text)
end

-- A call of an action that the core client has taken and credentials are there for: call and context; or a failure.
local function prepare_call(self, client, action, params, rename, owner)
  local call, fields = new_call(self, client, action, params)
  if not call then
    return errors.of_action(rename and rename(fields, owner) or fields, action)
  end
  local context, message, err = call_context(self, action)
  local ok, refresher = context ~= nil, self.refresher
  if ok then
    context.started = refresher:may_wait() and context.now() or nil
    ok, message, err = refresher:ensure_fresh(client, nil, context.started)
  end
  if not ok then
    err.action = action
    return nil, message, err
  end
  return call, context
end

--- Like `call`; a success also returns, in fourth place, the service's time in unix seconds if its response told it,
-- and in fifth the intent of a create that was answered without a plain id.
-- `rename(fields, owner)` may change the core's fields of a failure of the parameters before they become an error.
-- `event_type`: see call_for_events.
function sessions.call_with_date(self, action, params, rename, owner, event_type)
  if self.awaits then
    if not task_of(self) then
      return async().run(self, sessions.call_with_date, self, action, params, rename, owner, event_type)
    end
    self = self.session -- the state itself, without the cost of the view
  end
  local ok, message, err
  if not actions.known[action] or type(params) ~= "table" then
    ok, message, err = sessions.check_call("call", action, params)
    if not ok then
      return nil, message, err
    end
  end
  local client = self.core
  if not client then
    client, message, err = open(self)
    if not client then
      return nil, message, err
    end
  end
  local call, context, failure = prepare_call(self, client, action, params, rename, owner)
  if not call then
    return nil, context, failure
  end
  context.event_type = event_type
  local response
  response, message, err = calls.run(context, client, call)
  local ahead = context.ahead
  if ahead ~= nil and self.tls and not (self.clock_right and ahead and ahead <= 5 and ahead >= -5) then
    clocks.learn(self, ahead)
  end
  if response then
    return response, nil, nil, context.date, context.intent
  elseif err.code == "InvalidAction" and not actions.known[action] then
    local near = actions.nearest(action)
    err.hint = near and ("did you mean " .. near .. "?") or err.hint
  end
  return nil, message, err
end

--- Calls an action with the API's own parameter names: the response table, or nil, message, err. Parameters are
-- validated before credentials are read and anything is sent.
--: Client:call(action: string, params?: table) -> table | failure
function sessions.call(self, action, params)
  local response, message, err = sessions.call_with_date(self, action, params)
  return response, message, err
end

--- Calls an action whose response lists Events: they come as event tables, with the metatable `event_type`.
function sessions.call_for_events(self, action, params, event_type)
  local response, message, err = sessions.call_with_date(self, action, params, nil, nil, event_type)
  return response, message, err
end

-- The context of waits between calls, whose sleep and clock may yield.
local function waiting(self)
  local _, message, err = open(self)
  if err then
    return nil, message, err
  end
  return call_context(self)
end

--- Sleeps as calls do: with the option `sleep`, or the driver's. true, or nil, message, err.
function sessions.sleep(self, seconds)
  if self.awaits and not task_of(self) then
    return async().run(self, sessions.sleep, self, seconds)
  end
  local context, message, err = waiting(self)
  if not context then
    return nil, message, err
  end
  return calls.sleep(context, seconds)
end

--- Seconds of the monotonic clock that calls use; nil, message, err.
function sessions.now(self)
  local context, message, err = waiting(self)
  if not context then
    return nil, message, err
  end
  return context.now()
end

--- Erases the credentials, closes the connections and ends the calls under way. May be called again. Returns true.
--: Client:close() -> true
function sessions.close(self)
  if not self.ended then
    self.closed = true
    if self.scheduler then
      self.scheduler.closing = true
    end
    for _, driver in pairs(self.drivers) do
      driver.close()
    end
    if self.scheduler then
      self.scheduler:close()
    end
    if self.core then
      self.core:close()
    end
    self.refresher:close()
    self.core, self.drivers, self.shown = nil, {}, nil
    self.ended = true -- otherwise an error interrupted it, and the next close goes on
  end
  return true
end

--- The core client, opened if necessary; nil, message, err.
sessions.open = open

--- The context of a call of an action (see call.lua), once the session is open; nil, message, err.
sessions.context = call_context

--- The values of all options for calls, and the source of each (see options.lua); nil, message, err.
function sessions.settled(self)
  local client, message, err = open(self)
  if not client then
    return nil, message, err
  end
  return self.values, self.sources
end

--- "AKID****GLe (static)" and the like: never more of the credentials than that.
function sessions.describe(self)
  if self.closed then
    return "(closed)"
  elseif self.shown and not self.refresher.shown then
    return self.shown .. " (static)"
  end
  return self.refresher:describe()
end

return sessions
