-- Temporary keys that the emulator gives away and then accepts until they expire.
local temporary = {}

-- Letters and digits by the emulator's own chances.
local function text(random, length)
  local LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
  local out = {}
  for index = 1, length do
    local at = math.floor(random:next() * #LETTERS) + 1
    out[index] = LETTERS:sub(at, at)
  end
  return table.concat(out)
end

--- New keys that hold for so many seconds: id, key, token and when they expire (epoch seconds).
function temporary.issue(emulator, seconds)
  local random = emulator.chances
  local id, key, token = "AKID" .. text(random, 60), text(random, 44), text(random, 120)
  local expires = math.floor(emulator.clock:now()) + seconds
  emulator.issued.secrets[id], emulator.issued.tokens[id] = key, { token = token, expires = expires }
  return id, key, token, expires
end

return temporary
