-- Calls the library from a finalizer that lua_close runs after those of the modules and of all objects: of the oldest
-- object. Prints what each call returned; run in a process of its own, in plain Lua or in LÖVE.
local oldest, arm
local function finalizer()
  arm()
end
if newproxy then
  oldest = newproxy(true)
  getmetatable(oldest).__gc = finalizer
else
  oldest = setmetatable({}, { __gc = finalizer })
end

local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local curl = require "cloudaudit.curl"
local httpd = require "cloudaudit.httpd"

local client = assert(cloudaudit.new{ secret_id = "AKIDEXAMPLE", secret_key = "example", env = false, retries = 0,
  endpoint = "http://127.0.0.1:1" })
local emulator = cloudaudit.emulator.new()
local inner = emulator:client()
assert(inner:quota())
client:quota()
local transport = curl.new{}
local input = { method = "POST", content_type = "x", host = "h", service = "s", timestamp = 0, secret_id = "i",
  secret_key = "k" }
core.sign(input)

local function said(name, ...)
  io.write(name, " ", tostring((pcall(...))), "\n")
end

function arm()
  said("quota", function() assert(client:quota() == nil) end)
  said("inner", function() inner:create_track{ name = "late", action = "all", storage = "cls://t@r/p" } end)
  said("close", function() client:close() inner:close() end)
  said("json", function() assert(core.encode(core.decode('{"a":[1]}')) == '{"a":[1]}') end)
  said("sign", function() assert(core.sign(input).signature) end)
  said("curl", function()
    transport:step(0)
    local late = assert(curl.new{})
    late:start({ method = "GET", url = "http://127.0.0.1:1/", headers = {}, body = "" }, 1)
    late:step(0.1)
  end)
  said("httpd", function()
    local server = assert(httpd.new{ address = "127.0.0.1", port = 0 })
    server:step(0)
    server:close()
  end)
  io.write("end\n")
  io.flush()
end

_G.kept_by_the_state = oldest
