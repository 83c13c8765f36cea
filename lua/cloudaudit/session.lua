-- What a client is inside: settings, core client, keys, driver. Opens itself at the first call; the
-- methods that users see are made of these functions in client.lua.
local actions = require "cloudaudit.actions"
local chain = require "cloudaudit.credentials.chain"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local exchange = require "cloudaudit.call"
local keepers = require "cloudaudit.credentials.refresher"
local options = require "cloudaudit.options"

local session = {}

-- Jitter for one client: seeded from address and time and stirred with the system's clock at each draw, so that
-- neither a fork nor math.randomseed of the host makes two clients retry in step.
local function new_random()
  local address = tonumber((tostring({}):match("0x(%x+)") or "1"):sub(-7), 16)
  local seed = (address + math.floor(core.time() * 1e6)) % 2147483647
  return function()
    seed = (seed * 16807 + core.monotonic() * 1e6) % 2147483647
    return seed / 2147483647
  end
end

-- Some hosts raise for a global that nobody has declared.
local _, nginx = pcall(function()
  return ngx
end)
local in_nginx = type(nginx) == "table"

-- The phase of nginx that we are in, nil in every other host.
local function nginx_phase()
  return in_nginx and require("cloudaudit.driver.nginx").phase() or nil
end

-- Loaded by whoever uses it first.
local loaded_async
local function async()
  loaded_async = loaded_async or require "cloudaudit.async"
  return loaded_async
end

local run_of

-- What providers of keys may know and use of a session.
local function context_of(self)
  return {
    getenv = options.getenv(self.settings), clock = self.clock, log = self.settings.log,
    timeout = self.settings.timeout, max_skew = self.settings.max_skew,
    run = function(action)
      return run_of(self, action)
    end,
    sleep = function(seconds)
      return session.sleep(self, seconds)
    end,
    -- Inside nginx the thread of a request may be killed at any wait; a timer is not.
    detach = function(fn)
      local own = self.settings.driver or self.settings.sleep
      local phase = not own and nginx_phase()
      return phase and require("cloudaudit.driver.nginx").detach(phase, fn)
    end,
  }
end

--- Makes a session of the options of `new`, without I/O: nil, message, err when they are wrong.
function session.new(given)
  local settings, secrets, misuse = options.read(given)
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
  }
  self.keeper = keepers.new(provider, context_of(self))
  -- nginx takes the environment away from its workers: what it says is read while it is there.
  if nginx_phase() == "init" then
    self.values, self.sources = options.resolve(settings)
    keepers.freeze(self.keeper)
  end
  return self
end

--- A session that is `inner` in everything, but whose calls, made outside of a task, are awaited: the one that the
-- methods of client.async and the iterators they give work on.
function session.view(inner)
  return setmetatable({ awaits = true, session = inner }, { __index = inner, __newindex = inner })
end

-- A profile that is asked for by name brings the region that tccli keeps with it.
local function resolve(self)
  local values, sources = self.values, self.sources
  if not values then
    values, sources = options.resolve(self.settings)
  end
  if self.settings.profile and sources.region == "default" then
    local tccli = require "cloudaudit.credentials.tccli"
    local region, path, err = tccli.region(self.keeper.context, self.settings.profile)
    if err then
      return nil, path, err
    elseif region then
      values.region, sources.region = region, "tccli " .. path
    end
  end
  return values, sources
end

-- The core client, made when it is first needed: the environment counts from then on.
local function open(self)
  if self.closed then
    return errors.failure{ kind = "closed", message = "the client is closed" }
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
    language = values.language, timeout = values.timeout, attempts = values.retries + 1, rate = values.rate,
    max_skew = values.max_skew,
  }
  if not client then
    return errors.failure(fields)
  end
  self.core, self.values, self.sources = client, values, sources
  return client
end

-- Ours, chosen anew for each call: what a host offers can change from one call to the next. Inside nginx it is
-- never libcurl, which would stop the worker.
local function driver_of(self)
  local phase = nginx_phase()
  local name = phase and "nginx" or "curl"
  local module = require("cloudaudit.driver." .. name)
  if phase then
    local usable, problem = module.usable(phase)
    if not usable then
      return errors.failure{ kind = "context", message = problem }
    end
  elseif self.settings.rate_dict then
    return errors.failure{ kind = "config", field = "rate_dict",
      message = "rate_dict: there are no shared dictionaries outside of nginx" }
  end
  local driver, message, err = self[name], nil, nil
  if not driver then
    driver, message, err = module.new(self.values, self.sources)
    self[name] = driver
  end
  return driver, message, err
end

-- The task of this session that we are in, or nil.
local function task_of(self)
  local scheduler = self.scheduler
  return scheduler and scheduler:current()
end

-- What the calls of a session wait with; inside one of its tasks that is the driver's async form.
function run_of(self, action)
  local settings = self.settings
  local driver = settings.driver
  if not driver then
    local message, err
    driver, message, err = driver_of(self)
    if not driver then
      return nil, message, err
    end
  end
  local run = {
    action = action, settings = settings, driver = driver, keeper = self.keeper,
    exchange = driver.exchange, send = driver.send_call, now = driver.now or core.monotonic, clock = self.clock,
    sleep = settings.sleep or driver.sleep, random = self.random,
  }
  local task = self.scheduler and task_of(self)
  if task then
    return async().adopt(task, driver, run)
  end
  return run
end

local function fail(fields, action)
  fields.action = action
  return errors.failure(fields)
end

--- Checks what a method was called with; true or a failure.
function session.check_call(method, action, params)
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

--- As call below; a success also brings, in fourth place, the service's time in unix seconds if it told it.
-- `rename(fields, owner)` may change the core's fields of a failure before they become an error.
function session.dated_call(self, action, params, rename, owner)
  if self.awaits then
    if not task_of(self) then
      return async().run(self, session.dated_call, self, action, params, rename, owner)
    end
    self = self.session -- what a view has, without looking through it
  end
  local ok, message, err
  if not actions.known[action] or type(params) ~= "table" then
    ok, message, err = session.check_call("call", action, params)
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
  local call, fields = new_call(self, client, action, params)
  if not call then
    return fail(rename and rename(fields, owner) or fields, action)
  end
  local run
  run, message, err = run_of(self, action)
  if run then
    ok, message, err = keepers.supply(self.keeper, client)
  end
  if not run or not ok then
    err.action = action
    return nil, message, err
  end
  local response
  response, message, err = exchange.run(run, client, call)
  if response then
    return response, nil, nil, run.date
  elseif err.code == "InvalidAction" and not actions.known[action] then
    local near = actions.nearest(action)
    err.hint = near and ("did you mean " .. near .. "?") or err.hint
  end
  return nil, message, err
end

--- Calls an action with parameters in the wire's names: the response table, or nil, message, err.
-- Parameters are checked first, so that a mistake shows without keys and without a network.
--: Client:call(action: string, params?: table) -> table | failure
function session.call(self, action, params)
  local response, message, err = session.dated_call(self, action, params)
  return response, message, err
end

-- The sleep and the clock that calls use, for who waits between calls; they may yield.
local function waiting(self)
  local _, message, err = open(self)
  if err then
    return nil, message, err
  end
  return run_of(self)
end

--- Waits as calls do: through the option sleep, or the driver's. true, or nil, message, err.
function session.sleep(self, seconds)
  if self.awaits and not task_of(self) then
    return async().run(self, session.sleep, self, seconds)
  end
  local run, message, err = waiting(self)
  if not run then
    return nil, message, err
  end
  exchange.sleep(run, seconds)
  return true
end

--- Seconds that never go back, by the clock that calls use; nil, message, err.
function session.now(self)
  local run, message, err = waiting(self)
  if not run then
    return nil, message, err
  end
  return run.now()
end

--- Forgets the keys and closes the connections; calls under way end. May be called again. Returns true.
--: Client:close() -> true
function session.close(self)
  if not self.closed then
    self.closed = true
    if self.curl then
      self.curl.close()
    end
    if self.scheduler then
      self.scheduler:close()
    end
    if self.core then
      self.core:close()
    end
    keepers.close(self.keeper)
    self.core, self.curl, self.nginx, self.shown = nil, nil, nil, nil
  end
  return true
end

--- The core client, opened if need be; nil, message, err.
session.open = open

--- The values that hold for calls and where each comes from (see options.lua); nil, message, err.
function session.settled(self)
  local client, message, err = open(self)
  if not client then
    return nil, message, err
  end
  return self.values, self.sources
end

--- "AKID****GLe (static)" and the like; never more of a key than that.
function session.describe(self)
  if self.closed then
    return "(closed)"
  elseif self.shown and not self.keeper.shown then
    return self.shown .. " (static)"
  end
  return keepers.describe(self.keeper)
end

return session
