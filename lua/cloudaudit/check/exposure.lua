-- Conditions on what a call opens or turns off, by its parameters. See identity.lua for their form. Where a field is
-- absent they stay silent, or keep to the severity that needs no field.
local ascii = require "cloudaudit.ascii"
local fact = require "cloudaudit.check.fact"
local reader = require "cloudaudit.reader"

local exposure = {}

local function lower(value)
  local text = reader.text(value)
  return text and ascii.lower(text)
end

local function has(list, value)
  for _, item in ipairs(fact.list(list)) do
    if lower(item) == value then
      return true
    end
  end
  return false
end

-- ---- policies --------------------------------------------------------------------------------------

-- The statements of policies in nested parameters, for which test(statement) holds.
local function allows(params, test)
  return fact.find(params, function(value)
    return type(value) == "table" and lower((fact.member(value, "effect"))) == "allow" and test(value)
  end)
end

-- action * on resource *.
local function is_everything(statement)
  local action, resource = fact.member(statement, "action"), fact.member(statement, "resource")
  return (has(action, "*") or has(action, "*:*") or has(action, "name/*")) and has(resource, "*")
end

-- The preset policy AdministratorAccess has the id 1.
local function is_administrator(value, name)
  name = name and ascii.lower(name):gsub("ids$", "id") or ""
  local text = lower(value)
  return (name == "policyid" or name == "strategyid") and text == "1" or text == "administratoraccess"
end

function exposure.policy(of)
  if fact.find(of.params, is_administrator) then
    return { severity = "critical", detail = "the policy AdministratorAccess" }
  elseif allows(of.params, is_everything) then
    return { severity = "critical", detail = "a policy with every action on every resource" }
  end
  return { detail = "what somebody may do was changed" }
end

-- A principal of another account, "qcs::cam::uin/100000000001:root" or one of its users, "…:uin/100000000002": the
-- first number is the account. Or anybody.
local function is_foreign(account)
  return function(statement)
    return fact.find(fact.member(statement, "principal"), function(value)
      local uin = type(value) == "string" and value:match("uin/(%d+)")
      return value == "*" or uin and account and uin ~= account
    end)
  end
end

function exposure.trust(of)
  return allows(of.params, is_foreign(of.account)) and { severity = "critical",
    detail = "a role that another account may assume" } or { detail = "who may assume a role or log in was changed" }
end

-- Every COS policy names everybody so, beside "*".
local ANYONE = "qcs::cam::anyone:anyone"

local function is_for_anyone(statement)
  return fact.find(fact.member(statement, "principal"), function(value)
    return value == "*" or lower(value) == ANYONE
  end)
end

local function is_public_acl(value)
  local text = lower(value)
  return text and (text:find("^public%-read") or text:find("allusers", 1, true)) and true or false
end

function exposure.bucket(of)
  if of.name == "PutBucketWebsite" then
    return { severity = "medium", detail = "a bucket became a web site" }
  elseif of.name == "PutBucketACL" then
    return fact.find(of.params, is_public_acl) and { detail = "a bucket that everybody may read" } or nil
  end
  return allows(of.params, is_for_anyone) and { detail = "a bucket policy for everybody" } or nil
end

-- ---- the trail -------------------------------------------------------------------------------------

-- Whether a selection leaves something out; what it does not name stays as it is.
local function is_narrow(selection)
  local action, product = reader.id(selection.ActionType), reader.id(selection.ResourceType)
  if action and action ~= "*" or product and product ~= "*" then
    return true
  end
  local names = fact.list(selection.EventNames)
  return names[1] ~= nil and not has(names, "*")
end

-- Whether a modification selects less than everything. Of several filters one that selects everything is enough.
local function is_smaller(params)
  return is_narrow(params) or type(params.Filters) == "table" and not fact.find(params.Filters, function(value)
    return type(value) == "table" and value.ResourceType == "*" and not is_narrow(value)
  end)
end

local OFF = { DeleteAuditTrack = "a tracking set was deleted", StopLogging = "a tracking set was turned off",
  DeleteAudit = "a tracking set was deleted" }

function exposure.trail(of)
  local text = OFF[of.name]
  if not text and reader.text(of.params.Status) == "0" then
    text = "a tracking set was turned off"
  elseif not text and is_smaller(of.params) then
    text = "a tracking set records less"
  end
  if text and of.result ~= "ok" and of.result ~= "unknown" then
    return { severity = "high", detail = text:gsub("was", "would have been"):gsub("records", "would record")
      .. ", but the call was refused" }
  end
  return text and { detail = text } or nil
end

-- ---- networks --------------------------------------------------------------------------------------

local EVERYWHERE = { ["0.0.0.0/0"] = true, ["::/0"] = true }
local GRAVE, COMMON = { 22, 3389, 3306, 6379 }, { [80] = true, [443] = true }

-- What a text such as "22", "20-25", "80,443" or "ALL" opens.
local function severity_of(ports)
  local worst = "low"
  if ports == "all" or ports == "" then
    return "critical"
  end
  for part in ports:gmatch("[^,]+") do
    local first, last = part:match("^%s*(%d+)%s*%-%s*(%d+)%s*$")
    first = tonumber(first or part:match("^%s*(%d+)%s*$"))
    last = tonumber(last) or first
    for _, port in ipairs(first and GRAVE or {}) do
      if first <= port and port <= last then
        return "critical"
      end
    end
    if not first or first ~= last or not COMMON[first] then
      worst = "high"
    end
  end
  return worst
end

-- Whether a rule accepts everybody; the names of the members of cvm's older actions are guessed.
local function is_open(rule)
  local from, action = false, lower((fact.member(rule, "action")))
  for _, name in ipairs{ "cidrblock", "ipv6cidrblock", "cidrip" } do
    from = from or EVERYWHERE[lower((fact.member(rule, name))) or ""] or false
  end
  return from and action == "accept"
end

local RANKS = { low = 1, high = 2, critical = 3 }

-- Looks through nested parameters for rules of incoming traffic; `inside`: within a list of such rules.
local function worst_rule(value, inside, worst)
  if type(value) ~= "table" then
    return worst
  end
  inside = inside or lower((fact.member(value, "direction"))) == "ingress"
  if inside and is_open(value) then
    local ports = fact.member(value, "port")
    ports = lower(ports == nil and fact.member(value, "portrange") or ports) or "all"
    local found = severity_of(ports)
    worst = (not worst or RANKS[found] > RANKS[worst]) and found or worst
  end
  for name, item in pairs(value) do
    local text = type(name) == "string" and ascii.lower(name) or ""
    if not text:find("^egress") and not text:find("^original") then
      worst = worst_rule(item, inside or text:find("^ingress") ~= nil, worst)
    end
  end
  return worst
end

function exposure.network(of)
  local severity = worst_rule(of.params, false)
  return severity and { severity = severity, detail = "a security group accepts everybody" } or nil
end

function exposure.route()
  return { detail = "a route, a peering, a network ACL or a flow log was changed" }
end

function exposure.shared(of)
  local permission = lower((fact.member(of.params, "permission")))
  return permission ~= "cancel" and { detail = "an image or a snapshot was shared with other accounts" } or nil
end

function exposure.keys_locked()
  return { detail = "an encryption key was disabled or will be deleted" }
end

return exposure
