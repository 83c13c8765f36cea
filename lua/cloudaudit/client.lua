-- The client that users hold: every public method in one place. Each is a function of session.lua or of a family such
-- as tracks/, which takes the session as its first argument; here it is wrapped so that misuse raises at the caller's
-- line.
local actions = require "cloudaudit.actions"
local config = require "cloudaudit.config"
local ensure = require "cloudaudit.tracks.ensure"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.events"
local prepare = require "cloudaudit.prepare"
local reconcile = require "cloudaudit.tracks.reconcile"
local sessions = require "cloudaudit.session"
local tracks = require "cloudaudit.tracks"

local client = {}

-- The one field of a client's table beside `async`. No secret is reachable from it: credentials live in the core.
local SESSION = "_session"

-- Loaded at its first use.
local loaded_async
local function async()
  loaded_async = loaded_async or require "cloudaudit.async"
  return loaded_async
end

local NO_CLIENT = "a method of the client was called without the client: write client:method(...), with a colon"
local NO_ASYNC = "a method of client.async was called without it: write client.async:method(...), with a colon"

-- The metatables of the two kinds of tables that have a session.
local Client, Async = {}, {}

local function has_session(object)
  local kind = getmetatable(object)
  return kind == Client or kind == Async
end

local function unless_closed(fn)
  return function(session, ...)
    if session.closed then
      return errors.closed()
    end
    return fn(session, ...)
  end
end

local function method_even_if_closed(fn)
  return errors.public(function(object, ...)
    if not has_session(object) then
      return errors.misuse(NO_CLIENT)
    end
    return fn(object[SESSION], ...)
  end)
end

local function method(fn)
  return method_even_if_closed(unless_closed(fn))
end

-- The same method in client.async: returns a future at once.
local function future_method(fn)
  local open = unless_closed(fn)
  return errors.public(function(object, ...)
    if not has_session(object) then
      return errors.misuse(NO_ASYNC)
    end
    return async().start(object[SESSION], open, object[SESSION], ...)
  end)
end

local function of_async(name)
  return function(session, ...)
    return async()[name](session, ...)
  end
end

-- The functions whose methods exist in client.async too.
local functions = { call = sessions.call, warm = function(session)
  return require("cloudaudit.warm").warm(session)
end }
for _, family in ipairs{ prepare, tracks, ensure, events, { reconcile = reconcile.reconcile }, config } do
  for name, fn in pairs(family) do
    functions[name] = fn
  end
end

local methods, future_methods = {}, {}
for name, fn in pairs(functions) do
  methods[name], future_methods[name] = method(fn), future_method(fn)
end
methods.close = method_even_if_closed(sessions.close)
methods.task = method(of_async("task"))
for _, name in ipairs{ "step", "pending", "fds" } do
  methods[name] = method_even_if_closed(of_async(name))
end

-- client:CreateAuditTrack{...} and every other action of the model, made at its first use.
local function with_actions(made, make)
  return setmetatable(made, { __index = function(_, action)
    if not actions.get(action) then
      return nil
    end
    made[action] = make(function(session, params)
      local response, message, err = sessions.call_with_date(session, action, params)
      return response, message, err
    end)
    return made[action]
  end })
end

Client.__index, Async.__index = with_actions(methods, method), with_actions(future_methods, future_method)

function Client.__tostring(self)
  return "cloudaudit client " .. sessions.describe(self[SESSION])
end

Client.__close = methods.close

--- The session of a client; nil for any other value.
function client.session_of(object)
  return getmetatable(object) == Client and object[SESSION] or nil
end

--- Makes a client; performs no I/O. Raises for a wrong or unknown option; returns nil, message, err for malformed
-- credentials.
--: cloudaudit.new(options?: Options) -> Client | failure
client.new = errors.public(function(options)
  local session, message, err = sessions.new(options)
  if not session then
    return nil, message, err
  end
  local view = setmetatable({ [SESSION] = sessions.view(session) }, Async)
  return setmetatable({ [SESSION] = session, async = view }, Client)
end)

return client
