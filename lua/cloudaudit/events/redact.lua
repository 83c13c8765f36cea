-- cloudaudit.redact: a copy of an event that can leave the program. The work on texts is the core's.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local event = require "cloudaudit.events.event"

local redact = {}

local LEVELS = { secrets = true, all = true }

local function level_of(options)
  if options == nil then
    return "all"
  elseif type(options) ~= "table" then
    return errors.misuse("redact: options table expected, got " .. type(options))
  end
  for name in pairs(options) do
    if name ~= "level" then
      return errors.misuse(("redact: unknown option %s: level expected"):format(tostring(name)), "level")
    end
  end
  local level = options.level == nil and "all" or options.level
  if not LEVELS[level] then
    return errors.misuse('redact.level: "secrets" or "all" expected, got ' .. tostring(level), "level")
  end
  return level
end

--- A copy of an event without secrets in its members, its raw and its detail; the event itself stays as it is. What is
-- removed reads "[redacted]". `level` "secrets" removes tokens, passwords, keys and signatures; "all" (the default)
-- access key ids too. raw stays valid JSON when it was.
--: cloudaudit.redact(event: Event, options?: {level?: "secrets"|"all"}) -> Event
redact.event = errors.public(function(given, options)
  if not event.is(given) then
    return errors.misuse("redact: event expected, got " .. type(given))
  end
  local level, message, err = level_of(options)
  if not level then
    return nil, message, err
  end
  return event.new(core.redact(given, level))
end)

return redact
