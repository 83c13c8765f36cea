-- Temporary credentials that the emulator issues, and then accepts until they expire.
local temporary_keys = {}

local function random_text(random, length)
  local LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
  local out = {}
  for index = 1, length do
    local at = math.floor(random:next() * #LETTERS) + 1
    out[index] = LETTERS:sub(at, at)
  end
  return table.concat(out)
end

--- Issues credentials that are valid for a number of seconds: id, key, token and their expiry in epoch seconds.
function temporary_keys.issue(emulator, seconds)
  local random = emulator.key_random
  local id, key, token = "AKID" .. random_text(random, 60), random_text(random, 44), random_text(random, 120)
  local expires = math.floor(emulator.clock:now()) + seconds
  emulator.issued.secrets[id], emulator.issued.tokens[id] = key, { token = token, expires = expires }
  return id, key, token, expires
end

return temporary_keys
