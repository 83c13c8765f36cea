-- What the emulator refuses, rule by rule, with the documented code and text. The option `refusals` replaces the code
-- of a rule by its id, or switches the rule off ("accepted"), as learned from the live service.
local core = require "cloudaudit.core"
local messages = require "cloudaudit.emulator.messages"

local refusals = {}

--- The documented refusals by id: code and text, in which %s stands for what the caller adds.
refusals.RULES = {
  ["region.missing"] = { "MissingParameter", "The request is missing a required parameter `Region`." },
  ["region.unknown"] = { "InvalidParameterValue",
    "A value specified in `X-TC-Region` is not valid, is unsupported, or cannot be used." },
  ["action.unknown"] = { "InvalidAction", "The action `%s` does not exist in version %s." },
  ["version.unknown"] = { "NoSuchVersion", "The service has no version `%s`." },
  ["clock.skew"] = { "AuthFailure.SignatureExpire",
    "The provided signature has expired: X-TC-Timestamp is %.0f s away from the server's time." },
  ["token.wrong"] = { "AuthFailure.TokenFailure", "The provided token does not belong to the SecretId." },
  ["authorization.missing"] = { "AuthFailure.InvalidAuthorization", "The request has no Authorization header." },
  ["body.syntax"] = { "InvalidParameter", "The body is not a JSON object%s." },
  ["track.missing"] = { "ResourceNotFound.AuditNotExist", "The tracking set does not exist." },
  ["track.rename"] = { "InvalidParameterValue.AuditTrackNameNotSupportModify",
    "The name of a tracking set cannot be changed." },
  ["track.name_taken"] = { "InvalidParameterValue.AliasAlreadyExists", "The alias already exists." },
  ["track.storage_type"] = { "InvalidParameterValue", "Storage.StorageType: cos, cls or ckafka expected." },
  ["track.no_filters"] = { "InvalidParameter", "Filters.ResourceFields: at least one entry expected." },
  ["track.wrong_kind"] = { "InvalidParameter", "The tracking set was created by %s; modify it with %s." },
  ["track.page_size"] = { "InvalidParameterValue", "PageSize: at most %d expected." },
  ["events.order"] = { "InvalidParameter", "EndTime is before StartTime." },
  ["events.too_old"] = { "InvalidParameter", "StartTime is more than 90 days ago." },
  ["events.too_long"] = { "InvalidParameter", "The time range from StartTime to EndTime must be under 30 days." },
  ["events.max_results"] = { "InvalidParameter", "MaxResults: 1 to %d expected." },
  ["events.attribute_key"] = { "InvalidParameter", "LookupAttributes: AttributeKey %s is unknown." },
  ["events.event_names"] = { "InvalidParameter", "LookupAttributes: at most %d entries EventName expected." },
  ["events.token"] = { "InvalidParameter", "NextToken is not one that this service returned." },
  ["events.token_expired"] = { "InvalidParameter", "NextToken has expired." },
  ["lookup.order"] = { "InvalidParameterValue.Time", "The start time must not be after the end time." },
  ["lookup.too_long"] = { "LimitExceeded.OverTime", "The time range from StartTime to EndTime must be within 7 days." },
  ["lookup.too_old"] = { "InvalidParameter.Time", "StartTime is too long ago." },
  ["lookup.max_results"] = { "InvalidParameterValue.MaxResult", "MaxResults: 1 to %d expected." },
  ["lookup.mode"] = { "InvalidParameterValue", "Mode: standard or quick expected." },
  ["lookup.attribute_key"] = { "InvalidParameterValue.attributeKey", "AttributeKey %s is unknown." },
  ["lookup.token"] = { "InvalidParameterValue", "NextToken is not one that this service returned." },
  -- Checks of parameters against the model; their texts are made in messages.lua.
  ["parameter.missing"] = { "MissingParameter" },
  ["parameter.unknown"] = { "UnknownParameter" },
  ["parameter.type"] = { "InvalidParameter" },
  ["value.Name"] = { "InvalidParameterValue" },
  ["value.Name.length"] = { "InvalidParameterValue" },
  ["value.Status"] = { "InvalidParameterValue" },
  ["value.ActionType"] = { "InvalidParameterValue" },
  ["value.EventNames"] = { "InvalidParameterValue" },
  ["value.StorageName"] = { "InvalidParameterValue" },
  ["value.StoragePrefix"] = { "InvalidParameterValue" },
  ["value.StoragePrefix.length"] = { "InvalidParameterValue" },
  ["value.Compress"] = { "InvalidParameterValue" },
  ["value.PageNumber"] = { "InvalidParameterValue" },
  ["value.MaxResults"] = { "InvalidParameterValue" },
}

--- The code and the text of a refusal, or nothing when the rule is switched off. The rest fills the text in.
function refusals.of(options, id, ...)
  local rule, chosen = refusals.RULES[id], options.refusals[id]
  if chosen == "accepted" then
    return nil
  end
  return chosen or rule[1], rule[2]:format(...)
end

--- Applies rules {id, test(query) -> whether it is broken, and what fills the text in}: the first refusal of a query
-- that breaks one, or nothing.
function refusals.first(options, rules, query)
  for _, rule in ipairs(rules) do
    local broken, detail = rule[2](query, options)
    if broken then
      local code, message = refusals.of(options, rule[1], detail)
      if code then
        return code, message
      end
    end
  end
end

-- ---- checks against the model ------------------------------------------------------------------

local KINDS = { MissingParameter = "parameter.missing", UnknownParameter = "parameter.unknown",
  InvalidParameter = "parameter.type" }

-- Values for required parameters, where the service was found not to require them.
local DEFAULTS = { PageNumber = 1, PageSize = 20, Status = 0, ActionType = "*", ResourceType = "*",
  StoragePrefix = "" }

-- Lengths that have a rule of their own beside the one on characters.
local LENGTHS = { Name = { 3, 48 }, StoragePrefix = { 3, 40 } }

-- The table that holds the member at a path such as "Filters.ResourceFields[2].EventNames", and the member's key.
local function locate(params, path)
  local holder, key = params, nil
  for part in path:gmatch("[0-9A-Za-z_]+") do
    if key ~= nil then
      holder = holder[key]
    end
    if type(holder) ~= "table" then
      return nil
    end
    key = tonumber(part) or part
  end
  return holder, key
end

local function rule_of(params, fields)
  local kind = KINDS[fields.code]
  if kind then
    return kind
  end
  local holder, name = locate(params, fields.field or "")
  local id = "value." .. tostring(name)
  local length, value = LENGTHS[name], holder and holder[name]
  if length and type(value) == "string" and (#value < length[1] or #value > length[2]) then
    id = id .. ".length"
  end
  return id
end

-- Changes params so that the check passes the member over; false when that is impossible.
local function repair(params, fields, kind)
  local holder, key = locate(params, fields.field or "")
  if not holder then
    return false
  elseif kind == "parameter.unknown" then
    holder[key] = nil
  elseif kind == "parameter.missing" then
    holder[key] = DEFAULTS[key]
  else
    local value = holder[key]
    holder[key] = type(value) == "number" and tostring(value) or tonumber(value)
    return holder[key] ~= nil and holder[key] ~= value
  end
  return kind == "parameter.unknown" or holder[key] ~= nil
end

--- Checks parameters against the shape of an action, as core.check does: true, or nil, a code and a message. Where a
-- rule on a value is switched off, the other rules on values are not applied to the same request.
function refusals.check(options, shape, params, action, wire)
  local checked = options.validate
  for _ = 1, 20 do
    local ok, fields = core.check(shape, params, action, checked, wire)
    if ok then
      return true
    end
    local id = rule_of(params, fields)
    local chosen = options.refusals[id]
    if chosen ~= "accepted" then
      return nil, chosen or fields.code, messages.of_check(fields)
    elseif not KINDS[fields.code] then
      checked = false
    elseif not repair(params, fields, id) then
      return nil, fields.code, messages.of_check(fields)
    end
  end
  return nil, "InvalidParameter", "The parameters are not valid."
end

return refusals
