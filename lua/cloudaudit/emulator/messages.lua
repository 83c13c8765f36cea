-- Texts of errors: those of the model's checks in words for a program in any language, and the common ones in Chinese
-- for requests with X-TC-Language: zh-CN. Codes never depend on it.
local messages = {}

-- The service's words for the common refusals of a parameter, by code. %s is its name.
local MODEL = {
  InvalidParameter = "The value type of parameter `%s` is not valid.",
  MissingParameter = "The request is missing a required parameter `%s`.",
  UnknownParameter = "The parameter `%s` is not recognized.",
}

-- What the checks say of Lua, in terms of JSON.
local WORDS = {
  { '{"*"} ', '["*"] ' }, { " %(pass such a number as a string%)", "" },
  { " %(give it as a string%)", "" },
}

--- The message of a failure of core.check, for a client in any language.
function messages.of_check(fields)
  local pattern = MODEL[fields.code]
  if pattern and fields.field then
    return pattern:format(fields.field)
  end
  local text = fields.message
  for _, pair in ipairs(WORDS) do
    local from, to = text:find(pair[1], 1, pair[1]:sub(1, 2) ~= " %")
    if from then
      text = text:sub(1, from - 1) .. pair[2] .. text:sub(to + 1)
    end
  end
  return text
end

--- The text of a request that exceeds the rate.
function messages.rate(times, limit)
  return ("Your current request times equals to `%d` in a second, which exceeds the frequency limit `%d` for a second. "
    .. "Please reduce the frequency of calls."):format(times, limit)
end

-- By code; `%1` and `%2` are what the English text has between backticks. One that lacks them stays English.
local CHINESE = {
  RequestLimitExceeded = "您当前每秒请求 `%1` 次，超过了每秒频率上限 `%2` 次，请稍后重试。",
  RequestSizeLimitExceeded = "请求包超过限制大小。",
  MissingParameter = "请求缺少必选参数 `%1`。",
  UnknownParameter = "未定义的参数 `%1`。",
  InvalidParameter = "参数 `%1` 的取值类型不正确。",
  InvalidParameterValue = "参数 `%1` 的取值不正确或不被支持。",
  InvalidAction = "接口 `%1` 不存在。",
  NoSuchVersion = "接口版本 `%1` 不存在。",
  UnsupportedProtocol = "HTTP(S) 请求协议错误，只支持 GET 和 POST 请求。",
  ["AuthFailure.InvalidAuthorization"] = "请求头部的 Authorization 不符合腾讯云标准。",
  ["AuthFailure.SecretIdNotFound"] = "SecretId 不存在，请输入正确的密钥。",
  ["AuthFailure.SignatureExpire"] = "签名过期，请检查本地时间。",
  ["AuthFailure.SignatureFailure"] = "请求签名验证失败，请检查您的签名计算是否正确。",
  ["AuthFailure.TokenFailure"] = "Token 错误。",
  ["ResourceNotFound.AuditNotExist"] = "跟踪集不存在。",
  ["InvalidParameterValue.AliasAlreadyExists"] = "跟踪集名称已存在。",
  ["LimitExceeded.OverAmount"] = "跟踪集数量超过上限。",
}

--- The message in the language of X-TC-Language; English without it.
function messages.localized(code, message, language)
  local chinese = language == "zh-CN" and CHINESE[code]
  if not chinese then
    return message
  end
  local parts = {}
  for part in message:gmatch("`([^`]*)`") do
    parts[#parts + 1] = part
  end
  local complete = true
  local text = chinese:gsub("%%(%d)", function(index)
    local part = parts[tonumber(index)]
    complete = complete and part ~= nil
    return part
  end)
  return complete and text or message
end

return messages
