-- Complete responses: errors of the service, and those of gateways in front of it.
local text = require "faults.scripts.text"

local rows = {}

-- Each response ends its connection, so that a retry has a fresh one.
local function add(name, status, body, kind, outcome, tries, line)
  local answer = text.response(status, body, { "Connection: close", line })
  rows[#rows + 1] = { name, text.reply(answer), kind, outcome, tries = tries }
end

-- code, kind, outcome, tries
local codes = {
  { "RequestLimitExceeded", "throttled", "rejected", "all" },
  { "RequestLimitExceeded.UinLimitExceeded", "throttled", "rejected", "all" },
  { "LimitExceeded.OverAmount", "quota", "rejected" },
  { "AuthFailure.SignatureFailure", "auth", "rejected" },
  { "AuthFailure.SignatureExpire", "auth", "rejected" }, -- without a Date the clock cannot be corrected
  { "AuthFailure.TokenFailure", "auth", "rejected" }, -- static keys have no newer token
  { "UnauthorizedOperation", "permission", "rejected" },
  { "InvalidParameterValue.AliasAlreadyExists", "conflict", "rejected" },
  { "InvalidParameter.Time", "range", "rejected" },
  { "ResourceNotFound.AuditNotExist", "not_found", "rejected" },
  { "NoSuchVersion", "config", "rejected" },
  { "InternalError", "server", "unknown", "reads" },
  { "InternalError.SearchError", "server", "unknown", "reads" },
  { "ServiceUnavailable", "server", "unknown", "reads" },
  { "FailedOperation", "server", "unknown" },
  { "FailedOperation.GetCosBucketListFailed", "server", "unknown" },
  { "Something.New", "server", "rejected" },
  { "Something.Failed", "server", "unknown" },
}
for _, row in ipairs(codes) do
  add(row[1], 200, text.refusal(row[1]), row[2], row[3], row[4])
end

-- Statuses of gateways with a page, an error of the service or a success in the body.
local PAGE = "<html><body>nginx</body></html>"
for _, status in ipairs{ 500, 502, 503, 504 } do
  add(status .. " with a page", status, PAGE, "server", "unknown", "reads", "Content-Type: text/html")
  add(status .. " with nothing", status, "", "server", "unknown", "reads")
  add(status .. " with a success", status, text.SUCCESS, "server", "unknown", "reads")
  add(status .. " with a refusal", status, text.refusal("InvalidParameter"), "validation", "unknown")
  add(status .. " with a throttle", status, text.refusal("RequestLimitExceeded"), "throttled", "unknown", "reads")
end
for _, status in ipairs{ 201, 202, 206, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 407, 408, 413, 418, 499 } do
  add(status .. " with a page", status, PAGE, "protocol", "unknown", nil, "Location: http://127.0.0.2/")
end
add("429 with a page", 429, PAGE, "protocol", "unknown", "reads")
add("201 with a success", 201, text.SUCCESS, "protocol", "unknown")
add("400 with a refusal", 400, text.refusal("InvalidParameter"), "validation", "rejected")
add("403 with a refusal", 403, text.refusal("UnauthorizedOperation"), "permission", "rejected")
add("429 with a throttle", 429, text.refusal("RequestLimitExceeded"), "throttled", "rejected", "all")
add("204", 204, "", "protocol", "unknown")
add("304", 304, "", "protocol", "unknown")
add("a Retry-After beyond the deadline", 200, text.refusal("RequestLimitExceeded"), "throttled", "rejected", nil,
  "Retry-After: 3600")
add("a Retry-After that is none", 200, text.refusal("RequestLimitExceeded"), "throttled", "rejected", "all",
  "Retry-After: soon")

return rows
