-- The file of `tail --checkpoint`: where each tail stands, and which events were delivered since. It is written beside
-- its name and renamed, so that it is whole at any moment.
local atomic_file = require "cloudaudit.cli.atomic_file"
local core = require "cloudaudit.core"
local status = require "cloudaudit.cli.status"

local checkpoint = {}

local VERSION = 1
local MAX_BYTES = 16 * 1024 * 1024

local Position = {}
Position.__index = Position

local function decode(path, text)
  local value = text and core.decode(text)
  local good = type(value) == "table" and value.version == VERSION and type(value.tails) == "table"
    and type(value.tails[1]) == "string" and type(value.delivered) == "table"
  if not good then
    status.usage(("--checkpoint: %s is not a checkpoint of this command"):format(path))
  end
  return value
end

--- Reads a file. The result has `saved`, the checkpoints of the tails; nil when the file does not exist yet.
function checkpoint.read(path)
  local self = setmetatable({ path = path, known = {}, list = setmetatable({}, core.list) }, Position)
  local text, message, reason = core.read_file(path, MAX_BYTES)
  if text then
    local value = decode(path, text)
    self.saved = value.tails
    for _, id in ipairs(value.delivered) do
      self:mark(id)
    end
  elseif reason ~= "missing" then
    status.usage(("--checkpoint: %s: %s"):format(path, message))
  end
  self:check()
  return self
end

local function luv()
  return require("cloudaudit.cli.terminal").luv()
end

--- Ends the command now if the file could not be written later: not after the first events were delivered.
function Position:check()
  local done, message = atomic_file.check(luv(), self.path)
  if not done then
    status.raise(8, ("--checkpoint: %s"):format(tostring(message)))
  end
end

function Position:mark(id)
  if not self.known[id] then
    self.known[id] = true
    self.list[#self.list + 1] = id
  end
end

--- Whether an event was delivered after the checkpoints of the file.
function Position:has(event)
  return event.id ~= nil and self.known[event.id] == true
end

--- Before a poll: a position of the tails with which `delivered` goes.
function Position:begin(tails)
  local list = {}
  for index, each in ipairs(tails) do
    list[index] = each:checkpoint()
  end
  self.tails = list
end

--- An event was delivered; with `now` the file says so at once.
function Position:delivered(event, now)
  if event.id ~= nil then
    self:mark(event.id)
  end
  if now then
    self:save()
  end
end

--- Writes the file. With `tails`, all events of their last poll were delivered; without, those of `delivered`.
function Position:save(tails)
  if tails then
    self:begin(tails)
    self.known, self.list = {}, setmetatable({}, core.list)
  end
  local text = core.encode{ version = VERSION, tails = self.tails, delivered = self.list }
  local done, message = atomic_file.write(luv(), self.path, text)
  if not done then
    status.raise(8, "--checkpoint: " .. tostring(message))
  end
end

return checkpoint
