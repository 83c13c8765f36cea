-- Renews the credentials of one client, single-flight: one refresh at a time, which other calls join. Hands what the
-- provider (see provider.lua) gives to the core at once and keeps no secret. Asks nothing before the first call.
local errors = require "cloudaudit.errors"
local providers = require "cloudaudit.credentials.provider"

local refreshers = {}

local Refresher = {}
Refresher.__index = Refresher

-- Credentials are renewed when this part of the time that they were valid for is left, at most so many seconds. Those
-- that a provider caches until they expire are so asked for a few times, not at every call.
local PART, MARGIN = 1 / 3, 300
-- After a refresh that failed while the credentials are still valid, seconds until the next attempt: that part of what
-- is left, within these bounds.
local SHORTEST, AGAIN = 1, 30
-- When another thread makes the refresh: seconds until the first look at it, at most between two later ones, and until
-- it is given up.
local FIRST_LOOK, LOOK, PATIENCE = 1 / 1000, 1 / 50, 30
-- If a refresh handed to an nginx timer has not started after so many seconds, the waiter runs it: nginx drops timers
-- when too many are pending.
local DROPPED = 1 / 10
-- Seconds beyond its deadline that a call waits for the refresh that a timer makes for it: the provider ends by that
-- deadline itself, and says why.
local GRACE = 1 / 20

--- The refresher of one client: {shown, source, expires_at, has_token, generation} describe its credentials;
-- `generation` counts the times that they were renewed.
function refreshers.new(provider, context)
  return setmetatable({ provider = provider, context = context, generation = 0 }, Refresher)
end

-- ---- one refresh ---------------------------------------------------------------------------------

local SET_CREDENTIALS = "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or pass secret_id and secret_key;"
  .. " the role of an instance is used on request: credentials = cloudaudit.credentials.cvm_role();"
  .. " nginx hides the environment from its workers unless its configuration has: env TENCENTCLOUD_SECRET_ID;"

local function no_credentials(provider, message)
  return errors.failure{ kind = "credentials", hint = SET_CREDENTIALS,
    message = "no credentials; " .. (provider.lists and message or provider.name .. ": " .. message) }
end

-- Why a snapshot cannot be used, or nil. `refused`: the service rejected the credentials in use.
local function problem_of(self, snapshot, refused, now)
  if refused and snapshot.permanent then
    return "static credentials cannot be refreshed"
  elseif refused and snapshot.keys == self.keys then
    return "the provider returned the credentials that the service rejected"
  elseif snapshot.expires_at and snapshot.expires_at <= now then
    return ("the temporary credentials expired %.0f s ago"):format(now - snapshot.expires_at)
  end
end

local function remember(self, snapshot, now)
  self.expires_at, self.has_token, self.renew_at = snapshot.expires_at, snapshot.has_token, nil
  if self.expires_at then
    local left = self.expires_at - now
    self.renew_at = now + math.max(left - math.min(MARGIN, left * PART), math.min(SHORTEST, left))
  end
  self.keys, self.source, self.generation = snapshot.keys, snapshot.source, self.generation + 1
  self.shown = snapshot.shown -- last: from here on these credentials count as valid
  providers.log(self.context, "debug", "credentials %s from %s%s", snapshot.shown, snapshot.source,
    snapshot.expires_at and (", valid for %.0f s"):format(snapshot.expires_at - now) or "")
end

-- Asks the provider and hands the credentials to the core client. True or a failure.
local function fetch(self, client, refused)
  local provider, snapshot, message, err = self.provider, nil, nil, nil
  if not self.closed then
    snapshot, message, err = providers.ask(provider, self.context)
  end
  local now = self.context.clock()
  if self.closed then -- perhaps during a wait of the provider
    return errors.closed()
  elseif err then
    return nil, message, err
  elseif not snapshot then
    return no_credentials(provider, message)
  end
  local problem = problem_of(self, snapshot, refused, now)
  if problem then
    return errors.failure{ kind = "credentials", message = snapshot.source .. ": " .. problem }
  end
  local ok, fields = client:credentials(snapshot.keys)
  if not ok then
    fields.message = snapshot.source .. ": " .. fields.message
    return errors.failure(fields)
  end
  remember(self, snapshot, now)
  return true
end

-- ---- single-flight -------------------------------------------------------------------------------
-- A refresh under way is {thread=, run=, done=, ok=, err=, raised=}: `run` until it has started, `thread` the
-- coroutine that makes it, nil when a timer does, which nothing kills. Any coroutine may be killed at any wait (nginx
-- does that with the threads of a request) and interrupted by an error at any point, so nobody waits for one that is
-- dead.

-- The running coroutine, or "main".
local function current()
  local thread, is_main = coroutine.running()
  return not is_main and thread or "main"
end

-- A refresh whose coroutine is dead, or is this one, will not end by itself; nor may one that was waited for in vain.
-- The main thread does not wait while others run: it was interrupted, or waits for them.
local function is_abandoned(refresh)
  local thread = refresh.thread
  return refresh.given_up or thread ~= nil
    and (thread == "main" or thread == current() or coroutine.status(thread) == "dead")
end

-- Seconds that a call may still wait: until its own deadline. `started`: when it began, if that was before now.
local function time_left(context, started)
  local left = context.timeout or PATIENCE
  local now = started and context.now and context.now()
  return now and left - (now - started) or left
end

-- The failure of a call whose deadline came while it waited for another call's refresh. Nobody waits for that one
-- again: its coroutine may have been dropped.
local function waited_in_vain(self, refresh, waited, own)
  refresh.given_up = true
  return errors.failure{ kind = "timeout", retryable = true,
    message = ("%s: %s did not end within %.3g s"):format(self.provider.name,
      own and "getting credentials" or "another call's refresh of the credentials", waited) }
end

-- Waits for a refresh that another coroutine makes: true and its result; false when it will not end, or ended for a
-- reason that concerns only that coroutine's call. `own`: it is made in a timer for this call.
local function join_one(self, refresh, started, own)
  local sleep, now, look = self.context.sleep, self.context.now, FIRST_LOOK
  local began, waited, most = now and now(), 0, time_left(self.context, started) + (own and GRACE or 0)
  while not refresh.done do
    if waited >= most and most < PATIENCE then
      return true, waited_in_vain(self, refresh, waited, own)
    elseif not sleep or is_abandoned(refresh) or waited >= PATIENCE then
      return false
    end
    look = math.min(look, math.max(most - waited, FIRST_LOOK))
    local ok, message, err = sleep(look)
    if not ok then
      return true, nil, message, err
    end
    -- Both are counted: a sleep may take longer than it was asked to, and a clock may stand still.
    local time = began and now()
    waited, look = math.max(waited + look, time and time - began or 0), math.min(2 * look, LOOK)
    if refresh.run and waited >= DROPPED then
      refresh.run(current())
    end
  end
  if refresh.ok then
    return true, true
  elseif refresh.raised or providers.is_about_the_call(refresh.err) then
    return false
  end
  return true, errors.failure(refresh.err)
end

-- Joins the refresh in flight, and the next one if that was abandoned: true and the result; false when there is none.
local function join(self, started)
  local refresh = self.in_flight
  while refresh do
    local ended, ok, message, err = join_one(self, refresh, started)
    if ended then
      return true, ok, message, err
    end
    refresh = self.in_flight ~= refresh and self.in_flight or nil
  end
  return false
end

-- Lua 5.1 cannot yield across pcall: there a provider that raises leaves its refresh unfinished until PATIENCE is over.
local OLD = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

local function unguarded(fn, ...)
  return true, fn(...)
end

local guarded = OLD and unguarded or pcall

local function finish(self, refresh, returned, ok, _, err)
  refresh.ok, refresh.err = returned and ok, err
  refresh.raised = not returned and { ok } or nil
  refresh.done = true
  if self.in_flight == refresh then
    self.in_flight = nil
  end
end

-- Waits for a refresh that this coroutine has started and a timer runs.
local function wait_for(self, refresh, started)
  local ended, _, _, err = join_one(self, refresh, started, true)
  if refresh.done then
    return
  elseif not ended then
    local _, late = errors.new{ kind = "credentials", retryable = true,
      message = ("%s: gave no credentials within %d s"):format(self.provider.name, PATIENCE) }
    err = late
  end
  finish(self, refresh, true, nil, nil, err)
end

-- Makes a refresh, in a timer where a timer is safer: true or a failure; raises what the provider raised.
local function start_refresh(self, client, refused, started)
  local refresh, detach = { thread = current() }, self.context.detach
  -- Runs once, in the thread that comes to it first; `thread` is that one when it may be killed.
  function refresh.run(thread)
    refresh.thread = thread
    refresh.run = nil
    finish(self, refresh, guarded(fetch, self, client, refused))
  end
  local function run_detached()
    if refresh.run then
      refresh.run()
    end
  end
  self.in_flight = refresh
  self.context.started = started
  if detach and detach(run_detached) then
    refresh.thread = nil
    wait_for(self, refresh, started)
  else
    refresh.run(current())
  end
  if refresh.raised then
    error(refresh.raised[1], 0)
  elseif refresh.ok then
    return true
  end
  return errors.failure(refresh.err)
end

-- ---- what a client needs -------------------------------------------------------------------------

local function is_valid(self, now)
  return self.shown ~= nil and (not self.expires_at or self.expires_at > now)
end

-- Renews credentials that expire soon. They are still valid: while one call refreshes them the others go on with them,
-- and so do all when the refresh fails.
local function renew_early(self, client, now, started)
  if self.in_flight and not is_abandoned(self.in_flight) then
    return true
  end
  local ok, message, err = start_refresh(self, client, false, started)
  if ok or providers.is_about_the_call(err) or not is_valid(self, self.context.clock()) then
    return ok, message, err
  end
  self.renew_at = now + math.max(SHORTEST, math.min(AGAIN, (self.expires_at - now) * PART))
  providers.log(self.context, "warn", "%s: the credentials were not refreshed and expire in %.0f s: %s", self.source,
    self.expires_at - now, message)
  return true
end

--- False when ensure_fresh would return at once.
function Refresher:may_wait()
  return not self.shown or self.expires_at ~= nil
end

--- Makes sure that the core client has credentials that are valid now: true or a failure. May yield. `refused`: the
-- generation of credentials that the service rejected although they looked valid; newer ones are needed then.
-- `started`: when the call began by context.now: it waits for other calls, and a provider for its service, until its
-- deadline.
function Refresher:ensure_fresh(client, refused, started)
  if self.closed then
    return errors.closed()
  elseif self.shown and not self.expires_at and not refused then
    return true -- without asking the clock
  end
  local now = self.context.clock()
  if refused and refused ~= self.generation then
    return true -- another call has renewed them meanwhile
  elseif not refused and is_valid(self, now) then
    if not self.renew_at or now < self.renew_at then -- nil: a clock that yielded let another call read them
      return true
    end
    return renew_early(self, client, now, started)
  end
  local joined, ok, message, err = join(self, started)
  if joined then
    return ok, message, err
  end
  return start_refresh(self, client, refused ~= nil, started)
end

-- The environment variables without secrets that providers read.
local VARIABLES = { "HOME", "USERPROFILE", "TENCENTCLOUD_CREDENTIALS_FILE", "TENCENTCLOUD_PROFILE", "TCCLI_PROFILE",
  "TENCENTCLOUD_ROLE_ARN", "TENCENTCLOUD_ROLE_SESSION_NAME", "TKE_REGION", "TKE_PROVIDER_ID",
  "TKE_WEB_IDENTITY_TOKEN_FILE", "TKE_ROLE_ARN" }

--- Reads the environment now instead of at the first call, for a host that is about to lose it.
function Refresher:freeze()
  local provider, context = self.provider, self.context
  if provider.freeze then
    self.provider = provider.freeze(context)
  end
  if context.getenv then
    local values = {}
    for _, name in ipairs(VARIABLES) do
      values[name] = context.getenv(name)
    end
    context.getenv = function(name)
      return values[name]
    end
  end
end

--- The region that the provider knows for its credentials, and its source; nil; or nil, message, err.
function Refresher:region()
  if type(self.provider.region) == "function" then
    return self.provider.region(self.context)
  end
end

--- Forgets the credentials, those of nested clients and of the provider too. ensure_fresh fails from now on.
function Refresher:close()
  self.closed = true
  for _, nested in pairs(self.context.nested or {}) do
    nested.client:close()
  end
  self.context.nested, self.keys, self.provider = nil, nil, { name = self.provider.name }
end

--- "AKID****GLe (static)", or a text that says that nothing was read before the first call.
function Refresher:describe()
  if self.shown then
    return ("%s (%s)"):format(self.shown, self.source)
  end
  return "(no credentials read yet)"
end

return refreshers
