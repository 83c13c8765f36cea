-- The options of cloudaudit.new as data: name, type, default, and the environment variable used when an option is
-- absent. Only `resolve`, at the first call, reads the environment.
local errors = require "cloudaudit.errors"
local validate = require "cloudaudit.validate"

local options = {}

-- `env`: the environment variable used when the option is absent, and so is the option `instead`; `secret`: `read`
-- returns it apart from the others, so that no table of the client holds it; `lua`: its type in types.lua.
--: class Options  the options of cloudaudit.new
local ROWS = {
  { name = "secret_id", type = "string", secret = true },
  { name = "secret_key", type = "string", secret = true },
  { name = "token", type = "string", secret = true },
  { name = "credentials", type = "table", lua = "Provider" },
  { name = "profile", type = "string" },
  { name = "region", type = "string", env = "TENCENTCLOUD_REGION", default = "ap-guangzhou" },
  { name = "endpoint", type = "string", env = "CLOUDAUDIT_ENDPOINT", default = "cloudaudit.tencentcloudapi.com" },
  { name = "insecure_http", type = "boolean", default = false },
  { name = "timeout", type = "seconds", default = 10, max = 86400 },
  { name = "connect_timeout", type = "seconds", default = 3, max = 86400 },
  { name = "retries", type = "count", max = 999 },
  { name = "rate", type = "positive", default = 18, max = 1000 },
  { name = "max_skew", type = "seconds", default = 86400, max = 3153600000 },
  { name = "rate_dict", type = "string" },
  { name = "max_response", type = "positive", default = 16777216, max = 1073741824 },
  { name = "driver", type = "table", lua = "Driver" },
  { name = "proxy", type = "string", default = "" },
  { name = "proxy_from_env", type = "boolean", default = false },
  { name = "ca_file", type = "string", env = "CLOUDAUDIT_CA_FILE", instead = "ca_path" },
  { name = "ca_path", type = "string", env = "CLOUDAUDIT_CA_PATH", instead = "ca_file" },
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

--: class Driver  performs HTTP exchanges and sleeps
--:   exchange fun(request: Request, timeout: number): Response?, string?, {kind: string, sent: boolean}?
--:   sleep? fun(seconds: number)
--:   now? fun(): number
--:   async AsyncDriver?
--:   warms boolean?
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
--: class Response  an HTTP response
--:   status integer
--:   headers table<string, string>?
--:   body string

local DRIVER = {
  { name = "exchange", type = "callable", required = true },
  { name = "sleep", type = "callable" },
  { name = "now", type = "callable" },
  { name = "async", type = "table" },
  { name = "warms", type = "boolean" },
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

--: class Provider  a source of credentials
--:   name string
--:   get fun(context: table): Snapshot?, string?, any
--: class Snapshot  credentials, read together
--:   secret_id string
--:   secret_key string
--:   token string?
--:   expires_at number?
--:   source string?

local PROVIDER = {
  { name = "name", type = "string", required = true },
  { name = "get", type = "callable", required = true },
}

--- Validates and copies the options of `new`: settings and secrets, as two tables; or a failure of kind misuse.
function options.read(input)
  if input == nil then
    input = {}
  end
  local ok, message, err = validate.fields("new", input, ROWS, "option")
  if ok and input.driver then
    ok, message, err = validate.values("new.driver", input.driver, DRIVER)
    if ok and input.driver.async then
      ok, message, err = validate.values("new.driver.async", input.driver.async, STEPPING)
    end
    if ok and not input.driver.sleep and not input.sleep then
      ok, message, err = errors.misuse("new.driver.sleep: missing; set it, or option sleep", "driver.sleep")
    end
  end
  if ok and input.driver and input.rate_dict then
    ok, message, err = errors.misuse("new.rate_dict: only for the nginx driver, but option driver is set", "rate_dict")
  end
  if ok and input.credentials then
    ok, message, err = validate.values("new.credentials", input.credentials, PROVIDER)
  end
  if not ok then
    return nil, message, err
  end
  local settings, secrets = {}, {}
  for _, row in ipairs(ROWS) do
    local target = row.secret and secrets or settings
    target[row.name] = input[row.name]
  end
  return settings, secrets
end

--- The default of an option.
function options.default(name)
  for _, row in ipairs(ROWS) do
    if row.name == name then
      return row.default
    end
  end
end

--- os.getenv, or nil where it does not exist or with `env = false`.
function options.getenv(settings)
  if settings.env == false or type(os) ~= "table" then
    return nil
  end
  return os.getenv
end

--- The values of all options for calls, and the source of each ("option", "environment NAME" or "default").
function options.resolve(settings)
  local values, sources = {}, {}
  local getenv = options.getenv(settings)
  for _, row in ipairs(ROWS) do
    local name = row.name
    local value, source = settings[name], "option"
    if value == nil and row.env and getenv and settings[row.instead] == nil then
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
