local own_process = require "support.own_process"

local run = own_process.run

describe("require 'cloudaudit'", function()
  it("loads neither the core nor the client, and sets no global", function()
    assert.equal("nil\tnil\tnil\n", run[[
      local before = {}
      for name in pairs(_G) do before[name] = true end
      local cloudaudit = require "cloudaudit"
      local foreign
      for name in pairs(_G) do foreign = foreign or not before[name] and name or nil end
      print(package.loaded["cloudaudit.core"], package.loaded["cloudaudit.client"], foreign)
    ]])
  end)

  it("performs no I/O, nor does new", function()
    assert.equal("cloudaudit client (no credentials read yet)\tnil\tnil\n", run[[
      require "cloudaudit.client" -- the loader opens files; the library must not
      local function forbidden() error("I/O") end
      os.getenv, io.open, os.time, os.clock = forbidden, forbidden, forbidden, forbidden
      local client = require("cloudaudit").new{}
      print(tostring(client), package.loaded["cloudaudit.curl"], package.loaded["cloudaudit.driver.curl"])
    ]])
  end)

  it("works without os, io and debug", function()
    assert.equal("2d4a\n", run[[
      local print, require = print, require
      local cloudaudit = require "cloudaudit"
      local request
      os, io, debug = nil, nil, nil
      local client = cloudaudit.new{ env = false, secret_id = "id", secret_key = "key",
        driver = { now = function() return 1 end, sleep = function() end,
          exchange = function() return { status = 200, body = '{"Response":{"RequestId":"2d4a"}}' } end } }
      print(assert(client:ListAudits()).RequestId)
    ]])
  end)

  it("works where reading an undeclared global raises", function()
    assert.equal("2d4a 2d4a\n", run[[
      setmetatable(_G, { __index = function(_, name) error("undeclared: " .. name, 2) end })
      local client = require("cloudaudit").new{ secret_id = "id", secret_key = "key",
        driver = { now = function() return 1 end, sleep = function() end,
          async = { step = function() return 0 end, exchange = function()
            return { status = 200, body = '{"Response":{"RequestId":"2d4a"}}' }
          end },
          exchange = function() return { status = 200, body = '{"Response":{"RequestId":"2d4a"}}' } end } }
      print(assert(client:ListAudits()).RequestId .. " " .. assert(client.async:ListAudits():await()).RequestId)
    ]])
  end)

  it("has the documented members", function()
    local cloudaudit = require "cloudaudit"
    assert.equal("function", type(cloudaudit.new))
    assert.equal("function", type(cloudaudit.sign))
    assert.equal("function", type(cloudaudit.list))
    assert.equal("function", type(cloudaudit.storage.cos))
    assert.equal("function", type(cloudaudit.credentials.env))
    assert.equal("function", type(cloudaudit.redact))
    assert.equal("function", type(cloudaudit.all))
    assert.equal("function", type(cloudaudit.emulator.new))
    assert.equal("0.1.0", cloudaudit.version)
    assert.equal("userdata", type(cloudaudit.null))
    assert.is_nil(cloudaudit.nothing)
    assert.equal(cloudaudit.new, rawget(cloudaudit, "new"))
  end)

  it("exposes only the public functions of errors and time", function()
    local cloudaudit = require "cloudaudit"
    local time = require "cloudaudit.time"
    assert.same({ is_error = require("cloudaudit.errors").is_error }, cloudaudit.errors)
    assert.same({ parse = time.parse, iso = time.iso, service = time.service }, cloudaudit.time)
    assert.equal(cloudaudit.time, cloudaudit.time)
  end)
end)
