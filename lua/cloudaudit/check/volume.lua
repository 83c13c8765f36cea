-- Conditions on how much happens within a time, and on what is new. See identity.lua for their form.
local ascii = require "cloudaudit.ascii"
local fact = require "cloudaudit.check.fact"
local reader = require "cloudaudit.reader"
local windows = require "cloudaudit.check.windows"

local volume = {}

local MINUTES, HOUR = 600, 3600

local DESTROYS = { "^Delete", "^Terminate", "^Purge", "^Destroy" }

function volume.destroyed(of, memory)
  for _, pattern in ipairs(DESTROYS) do
    if of.name:find(pattern) then
      local entries = memory:windows(MINUTES):add(of.actor, { time = of.time, id = of.event.id })
      return #entries >= 10 and windows.found(entries, { of.actor }, of.actor, "resources destroyed in bulk") or nil
    end
  end
  return nil
end

-- Autoscaling starts machines with its service role; the role's name is the documented one, how events show it is
-- guessed.
local AUTOSCALING = "as_qcsrole"

local function is_autoscaling(of)
  return of.user_type == "role" and fact.find(of.detail.userIdentity, function(value)
    return type(value) == "string" and ascii.lower(value):find(AUTOSCALING, 1, true) ~= nil
  end)
end

function volume.machines(of, memory)
  if is_autoscaling(of) then
    return nil
  elseif memory.seen:is_first("region", "account", of.region, of.time) then
    return { detail = "machines in a region without writes before, " .. of.region }
  end
  local count = reader.integer((fact.member(of.params, "instancecount")))
  count = type(count) == "number" and math.max(1, count) or 1
  local entries, total = memory:windows(HOUR):add(of.actor, { time = of.time, id = of.event.id, count = count }), 0
  for _, entry in ipairs(entries) do
    total = total + entry.count
  end
  return total >= 10 and windows.found(entries, { of.actor }, of.actor,
    ("%.0f machines started within an hour"):format(total)) or nil
end

function volume.denied(of, memory)
  local keys, hit, counted = {}, nil, memory:windows(MINUTES)
  keys[#keys + 1] = of.key and "key " .. of.key or nil
  keys[#keys + 1] = of.user and "user " .. of.user or nil
  keys[#keys + 1] = of.address and "address " .. of.address or nil
  for _, key in ipairs(keys) do
    local entries = counted:add(key, { time = of.time, id = of.event.id })
    if #entries >= 10 and not hit then
      hit = windows.found(entries, keys, key, "denied calls")
    end
  end
  local new = hit and (memory.seen:is_new("key", of.permanent_key, of.address)
    or not of.permanent_key and memory.seen:is_new("user", of.user, of.address))
  if new then
    hit.severity, hit.detail = "high", "denied calls from a new address"
  end
  return hit
end

local LOOKS = { "^Describe", "^List", "^Get" }

function volume.recon(of, memory)
  local looks = false
  for _, pattern in ipairs(LOOKS) do
    looks = looks or of.name:find(pattern) ~= nil
  end
  if not looks or of.via ~= "api" or not memory.seen:is_new("key", of.permanent_key, of.address) then
    return nil
  end
  local entries = memory:windows(HOUR):add(of.permanent_key .. " " .. of.address, { time = of.time, id = of.event.id,
    value = of.product .. ":" .. of.name, product = of.product }, true)
  local products, count = {}, 0
  for _, entry in ipairs(entries) do
    count, products[entry.product] = count + (products[entry.product] and 0 or 1), true
  end
  return #entries >= 20 and count >= 5 and windows.found(entries, { of.permanent_key }, "key " .. of.permanent_key,
    ("%d different reads of %d products by a key from a new address"):format(#entries, count)) or nil
end

return volume
