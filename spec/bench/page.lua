-- A page of DescribeEvents as documented by the service: each event has its full record as JSON text
-- in a JSON string, with more JSON text inside. The same bytes in every run.

local names = { "CreateAuditTrack", "DescribeEvents", "RunInstances", "PutBucketAcl", "ConsoleLogin" }
local labels = { "创建跟踪集", "查询操作记录", "创建实例", "设置存储桶权限", "控制台登录" }
local products = { "cloudaudit", "cloudaudit", "cvm", "cos", "account" }
local product_labels = { "操作审计", "操作审计", "云服务器", "对象存储", "账号中心" }

local function quote(text)
  return '"' .. text:gsub('[\\"]', "\\%0"):gsub("\n", "\\n") .. '"'
end

local function uuid(seed)
  return ("%08x-%04x-4%03x-9%03x-%012x"):format(
    seed * 2654435 % 4294967296, seed * 40503 % 65536, seed * 613 % 4096, seed * 751 % 4096, seed * 7919 * 104729)
end

-- Joins pairs of a name and its JSON text.
local function object(members)
  local written = {}
  for i = 1, #members, 2 do written[#written + 1] = quote(members[i]) .. ":" .. members[i + 1] end
  return "{" .. table.concat(written, ",") .. "}"
end

local key = quote("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE")
local region = quote("ap-guangzhou")
local agent = quote("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
local context = '{"attributes":{"creationDate":"2026-08-21T03:14:15Z","mfaAuthenticated":"false"}}'

local function record(i, name, product)
  local parameters = ('{"Region":"ap-guangzhou","Limit":%d,"Filters":[{"Name":"zone","Values":["ap-guangzhou-%d"]}]}')
    :format(20 + i % 30, i % 7 + 1)
  local identity = object {
    "type", quote("CAMUser"), "accountId", quote("100000000001"), "principalId", quote(("1000000%05d"):format(i)),
    "userName", quote("operator-" .. i % 9), "secretId", key, "sessionContext", quote(context),
  }
  return object {
    "eventVersion", "2", "apiVersion", quote("2019-03-19"), "eventID", quote(uuid(i)),
    "eventTime", tostring(1787300000 + i * 37), "eventType", quote("ApiCall"), "eventName", quote(name),
    "actionType", quote("Read"), "eventSource", quote(product .. ".tencentcloudapi.com/"), "eventRegion", region,
    "sourceIPAddress", quote("203.0.113." .. i % 250 + 1), "userAgent", agent, "httpMethod", quote("POST"),
    "sensitiveAction", quote("NO"), "userIdentity", identity, "requestID", quote(uuid(i + 1000)),
    "requestParameters", quote(parameters), "resourceType", quote(product),
    "resourceName", quote(product .. "/ap-guangzhou/" .. i * 17), "apiErrorCode", quote("0"),
    "apiErrorMessage", quote(""), "responseElements", quote(object { "RequestId", quote(uuid(i + 1000)) }),
    "tags", "[]",
  }
end

local function event(i)
  local kind = i % #names + 1
  local name, product = names[kind], products[kind]
  return object {
    "EventId", quote(uuid(i)), "Username", quote("operator-" .. i % 9),
    "EventTime", quote(tostring(1787300000 + i * 37)), "CloudAuditEvent", quote(record(i, name, product)),
    "ResourceTypeCn", quote(product_labels[kind]), "ErrorCode", "0", "EventName", quote(name), "SecretId", key,
    "EventSource", quote(product .. ".tencentcloudapi.com/"), "RequestID", quote(uuid(i + 1000)),
    "ResourceRegion", region, "AccountID", "100000000001", "SourceIPAddress", quote("203.0.113." .. i % 250 + 1),
    "EventNameCn", quote(labels[kind]), "EventRegion", region, "Location", quote("Guangzhou, China"),
    "Resources", object {
      "ResourceType", quote(product), "ResourceName", quote(product .. "/ap-guangzhou/" .. i * 17),
    },
  }
end

-- The body of a response with `count` events.
return function(count)
  local events = {}
  for i = 1, count do events[i] = event(i) end
  return ('{"Response":{"ListOver":false,"NextToken":16805138109322956,"TotalCount":0,"Events":[%s],"RequestId":%s}}')
    :format(table.concat(events, ","), quote(uuid(0)))
end
