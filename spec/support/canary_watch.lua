-- Watches the whole suite (it is busted's helper): no error, log line or argument of a hook may contain a secret. The
-- secrets of specs are the emulator's published key and every text that contains "canary".
local errors = require "cloudaudit.errors"
local calls = require "cloudaudit.call"
local providers = require "cloudaudit.credentials.provider"

-- busted drops the modules that a spec file has loaded, and luv 1.44 keeps its event loop in its module: collected with
-- it, the loop would be freed while a later file's handles are in it. So it is loaded before all of them.
pcall(require, "luv")

local SECRETS = { "canary", ("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"):sub(1, 8), "Signature=", "TC3-HMAC" }

local function watch(place, text)
  for _, secret in ipairs(SECRETS) do
    if type(text) == "string" and text:find(secret, 1, true) then
      error("a secret in " .. place .. ": " .. text, 3)
    end
  end
end

local function watch_table(place, info)
  for key, value in pairs(info) do
    if type(value) == "table" then
      watch_table(place, value)
    end
    watch(place, key)
    watch(place, value)
  end
end

local new = errors.new
function errors.new(fields)
  local message, err = new(fields)
  watch_table("an error", err)
  return message, err
end

local function watching(place, inner)
  return function(...)
    for index = 1, select("#", ...) do
      local value = select(index, ...)
      if type(value) == "table" then
        watch_table(place, value)
      end
      watch(place, value)
    end
    if inner then
      return inner(...)
    end
  end
end

local log = providers.log
function providers.log(context, level, format, ...)
  watch("a log line", format:format(...))
  return log(context, level, format, ...)
end

local run = calls.run
function calls.run(context, client, call)
  local settings = context.settings
  context.settings = setmetatable({
    log = watching("a log line", settings.log), on_request = watching("on_request", settings.on_request),
    on_response = watching("on_response", settings.on_response),
  }, { __index = settings })
  return run(context, client, call)
end
