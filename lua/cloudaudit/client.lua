-- The client that users hold: every public method in one place. Each is an inner function of
-- session.lua or of a family such as tracks.lua, wrapped so that misuse raises at the caller's line.
local actions = require "cloudaudit.actions"
local errors = require "cloudaudit.error"
local events = require "cloudaudit.events"
local session = require "cloudaudit.session"
local tracks = require "cloudaudit.tracks"

local client = {}

-- The one member of a client's table. No secret is reachable from it: keys live in the core.
local SESSION = "_session"

local function session_of(self)
  local inner = type(self) == "table" and rawget(self, SESSION)
  if not inner then
    return errors.misuse("a method of the client was called without the client: write client:method(...), with a colon")
  end
  return inner
end

local function method(inner_function)
  return errors.public(function(self, ...)
    local inner, message, err = session_of(self)
    if not inner then
      return nil, message, err
    elseif inner.closed then
      return errors.failure{ kind = "closed", message = "the client is closed" }
    end
    return inner_function(inner, ...)
  end)
end

local methods = {
  call = method(session.call),
  prepare = method(session.prepare),
  parse = method(session.parse),
  close = errors.public(function(self)
    local inner, message, err = session_of(self)
    if not inner then
      return nil, message, err
    end
    return session.close(inner)
  end),
}
for _, family in ipairs{ tracks, events } do
  for name, inner_function in pairs(family) do
    methods[name] = method(inner_function)
  end
end

-- client:CreateAuditTrack{...} and every other action of the model, made when first asked for.
local function wire_method(action)
  if not actions.get(action) then
    return nil
  end
  local made = method(function(inner, params)
    return session.call(inner, action, params)
  end)
  methods[action] = made
  return made
end

local Client = {
  __index = function(_, name)
    return methods[name] or wire_method(name)
  end,
  __tostring = function(self)
    return "cloudaudit client " .. session.describe(self[SESSION])
  end,
  __close = methods.close,
}

--- Makes a client (see options.lua for what it takes). Raises for a wrong or unknown option; returns
-- nil, message, err for keys that cannot be right. Reads nothing and connects to nothing.
client.new = errors.public(function(options)
  local inner, message, err = session.new(options)
  if not inner then
    return nil, message, err
  end
  return setmetatable({ [SESSION] = inner }, Client)
end)

return client
