-- The emulator's random numbers: the same on every Lua for the same seed, and independent of math.random, whose state
-- belongs to the host program.
local random = {}

local MODULUS = 2147483647

local Random = {}
Random.__index = Random

--- A generator; `seed` is any integer.
function random.new(seed)
  local self = setmetatable({ state = seed % (MODULUS - 1) + 1 }, Random)
  -- Neighbouring seeds diverge only after a few steps.
  for _ = 1, 8 do
    self:next()
  end
  return self
end

--- The next number in [0, 1): Park and Miller's generator, whose products stay below 2^53.
function Random:next()
  self.state = self.state * 16807 % MODULUS
  return (self.state - 1) / (MODULUS - 1)
end

--- An integer from `low` to `high`, inclusive.
function Random:integer(low, high)
  return low + math.floor(self:next() * (high - low + 1))
end

local function word(self)
  return self:integer(0, 65535)
end

--- A version 4 UUID, the form of the service's request ids.
function Random:uuid()
  local a, b, c, d = word(self), word(self), word(self), word(self)
  return ("%04x%04x-%04x-4%03x-%04x-%04x%04x%04x"):format(a, b, c, d % 4096, 32768 + word(self) % 16384,
    word(self), word(self), word(self))
end

return random
