-- A set of texts with bounded memory: remembers at least the last `size` that were added, at most twice as many.
local recent = {}

local Recent = {}
Recent.__index = Recent

--- A set that remembers at least the last `size` texts.
function recent.new(size)
  return setmetatable({ size = size, count = 0, young = {}, old = {} }, Recent)
end

--- Adds a text; false when it is remembered already.
function Recent:add(text)
  if self.young[text] or self.old[text] then
    return false
  end
  if self.count == self.size then
    self.old, self.young, self.count = self.young, {}, 0
  end
  self.young[text], self.count = true, self.count + 1
  return true
end

return recent
