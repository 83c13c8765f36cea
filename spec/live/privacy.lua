-- What may be written to a file that is sent in. A value passes only as an instance of a class that cannot hold a
-- secret, an account id or a name: a small number, a yes or no, a code of a known family, a word that the question
-- itself lists, or the words of a message that are in a fixed vocabulary. Everything else is replaced.
local privacy = {}

local HIDDEN = "(hidden)"
local LARGEST = 999999 -- account ids, track ids and tokens are longer

local FAMILIES = {}
for name in ([[ActionOffline AuthFailure DryRunOperation FailedOperation InternalError InvalidAction InvalidParameter
  InvalidParameterValue InvalidRequest IpInBlacklist IpNotInWhitelist LimitExceeded MissingParameter NoSuchProduct
  NoSuchVersion RequestLimitExceeded RequestSizeLimitExceeded ResponseSizeLimitExceeded ResourceInUse
  ResourceInsufficient ResourceNotFound ResourceUnavailable ServiceUnavailable UnauthorizedOperation UnknownParameter
  UnsupportedOperation UnsupportedProtocol UnsupportedRegion OperationDenied]]):gmatch("%a+") do
  FAMILIES[name] = true
end

-- The second part of a code, as far as the documentation names it; the service's own new ones are hidden.
local PARTS = {}
for name in ([[InvalidAuthorization InvalidSecretId MFAFailure SecretIdNotFound SignatureExpire SignatureFailure
  TokenFailure UnauthorizedOperation GlobalRegionUinLimitExceeded IPLimitExceeded UinLimitExceeded
  CheckClsTopicIsExistFailed CheckCosBucketIsExistFailed GetClsTopicFailed GetCosBucketListFailed SearchError
  AliasAlreadyExists CosRegionError OverAmount CosNotExist AuditTrackNameNotSupportModify AuditNotExist
  MemberNotAuditRole MemberNotInOrganization Time MaxResult attributeKey OverTime DescribeAuditError
  InquireAuditCreditError ListAuditsError ListCmqEnableRegionError ListCosEnableRegionError ListKeyAliasByRegionError
  KmsRegionError RoleNotExist StartLoggingError StopLoggingError CmqError UpdateAuditError CmqRegionError CosNameError
  LogFilePrefixError QueueNameError ReadWriteAttributeError cmq CosBucketExists RateLimitExceeded FreqLimit
  RequestLimitExceeded Region Name Storage Filters]]):gmatch("%a+") do
  PARTS[name] = true
end

local VOCABULARY = {}
for word in ([[a above account action after all allowed already an and api are at attribute be before body calls can
  cannot current date days does end equals error exceeded exceeds exist exists expired failed field for format found
  frequency from has have header in internal invalid is it json key language later length limit maximum message missing
  more most must name no not number of on one only operation or page parameter parameters please provided range rate
  reduce region request requests required retry seconds second server service set sets signature size start supported
  that the this time times timestamp to token too track tracking type unknown unsupported used valid validated value
  values version when which with within wrong you your]]):gmatch("%a+") do
  VOCABULARY[word] = true
end

local function number(value)
  value = tonumber(value)
  if not value or value ~= value or math.abs(value) > LARGEST then
    return nil
  end
  local rounded = math.floor(value * 1000 + 0.5) / 1000
  return rounded % 1 == 0 and math.floor(rounded) or rounded
end

local function code(value)
  local first, second = tostring(value):match("^(%a+)%.(%a+)$")
  first = first or tostring(value):match("^%a+$")
  if not first or not FAMILIES[first] then
    return HIDDEN
  elseif second and not PARTS[second] then
    return first .. ".Hidden"
  end
  return second and first .. "." .. second or first
end

-- Known words and small numbers of a message, all others as "...".
local function message(value)
  local out = {}
  for part in tostring(value):gmatch("[%w\128-\255_]+") do
    local small = part:find("^%d+$") and #part <= 4
    local word = (VOCABULARY[part:lower()] or small) and part or "..."
    if word ~= "..." or out[#out] ~= "..." then
      out[#out + 1] = word
    end
  end
  return table.concat(out, " ", 1, math.min(#out, 40))
end

local function member_of(list)
  local set = {}
  for _, word in ipairs(list or {}) do
    set[word] = true
  end
  return function(value)
    return set[value] and value or nil
  end
end

--- Passes a value of a class: "number", "boolean", "code", "message", "word" or "list" (of `words`), "any" (a number, a
-- boolean or one of `words`). nil for one that does not belong to it.
function privacy.pass(class, value, words)
  local known = member_of(words)
  if value == nil then
    return nil
  elseif class == "number" then
    return number(value)
  elseif class == "boolean" then
    if type(value) == "boolean" then
      return value
    end
    return nil
  elseif class == "code" then
    return known(value) or code(value)
  elseif class == "message" then
    return message(value)
  elseif class == "word" then
    return known(value)
  elseif class == "any" then
    if type(value) == "boolean" then
      return value
    end
    return type(value) == "number" and number(value) or known(value)
  elseif class == "list" then
    local out = {}
    for _, item in ipairs(value) do
      out[#out + 1] = known(item)
    end
    return out
  end
  error("unknown class " .. tostring(class))
end

--- Whether a code was replaced, wholly or in part.
function privacy.is_hidden(value)
  return value == HIDDEN or type(value) == "string" and value:find("%.Hidden$") ~= nil
end

return privacy
