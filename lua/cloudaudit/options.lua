-- The options of cloudaudit.new as data: name, type, default, and the environment variable that
-- stands in for it. Reads the environment only in `resolve`, which the first call does.
local check = require "cloudaudit.validate"
local errors = require "cloudaudit.errors"

local options = {}

-- `env` names a variable that is used when the option is not given; `secret` ones leave `read`
-- apart from the others, so that no table of the client holds them; `lua` is what types.lua says of one.
--: class Options  what cloudaudit.new takes
local ROWS = {
  { name = "secret_id", type = "string", secret = true },
  { name = "secret_key", type = "string", secret = true },
  { name = "token", type = "string", secret = true },
  { name = "credentials", type = "table", lua = "Provider" },
  { name = "profile", type = "string" },
  { name = "region", type = "string", env = "TENCENTCLOUD_REGION", default = "ap-guangzhou" },
  { name = "endpoint", type = "string", env = "CLOUDAUDIT_ENDPOINT", default = "cloudaudit.tencentcloudapi.com" },
  { name = "insecure_http", type = "boolean", default = false },
  { name = "timeout", type = "seconds", default = 10, most = 86400 },
  { name = "connect_timeout", type = "seconds", default = 3, most = 86400 },
  { name = "retries", type = "count", default = 2, most = 19 },
  { name = "rate", type = "positive", default = 18, most = 1000 },
  { name = "max_skew", type = "seconds", default = 86400, most = 3153600000 },
  { name = "rate_dict", type = "string" },
  { name = "driver", type = "table", lua = "Driver" },
  { name = "proxy", type = "string", default = "" },
  { name = "proxy_from_env", type = "boolean", default = false },
  { name = "ca_file", type = "string", env = "CLOUDAUDIT_CA_FILE" },
  { name = "language", type = "string" },
  { name = "validate", type = "boolean", default = true },
  { name = "log", type = "callable", lua = "fun(level: string, line: string)" },
  { name = "on_request", type = "callable", lua = "fun(info: RequestInfo)" },
  { name = "on_response", type = "callable", lua = "fun(info: ResponseInfo)" },
  { name = "clock", type = "callable", lua = "fun(): number" },
  { name = "sleep", type = "callable", lua = "fun(seconds: number)" },
  { name = "random", type = "callable", lua = "fun(): number" },
  { name = "env", type = "boolean", default = true },
}
options.rows = ROWS

--: class Driver  a host's own way to move bytes and to wait
--:   exchange fun(request: Request, timeout: number): Response?, string?, {kind: string, sent: boolean}?
--:   sleep? fun(seconds: number)
--:   now? fun(): number
--:   async AsyncDriver?
--: class Request  one signed HTTP request
--:   action string
--:   method string
--:   url string
--:   host string
--:   headers table<string, string>
--:   body string
--:   timestamp integer?
--:   direct boolean?
--:   max_response integer?
--: class Response  what a driver brings
--:   status integer
--:   headers table<string, string>?
--:   body string

local DRIVER = {
  { name = "exchange", type = "callable", required = true },
  { name = "sleep", type = "callable" },
  { name = "now", type = "callable" },
  { name = "async", type = "table" },
}

--: class AsyncDriver  the members of a driver with which futures and tasks can be stepped
--:   exchange fun(request: Request, timeout: number, wait: fun(): string?): Response?, string?, table?
--:   step fun(seconds: number, wake?: number)
--:   fds? fun(): {fd: integer, read: boolean, write: boolean}[], number?

local STEPPING = {
  { name = "exchange", type = "callable", required = true },
  { name = "step", type = "callable", required = true },
  { name = "fds", type = "callable" },
}

--: class Provider  where keys come from
--:   name string
--:   get fun(context: table): Snapshot?, string?, any
--: class Snapshot  keys, read together
--:   secret_id string
--:   secret_key string
--:   token string?
--:   expires_at number?
--:   source string?

local PROVIDER = {
  { name = "name", type = "string", required = true },
  { name = "get", type = "callable", required = true },
}

--- Checks and copies what was given to `new`: the settings, and the secrets apart from them; or a
-- failure of kind misuse.
function options.read(given)
  if given == nil then
    given = {}
  end
  local ok, message, err = check.fields("new", given, ROWS, "option")
  if ok and given.driver then
    ok, message, err = check.values("new.driver", given.driver, DRIVER)
    if ok and given.driver.async then
      ok, message, err = check.values("new.driver.async", given.driver.async, STEPPING)
    end
    if ok and not given.driver.sleep and not given.sleep then
      ok, message, err = errors.misuse("new.driver.sleep: missing; give the driver or new a sleep", "driver.sleep")
    end
  end
  if ok and given.driver and given.rate_dict then
    ok, message, err = errors.misuse("new.rate_dict: for nginx's own connections, but a driver was given", "rate_dict")
  end
  if ok and given.credentials then
    ok, message, err = check.values("new.credentials", given.credentials, PROVIDER)
  end
  if not ok then
    return nil, message, err
  end
  local settings, secrets = {}, {}
  for _, row in ipairs(ROWS) do
    local target = row.secret and secrets or settings
    target[row.name] = given[row.name]
  end
  return settings, secrets
end

--- os.getenv, or nil where there is none or where `env = false` forbids it.
function options.getenv(settings)
  if settings.env == false or type(os) ~= "table" then
    return nil
  end
  return os.getenv
end

--- What holds for a call: every option with its value, and where each value came from ("option",
-- "environment NAME" or "default").
function options.resolve(settings)
  local values, sources = {}, {}
  local getenv = options.getenv(settings)
  for _, row in ipairs(ROWS) do
    local name = row.name
    local value, source = settings[name], "option"
    if value == nil and row.env and getenv then
      value, source = getenv(row.env), "environment " .. row.env
      if value == "" then
        value = nil
      end
    end
    if value == nil then
      value, source = row.default, "default"
    end
    values[name], sources[name] = value, value ~= nil and source or nil
  end
  return values, sources
end

return options
