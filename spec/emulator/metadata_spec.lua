local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local served = require "support.emulator"

local PATH = "/latest/meta-data/cam/security-credentials/"

local function get(emulator, path, method)
  return emulator:handle{ method = method or "GET", path = path, headers = {}, body = "" }
end

describe("cloudaudit.emulator.metadata", function()
  it("returns the name of the role as plain text", function()
    local emulator = cloudaudit.emulator.new{ role = "audit" }
    local response = get(emulator, PATH)
    assert.same({ 200, "text/plain", "audit" }, { response.status, response.headers["Content-Type"], response.body })
  end)

  it("issues credentials of the role", function()
    local emulator = cloudaudit.emulator.new{ role = "audit", now = 1767225600, role_seconds = 600 }
    local response = get(emulator, PATH .. "audit")
    local keys = assert(core.decode(response.body))
    assert.same({ 200, "Success", 1767226200, "2026-01-01T00:10:00Z" },
      { response.status, keys.Code, keys.ExpiredTime, keys.Expiration })
    assert(emulator:client{ secret_id = keys.TmpSecretId, secret_key = keys.TmpSecretKey, token = keys.Token }:quota())
  end)

  it("returns 404 for other paths, methods and roles", function()
    local emulator = cloudaudit.emulator.new{ role = "audit" }
    for _, path in ipairs{ PATH .. "other", "/latest/meta-data/", "/latest/meta-data/instance-id" } do
      assert.equal(404, get(emulator, path).status, path)
    end
    assert.equal(404, get(emulator, PATH, "POST").status)
    local without_role = cloudaudit.emulator.new()
    assert.equal(404, get(without_role, PATH).status)
    assert.equal(404, get(without_role, PATH .. "audit").status)
  end)

  it("has an action name for faults and the journal", function()
    local emulator = cloudaudit.emulator.new{ role = "audit" }
    emulator:fault{ kind = "status", status = 500, action = "metadata" }
    assert(emulator:client():quota())
    assert.equal(500, get(emulator, PATH).status)
    assert.equal(200, get(emulator, PATH).status)
    assert.same({ 2, 0, 0 }, { emulator:count("metadata") })
    assert.equal(PATH, emulator:journal("metadata")[1].path)
  end)

  it("is served to libcurl's driver", function()
    local server = served.start{ "--role", "audit" }
    local client = cloudaudit.new{ endpoint = server.endpoint, env = false,
      credentials = cloudaudit.credentials.cvm_role{ endpoint = server.endpoint } }
    assert(client:quota())
    assert(cloudaudit.all{ client.async:quota(), client.async:quota() }:await())
    client:close()
    assert.equal(2, #server:journal("metadata"))
    server:stop()
  end)
end)
