-- Conditions on root, logins, keys and users. Each is a function of a fact (see fact.lua) and of the memory of its rule
-- (see engine.lua) that returns nil, or {detail, severity, …} when it holds.
local ascii = require "cloudaudit.ascii"
local fact = require "cloudaudit.check.fact"
local reader = require "cloudaudit.reader"
local windows = require "cloudaudit.check.windows"

local identity = {}

function identity.root_login(of)
  return of.user_type == "root" and { detail = "the root account logged in" } or nil
end

-- Calls from the console carry a temporary key too: what tells them apart is `via`.
function identity.root_key(of)
  return of.user_type == "root" and of.via == "api" and of.key
    and { detail = "by a key of the root account, " .. of.key } or nil
end

-- Who logs in through a role or another identity provider has MFA there.
local OWN_LOGIN = { root = true, user = true }

function identity.no_mfa(of)
  return of.mfa == false and OWN_LOGIN[of.user_type] and { detail = "a login without MFA" } or nil
end

-- The keys under which the logins of a user or from an address are counted.
local function login_keys(of)
  local keys = {}
  keys[#keys + 1] = of.user and "user " .. of.user or nil
  keys[#keys + 1] = of.address and "address " .. of.address or nil
  return keys
end

local FAILURES = 5

function identity.login_failures(of, memory)
  local counted, keys = memory:windows(600), login_keys(of)
  for _, key in ipairs(of.result ~= "unknown" and keys or {}) do
    if of.result == "ok" then
      local before = counted:before(key, of.time)
      if #before >= FAILURES then
        local found = windows.found(before, keys, key, ("%d failed logins, then a successful one"):format(#before),
          of.event)
        found.severity = "high"
        return found
      end
    end
  end
  local hit
  for _, key in ipairs(of.result == "failed" and keys or of.result == "denied" and keys or {}) do
    local entries = counted:add(key, { time = of.time, id = of.event.id })
    if #entries >= FAILURES and not hit then
      hit = windows.found(entries, keys, key, "failed logins within 10 minutes")
    end
  end
  return hit
end

function identity.login_new_address(of, memory)
  return of.address and memory.seen:is_first("login", of.user, fact.network(of.address), of.time)
    and { detail = "a login from a network that is new for the user" } or nil
end

-- ---- keys ----------------------------------------------------------------------------------------

-- Whose key: documented for the actions of the current API, guessed for the older ones.
local TARGETS = { "targetuin", "uin", "subuin", "subaccountuin" }

local function target_of(of)
  for _, name in ipairs(TARGETS) do
    local target = reader.id((fact.member(of.params, name)))
    if target and target ~= "0" then
      return target
    end
  end
  return nil
end

function identity.key_created(of)
  local target = target_of(of)
  if ascii.lower(reader.text((fact.member(of.params, "status"))) or "") == "inactive" then
    return nil -- UpdateAccessKey can only turn a key off so
  elseif target and of.account and target == of.account or not target and of.user_type == "root" then
    return { severity = "critical", detail = "a key of the root account" }
  elseif target and of.principal and target ~= of.principal then
    return { severity = "critical", detail = "a key of another user, " .. target }
  end
  return { detail = "a key of the own user" }
end

function identity.key_revealed()
  return { detail = "the secret of a key was shown" }
end

function identity.key_new_address(of, memory)
  return memory.seen:is_first("key", of.permanent_key, of.address, of.time)
    and { detail = "a permanent key from an address that is new for it, " .. of.permanent_key } or nil
end

-- ---- users ---------------------------------------------------------------------------------------

local CREATES = { AddUser = true, AddSubAccount = true, AddSubAccountCheckingMFA = true, AddConsoleUser = true,
  CreateSubAccounts = true }

-- A new user; more so when the same actor gives out a key or a policy within an hour.
function identity.user_created(of, memory)
  local created = memory:windows(3600)
  if CREATES[of.name] then
    created:add(of.actor, { time = of.time, id = of.event.id })
    return { detail = "a user was created" }
  end
  local before = created:before(of.actor, of.time)
  if not before[1] then
    return nil
  end
  local found = windows.found(before, nil, nil, "a user was created, then given a key or a policy", of.event)
  found.severity = "high"
  return found
end

function identity.guard_removed()
  return { detail = "a permissions boundary, MFA or a rule for logins or passwords was changed" }
end

return identity
