-- What the days before showed, so that the rules can tell what is new: addresses of keys and users, networks of logins,
-- regions of writes. Without earlier events nothing is new.
local fact = require "cloudaudit.check.fact"

local seen = {}

local Seen = {}
Seen.__index = Seen

--- An empty one.
function seen.new()
  return setmetatable({ known = {}, first = {}, count = 0 }, Seen)
end

local function mark(self, kind, subject, value)
  if subject and value then
    self.known[kind .. "\n" .. subject .. "\n" .. value] = true
  end
end

--- Learns from a fact of the days before.
function Seen:learn(of)
  self.count = self.count + 1
  mark(self, "user", of.user, of.address)
  mark(self, "key", of.permanent_key, of.address)
  if of.name == "ConsoleLogin" and of.result == "ok" then
    mark(self, "login", of.user, of.address and fact.network(of.address))
  end
  if of.action == "write" then
    mark(self, "region", "account", of.region)
  end
end

--- Whether there were days before to learn from.
function Seen:has_history()
  return self.count > 0
end

--- Whether a value is new for a subject.
function Seen:is_new(kind, subject, value)
  return self.count > 0 and subject ~= nil and value ~= nil and not self.known[kind .. "\n" .. subject .. "\n" .. value]
end

--- As is_new, but only within the hour in which the value was first asked for: afterwards it is known.
function Seen:is_first(kind, subject, value, time)
  if not self:is_new(kind, subject, value) then
    return false
  end
  local key, hour = kind .. "\n" .. subject .. "\n" .. value, math.floor((time or 0) / 3600)
  self.first[key] = self.first[key] or hour
  return self.first[key] == hour
end

return seen
