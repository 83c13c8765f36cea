-- The client that users hold: every public method in one place. Each is an inner function of
-- session.lua or of a family such as tracks.lua, wrapped so that misuse raises at the caller's line.
local actions = require "cloudaudit.actions"
local config = require "cloudaudit.config"
local declared = require "cloudaudit.tracks.ensure"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.events"
local prepared = require "cloudaudit.prepare"
local reconcile = require "cloudaudit.tracks.reconcile"
local session = require "cloudaudit.session"
local tracks = require "cloudaudit.tracks"

local client = {}

-- What a client's table holds beside client.async. No secret is reachable from it: keys live in the core.
local SESSION = "_session"

-- Loaded by whoever uses it first.
local loaded_async
local function async()
  loaded_async = loaded_async or require "cloudaudit.async"
  return loaded_async
end

local NO_CLIENT = "a method of the client was called without the client: write client:method(...), with a colon"
local NO_ASYNC = "a method of client.async was called without it: write client.async:method(...), with a colon"

-- The two metatables whose tables have a session.
local Client, Async = {}, {}

-- A method that also works on a closed client.
local function lasting(inner_function)
  return errors.public(function(self, ...)
    local kind = getmetatable(self)
    if kind ~= Client and kind ~= Async then
      return errors.misuse(NO_CLIENT)
    end
    return inner_function(self[SESSION], ...)
  end)
end

local function method(inner_function)
  return errors.public(function(self, ...)
    local kind = getmetatable(self)
    if kind ~= Client and kind ~= Async then
      return errors.misuse(NO_CLIENT)
    end
    local inner = self[SESSION]
    if inner.closed then
      return errors.closed()
    end
    return inner_function(inner, ...)
  end)
end

-- The same for client.async: gives a future at once.
local function future_method(inner_function)
  local function unless_closed(inner, ...)
    if inner.closed then
      return errors.closed()
    end
    return inner_function(inner, ...)
  end
  return errors.public(function(self, ...)
    local kind = getmetatable(self)
    if kind ~= Client and kind ~= Async then
      return errors.misuse(NO_ASYNC)
    end
    local inner = self[SESSION]
    return async().start(inner, unless_closed, inner, ...)
  end)
end

local function of_async(name)
  return function(inner, ...)
    return async()[name](inner, ...)
  end
end

-- Those that exist in client.async too.
local inner_functions = { call = session.call }
for _, family in ipairs{ prepared, tracks, declared, events, { reconcile = reconcile.reconcile }, config } do
  for name, inner_function in pairs(family) do
    inner_functions[name] = inner_function
  end
end

local methods, future_methods = {}, {}
for name, inner_function in pairs(inner_functions) do
  methods[name], future_methods[name] = method(inner_function), future_method(inner_function)
end
methods.close = lasting(session.close)
methods.task = method(of_async("task"))
for _, name in ipairs{ "step", "pending", "fds" } do
  methods[name] = lasting(of_async(name))
end

-- client:CreateAuditTrack{...} and every other action of the model, made when first asked for.
local function with_actions(made, make)
  return setmetatable(made, { __index = function(_, action)
    if not actions.get(action) then
      return nil
    end
    made[action] = make(function(inner, params)
      local response, message, err = session.call_with_date(inner, action, params)
      return response, message, err
    end)
    return made[action]
  end })
end

Client.__index, Async.__index = with_actions(methods, method), with_actions(future_methods, future_method)

function Client.__tostring(self)
  return "cloudaudit client " .. session.describe(self[SESSION])
end

Client.__close = methods.close

--- Makes a client (see options.lua for what it takes). Raises for a wrong or unknown option; returns
-- nil, message, err for keys that cannot be right. Reads nothing and connects to nothing.
--: cloudaudit.new(options?: Options) -> Client | failure
client.new = errors.public(function(options)
  local inner, message, err = session.new(options)
  if not inner then
    return nil, message, err
  end
  local view = setmetatable({ [SESSION] = session.view(inner) }, Async)
  return setmetatable({ [SESSION] = inner, async = view }, Client)
end)

return client
