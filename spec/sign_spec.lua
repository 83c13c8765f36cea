local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local wire = require "support.wire"

local STAGES = { "payload_hash", "canonical_request", "canonical_request_hash", "string_to_sign", "date_key",
  "service_key", "signing_key", "signature", "authorization" }

local function vectors()
  local file = assert(io.open("spec/fixtures/tc3-vectors.json", "rb"))
  local text = file:read("*a")
  file:close()
  return assert(core.decode(text))
end

local function input(case)
  return { secret_id = case.secret_id, secret_key = case.secret_key, timestamp = case.timestamp, host = case.host,
    service = case.service, method = case.method, content_type = case.content_type, query = case.query,
    payload = case.body, headers = case.extra_signed_headers }
end

describe("sign", function()
  for _, case in ipairs(vectors()) do
    it("has every intermediate result of the golden vector " .. case.name, function()
      local stages = cloudaudit.sign(input(case))
      for _, stage in ipairs(STAGES) do
        assert.equal(case.expect[stage], stages[stage], stage)
      end
    end)
  end

  it("defaults to the values of CloudAudit", function()
    local stages = cloudaudit.sign{ secret_id = wire.SECRET_ID, secret_key = wire.SECRET_KEY, timestamp = 1551113065,
      host = "cloudaudit.tencentcloudapi.com", payload = '{"PageNumber":1,"PageSize":10}' }
    assert.equal("a84d77eac4f686a49dac9b363dcf6d8b17067b19743dee3bdc0a9460964d4fb1", stages.signature)
    assert.equal("2019-02-25", stages.date)
  end)

  it("hashes the text UNSIGNED-PAYLOAD for an unsigned payload", function()
    local stages = cloudaudit.sign{ secret_id = "id", secret_key = "key", timestamp = 1, host = "h", payload = "x",
      unsigned_payload = true }
    assert.equal("438d4109ef0d676b8c2c7ed13cdfcb418e494d53b843d4634ce3b1085f07bb96", stages.payload_hash)
  end)

  it("sorts headers by their lower-case names", function()
    local stages = cloudaudit.sign{ secret_id = "id", secret_key = "key", timestamp = 1, host = "h",
      headers = { ["X-TC-Version"] = "v", ["X-TC-Action"] = "a" } }
    assert.equal("POST\n/\n\ncontent-type:application/json\nhost:h\nx-tc-action:a\nx-tc-version:v\n\n"
      .. "content-type;host;x-tc-action;x-tc-version\n" .. stages.payload_hash, stages.canonical_request)
  end)

  it("raises for wrong input at the caller's line, and never shows the key", function()
    local where, ok, message
    ok, message = pcall(function()
      where = wire.line(); local stages = cloudaudit.sign{ secret_id = "id", secretkey = "canary" }
      return stages
    end)
    assert.is_false(ok)
    assert.equal(where .. " sign.secretkey: unknown field, did you mean secret_key?", message)
    assert.error_matches(function() cloudaudit.sign{ secret_id = "id", secret_key = 5, timestamp = 1, host = "h" } end,
      "sign%.secret_key: string expected, got number")
    assert.error_matches(function() cloudaudit.sign{ secret_id = "id", secret_key = "k", host = "h" } end,
      "sign%.timestamp: missing")
    assert.error_matches(function() cloudaudit.sign() end, "sign: table of fields expected, got nil")
    assert.error_matches(function()
      cloudaudit.sign{ secret_id = "id", secret_key = "k", timestamp = 1, host = "h", headers = { "x" } }
    end, "sign%.headers: names and values must be strings")
    for _, name in ipairs{ "Host", "content-type" } do
      assert.error_matches(function()
        cloudaudit.sign{ secret_id = "id", secret_key = "k", timestamp = 1, host = "h", headers = { [name] = "x" } }
      end, "sign%.headers: " .. name:gsub("%-", "%%-") .. " is always signed")
    end
    local many = {}
    for index = 1, 17 do
      many["x-" .. index] = "x"
    end
    assert.error_matches(function()
      cloudaudit.sign{ secret_id = "id", secret_key = "k", timestamp = 1, host = "h", headers = many }
    end, "sign%.headers: at most 16 expected, got 17")
  end)
end)
