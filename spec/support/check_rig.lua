-- An emulator in this process with a client, and the command over it: for specs of checks and of their fixes.
local cli = require "cloudaudit.cli"
local clients = require "cloudaudit.cli.client"
local cloudaudit = require "cloudaudit"
local folder = require "support.folder"

local check_rig = {}

local Rig = {}
Rig.__index = Rig

check_rig.URL = "cos://audit-logs@ap-guangzhou/cloudaudit"

--- A rig. options: those of the emulator; by default it has no old-style set, and no limit on the rate.
function check_rig.new(options)
  local given = { rate = 0, audits = {} }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  local emulator = cloudaudit.emulator.new(given)
  local self = setmetatable({ emulator = emulator, place = folder.new() }, Rig)
  self.client = emulator:client{ validate = given.validate }
  return self
end

function Rig:close()
  self.place.remove()
end

-- The words of a shell line with single quotes.
local function words_of(line)
  local words, word, quoted = {}, nil, false
  for char in line:gmatch(".") do
    if char == "'" then
      quoted, word = not quoted, word or ""
    elseif char == " " and not quoted then
      words[#words + 1], word = word, nil
    else
      word = (word or "") .. char
    end
  end
  words[#words + 1] = word
  return words
end

local function stream()
  local parts = {}
  return { write = function(self, ...)
    for _, part in ipairs{ ... } do
      parts[#parts + 1] = part
    end
    return self
  end, flush = function(self)
    return self
  end, text = function()
    return table.concat(parts)
  end }
end

--- Runs a line "cloudaudit …" of the command over the emulator: status, standard output and standard error.
function Rig:run(line)
  local made, words = clients.new, words_of(line)
  assert(table.remove(words, 1) == "cloudaudit", line)
  local out, err = stream(), stream()
  clients.new = function()
    return self.emulator:client()
  end
  local done, status = pcall(cli.main, words, { out = out, err = err })
  clients.new = made
  assert(done, status)
  return status, out.text(), err.text()
end

--- The command in the fix of a failure, with what is to be filled in; nil for advice without one.
function check_rig.command(fix, url)
  local line = fix:match("cloudaudit [^)]*")
  if not line or fix:find("cloudaudit who", 1, true) then
    return nil
  end
  line = line:gsub(", or .*", "")
  return (line:gsub("URL", url or check_rig.URL):gsub("BUCKET@REGION/PREFIX", "audit-logs@ap-guangzhou/cloudaudit")
    :gsub("ACCOUNT", "100000009999"))
end

--- The report of checks (a list) with options.
function Rig:check(checks, options)
  local given = { checks = checks }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  return assert(cloudaudit.check(self.client, given))
end

--- Creates a set of a name; `fields` replace those of a set for all events.
function Rig:create(name, fields)
  local spec = { name = name, enabled = true, storage = check_rig.URL }
  if not (fields and fields.filters) then
    spec.action = "all"
  end
  for key, value in pairs(fields or {}) do
    spec[key] = value
  end
  return assert(self.client:create_track(spec))
end

return check_rig
