-- The legacy actions over a small state: legacy tracking sets (an option, since the service no longer has the action
-- that creates them), regions and keys.
local core = require "cloudaudit.core"

local legacy = {}

-- Region of COS and of CMQ, which has short names, and the name in Chinese and in English.
local REGIONS = {
  { "ap-guangzhou", "gz", "广州", "Guangzhou" }, { "ap-shanghai", "sh", "上海", "Shanghai" },
  { "ap-beijing", "bj", "北京", "Beijing" }, { "ap-hongkong", "hk", "中国香港", "Hong Kong, China" },
  { "ap-singapore", "sg", "新加坡", "Singapore" }, { "eu-frankfurt", "de", "法兰克福", "Frankfurt" },
}

-- Value, type of the input, label in Chinese and in English, its prompt in both.
local ATTRIBUTES = {
  { "RequestId", "text", "请求 ID", "Request ID", "请输入请求 ID", "Enter a request ID" },
  { "EventName", "text", "事件名称", "Event name", "请输入事件名称", "Enter an event name" },
  { "ReadOnly", "select", "操作类型", "Read only", "请选择操作类型", "Select an operation type" },
  { "Username", "text", "用户名", "Username", "请输入用户名", "Enter a username" },
  { "ResourceType", "text", "资源类型", "Resource type", "请输入资源类型", "Enter a resource type" },
  { "ResourceName", "text", "资源名称", "Resource name", "请输入资源名称", "Enter a resource name" },
  { "AccessKeyId", "text", "访问密钥 ID", "Access key ID", "请输入访问密钥 ID", "Enter an access key ID" },
}

local AUDITS = {
  { AuditName = "legacy", AuditStatus = 1, CosRegion = "ap-guangzhou", CosBucketName = "audit-legacy",
    LogFilePrefix = "legacy", ReadWriteAttribute = 3, IsEnableCmqNotify = 0, IsEnableKmsEncry = 0 },
}
local KEYS = { ["ap-guangzhou"] = { { Alias = "cloudaudit", KeyId = "23e80852-1e38-11e9-b129-5cb9019b4b01" } } }

local function copy_list(items)
  local out = {}
  for i, item in ipairs(items) do
    out[i] = {}
    for name, value in pairs(item) do
      out[i][name] = value
    end
  end
  return out
end

--- The initial state: the audits and keys of the options, or one of each.
function legacy.new(options)
  return { audits = copy_list(options.audits or AUDITS), keys = options.keys or KEYS }
end

local function find(emulator, name)
  for _, audit in ipairs(emulator.legacy.audits) do
    if audit.AuditName == name then
      return audit
    end
  end
end

local function not_found()
  return nil, "ResourceNotFound.AuditNotExist", "The tracking set does not exist."
end

local handlers = {}

function handlers.DescribeAudit(emulator, params)
  local audit = find(emulator, params.AuditName)
  if not audit then
    return not_found()
  end
  local members = copy_list{ audit }[1]
  for _, name in ipairs{ "CmqQueueName", "CmqRegion", "KeyId", "KmsAlias", "KmsRegion" } do
    members[name] = members[name] or ""
  end
  return members
end

function handlers.ListAudits(emulator)
  local out = {}
  for i, audit in ipairs(emulator.legacy.audits) do
    out[i] = { AuditName = audit.AuditName, AuditStatus = audit.AuditStatus,
      CosBucketName = audit.CosBucketName, LogFilePrefix = audit.LogFilePrefix }
  end
  return { AuditSummarys = out }
end

local function set_status(status)
  return function(emulator, params, context)
    local audit = find(emulator, params.AuditName)
    if not audit then
      return not_found()
    end
    audit.AuditStatus = status
    context.effect = "modified"
    return { IsSuccess = 1 }
  end
end
handlers.StartLogging = set_status(1)
handlers.StopLogging = set_status(0)

local function check_cmq(params)
  if params.IsEnableCmqNotify == 1 then
    if not (params.CmqRegion and params.CmqQueueName and params.IsCreateNewQueue) then
      return "MissingParameter.cmq", "CmqRegion, CmqQueueName and IsCreateNewQueue are required."
    end
  elseif params.IsEnableCmqNotify == 0 and (params.CmqRegion or params.CmqQueueName or params.IsCreateNewQueue) then
    return "InvalidParameter", "CmqRegion, CmqQueueName and IsCreateNewQueue require IsEnableCmqNotify 1."
  end
  local queue = params.CmqQueueName
  if queue and not (#queue <= 64 and queue:find("^[A-Za-z][A-Za-z0-9%-]*$")) then
    return "InvalidParameterValue.QueueNameError", "CmqQueueName: a letter, then letters, digits or hyphens, up to 64."
  end
end

local function check_bucket(params)
  local bucket, prefix = params.CosBucketName, params.LogFilePrefix
  if params.IsCreateNewBucket and not (params.CosRegion and bucket) then
    return "MissingParameter", "CosRegion and CosBucketName are required with IsCreateNewBucket."
  elseif bucket and not (#bucket <= 40 and bucket:find("^[a-z%d]") and not bucket:find("[^a-z%d%-]") and
      not bucket:find("%-$")) then
    return "InvalidParameterValue.CosNameError", "CosBucketName: 1 to 40 lower-case letters, digits or hyphens."
  elseif prefix and not (#prefix >= 3 and #prefix <= 40 and not prefix:find("[^A-Za-z0-9]")) then
    return "InvalidParameterValue.LogFilePrefixError", "LogFilePrefix: 3 to 40 letters or digits."
  end
end

local function check_rest(params, audit)
  local attribute = params.ReadWriteAttribute
  if attribute and attribute ~= 1 and attribute ~= 2 and attribute ~= 3 then
    return "InvalidParameterValue.ReadWriteAttributeError", "ReadWriteAttribute: 1, 2 or 3 expected."
  elseif params.IsEnableKmsEncry == 1 and not (params.KmsRegion and params.KeyId) then
    return "MissingParameter", "KmsRegion and KeyId are required with IsEnableKmsEncry."
  elseif params.KmsRegion and params.KmsRegion ~= (params.CosRegion or audit.CosRegion) then
    return "InvalidParameterValue", "KmsRegion must be the COS region."
  end
end

function handlers.UpdateAudit(emulator, params, context)
  local audit = find(emulator, params.AuditName)
  if not audit then
    return not_found()
  end
  for _, rule in ipairs{ check_cmq, check_bucket, check_rest } do
    local code, message = rule(params, audit)
    if code then
      return nil, code, message
    end
  end
  for name, value in pairs(params) do
    if name ~= "IsCreateNewBucket" and name ~= "IsCreateNewQueue" then
      audit[name] = value
    end
  end
  context.effect = "modified"
  return { IsSuccess = 1 }
end

function handlers.InquireAuditCredit(emulator)
  return { AuditAmount = math.max(emulator.options.quota - emulator.tracks.count, 0) }
end

local function is_english(params)
  return params.WebsiteType == "en"
end

local function regions(region_member, region_column, name_member)
  return function(_, params)
    local out = {}
    for i, region in ipairs(REGIONS) do
      out[i] = { [region_member] = region[region_column], [name_member] = region[is_english(params) and 4 or 3] }
    end
    return { EnableRegions = out }
  end
end
handlers.ListCosEnableRegion = regions("CosRegion", 1, "CosRegionName")
handlers.ListCmqEnableRegion = regions("CmqRegion", 2, "CmqRegionName")

function handlers.ListKeyAliasByRegion(emulator, params)
  local known = emulator.legacy.keys[params.KmsRegion]
  for _, region in ipairs(REGIONS) do
    known = known or (region[1] == params.KmsRegion and {} or nil)
  end
  local limit, offset = tonumber(params.Limit or 10), tonumber(params.Offset or 0)
  if not known then
    return nil, "InvalidParameterValue.KmsRegionError", "KMS does not support the region."
  elseif limit < 1 or limit > 200 or offset < 0 then
    return nil, "InvalidParameterValue", "Limit: 1 to 200 expected; Offset: 0 or more expected."
  end
  local out = setmetatable({}, core.list)
  for i = offset + 1, math.min(offset + limit, #known) do
    out[#out + 1] = { Alias = known[i].Alias, KeyId = known[i].KeyId }
  end
  return { TotalCount = #known, KeyMetadatas = out }
end

function handlers.GetAttributeKey(_, params)
  local out, english = {}, is_english(params) and 1 or 0
  for i, row in ipairs(ATTRIBUTES) do
    out[i] = { Value = row[1], LabelType = row[2], Label = row[3 + english], Starter = row[5 + english], Order = i }
  end
  return { AttributeKeyDetails = out }
end

legacy.handlers = handlers

return legacy
