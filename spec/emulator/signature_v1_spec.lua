local core = require "cloudaudit.core"
local emulator = require "cloudaudit.emulator"
local signature_v1 = require "cloudaudit.emulator.signature_v1"
local signed = require "support.signed"

local FORM = "application/x-www-form-urlencoded"

local function encode(text)
  return (text:gsub("[^%w%-._~]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

describe("cloudaudit.emulator.signature_v1", function()
  local emu, id, key

  before_each(function()
    emu = emulator.new{ now = signed.NOW }
    id, key = emu:credential()
  end)

  it("signs the published vectors", function()
    local file = assert(io.open("spec/fixtures/signature-v1.json"))
    local vectors = core.decode(file:read("*a"))
    file:close()
    assert.is_true(#vectors >= 4)
    for _, vector in ipairs(vectors) do
      local text = vector.text
      if vector.parameters then
        text = signature_v1.text(vector.method, vector.host, vector.path, vector.parameters)
        assert.equal(vector.text, text)
      end
      assert.equal(vector.signature, signature_v1.sign(vector.signature_method, vector.secret_key, text), vector.name)
    end
    assert.is_nil((signature_v1.sign("HmacMD5", "k", "t")))
  end)

  it("encodes base64 of every length", function()
    for bytes, expected in pairs{ [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foobar = "Zm9vYmFy",
      ["\255\254\253"] = "//79" } do
      assert.equal(expected, signature_v1.base64(bytes))
    end
  end)

  -- A request of version 1: `parameters` and the common ones, signed and encoded. `change` may tamper with them.
  local function request(method, signature_method, action, parameters, change)
    local all = { Action = action, Version = "2019-03-19", Region = "ap-guangzhou", Nonce = "11886",
      Timestamp = ("%d"):format(signed.NOW), SecretId = id, SignatureMethod = signature_method,
      RequestClient = "SDK_TEST_1" }
    for name, value in pairs(parameters) do
      all[name] = value
    end
    all.Signature = signature_v1.sign(signature_method or "HmacSHA1", key,
      signature_v1.text(method, "127.0.0.1:8080", "/", all))
    if change then
      change(all)
    end
    local pairs_of = {}
    for name, value in pairs(all) do
      pairs_of[#pairs_of + 1] = encode(name) .. "=" .. encode(value)
    end
    local text = table.concat(pairs_of, "&")
    return { method = method, path = "/", query = method == "GET" and text or "",
      body = method == "POST" and text or "", headers = { Host = "127.0.0.1:8080", ["Content-Type"] = FORM } }
  end

  local function send(...)
    return core.decode(emu:handle(request(...)).body).Response
  end

  local function code(...)
    local response = send(...)
    return response.Error and response.Error.Code
  end

  local TRACK = { Name = "审计 +/=&", ActionType = "Read", ResourceType = "cam", Status = "1", ["EventNames.0"] = "A b",
    ["EventNames.1"] = "C", ["Storage.StorageType"] = "cos", ["Storage.StorageRegion"] = "ap-guangzhou",
    ["Storage.StorageName"] = "audit", ["Storage.StoragePrefix"] = "test" }

  for _, method in ipairs{ "GET", "POST" } do
    it("is verified over " .. method .. ", with both digests and the default", function()
      emu = emulator.new{ now = signed.NOW, validate = false }
      local created = 0
      for _, digest in ipairs{ "HmacSHA1", "HmacSHA256", false } do
        TRACK.Name = "审计 +/=&" .. created
        created = created + 1
        assert.equal(created, send(method, digest or nil, "CreateAuditTrack", TRACK).TrackId)
      end
      local track = emu:all_tracks()[1]
      assert.same({ "审计 +/=&0", { "A b", "C" }, 1 }, { track.Name, track.EventNames, track.Status })
      local entry = emu:journal()[1]
      assert.same({ "CreateAuditTrack", id, true, "ap-guangzhou" },
        { entry.action, entry.secret_id, entry.signed, entry.region })
      assert.is_nil(code(method, "HmacSHA256", "ListAudits", {}))
    end)
  end

  it("refuses a request that was changed, and other wrong ones, with the codes of TC3", function()
    local cases = {
      ["AuthFailure.SignatureFailure"] = {
        function(all) all.Nonce = "1" end, function(all) all.SignatureMethod = "HmacMD5" end,
        function(all) all.Signature = "AAAA" end, function(all) all.Extra = "1" end,
      },
      ["AuthFailure.SecretIdNotFound"] = { function(all) all.SecretId = "AKIDnobody" end },
      ["AuthFailure.SignatureExpire"] = { function(all) all.Timestamp = ("%d"):format(signed.NOW - 301) end },
      MissingParameter = {
        function(all) all.Signature = nil end, function(all) all.SecretId = nil end,
        function(all) all.Version = nil end, function(all) all.Timestamp = nil end, function(all) all.Region = nil end,
      },
      InvalidAction = { function(all) all.Action = "CreateAudit" end },
    }
    for expected, changes in pairs(cases) do
      for _, change in ipairs(changes) do
        assert.equal(expected, code("GET", "HmacSHA1", "ListAudits", {}, change))
      end
    end
    assert.equal("UnknownParameter", code("POST", "HmacSHA256", "ListAudits", { Colour = "red" }))
    assert.equal("AuthFailure.TokenFailure", code("POST", "HmacSHA256", "ListAudits", { Token = "t" }))
    assert.equal("RequestSizeLimitExceeded", code("POST", "HmacSHA1", "ListAudits", { x = ("y"):rep(1024 * 1024) }))
  end)

  it("takes the token of temporary credentials", function()
    emu = emulator.new{ now = signed.NOW, secrets = { AKIDt = "key" }, tokens = { AKIDt = "t-1" } }
    id, key = emu:credential()
    assert.is_nil(code("GET", "HmacSHA1", "ListAudits", { Token = "t-1" }))
    assert.equal("AuthFailure.TokenFailure", code("GET", "HmacSHA1", "ListAudits", {}))
  end)

  it("leaves other requests alone", function()
    local response = core.decode(emu:handle{ method = "GET", path = "/", query = "x=Action=1", headers = {} }.body)
    assert.equal("The request is missing a required parameter `Action`.", response.Response.Error.Message)
  end)
end)
