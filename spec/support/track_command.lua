-- Runs `cloudaudit tracks` against a served emulator of its own, for specs.
local command = require "support.command"
local core = require "cloudaudit.core"
local emulator = require "support.emulator"

local track_command = {}

track_command.STORAGE = "cos://audit-logs@ap-guangzhou/cloudaudit"

local Rig = {}
Rig.__index = Rig

--- Starts an emulator with the given arguments.
function track_command.start(arguments)
  local given = { "--rate", "0" }
  for _, word in ipairs(arguments or {}) do
    given[#given + 1] = word
  end
  local served = emulator.start(given)
  return setmetatable({ served = served, env = command.env(served) }, Rig)
end

--- Runs the verb with the words.
function Rig:run(verb, ...)
  return command.run({ "tracks", verb, ... }, { env = self.env })
end

--- As run, which must end with 0; returns what it printed.
function Rig:must(verb, ...)
  local result = self:run(verb, ...)
  assert(result.status == 0, verb .. ": " .. tostring(result.status) .. " " .. result.err)
  return result.out
end

--- Runs it on a terminal in which `keys` are typed.
function Rig:typed(keys, verb, ...)
  return command.typed({ "tracks", verb, ... }, keys, { env = self.env })
end

--- Creates a set of the name with --action write, or the given options.
function Rig:create(name, ...)
  local words = select("#", ...) > 0 and { ... } or { "--action", "write" }
  return self:must("create", name, "--storage", track_command.STORAGE, (table.unpack or unpack)(words))
end

--- The sets as `tracks list` prints them, decoded, by name.
function Rig:sets()
  local sets = {}
  for line in self:must("list", "--long"):gmatch("[^\n]+") do
    local set = assert(core.decode(line))
    sets[set.name] = set
  end
  return sets
end

--- How many requests that write have reached the emulator.
function Rig:writes()
  local count = 0
  for _, entry in ipairs(self.served:journal()) do
    local action = require("cloudaudit.actions").get(entry.action)
    count = count + (action and action.writes and 1 or 0)
  end
  return count
end

function Rig:stop()
  self.served:stop()
end

return track_command
