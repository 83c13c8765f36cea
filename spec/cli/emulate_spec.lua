local cloudaudit = require "cloudaudit"
local signed = require "support.signed"
local support = require "support.emulator"

-- The values of variables after a shell evaluated the emulator's exports.
local function evaluate(text, names)
  local values = {}
  for _, name in ipairs(names) do
    local pipe = assert(io.popen(text .. "\nprintf %s \"$" .. name .. "\"", "r"))
    values[name] = pipe:read("*a")
    pipe:close()
  end
  return values
end

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

describe("cloudaudit emulate", function()
  it("passes its options to the emulator", function()
    local served = support.start{ "--now", "1551113065", "--quota", "1", "--rate", "0", "--duplicate-names",
      "--no-verify", "--order", "oldest" }
    local client = served:client{ secret_key = "wrong", clock = function() return 1551113065 end }
    assert(client:CreateAuditTrack(signed.track()))
    local _, _, err = client:CreateAuditTrack(signed.track())
    assert.equal("LimitExceeded.OverAmount", err.code)
    local events = assert(client:DescribeEvents{ StartTime = 1551113065, EndTime = 1551113065 }).Events
    assert.equal("CreateAuditTrack", events[1].EventName)
    assert.is_false(served:admin("state").verify)
    served:stop()
  end)

  it("writes a file for a shell to evaluate once it listens", function()
    local path = os.tmpname()
    local served = support.start{ "--tls", "--ready-file", path }
    local values = evaluate(read_file(path), { "CLOUDAUDIT_ENDPOINT", "CLOUDAUDIT_CA_FILE", "TENCENTCLOUD_SECRET_ID",
      "TENCENTCLOUD_SECRET_KEY", "CLOUDAUDIT_EMULATOR_PID" })
    assert.same({ served.endpoint, served.ca_file, served.secret_id, served.secret_key, tostring(served.pid) },
      { values.CLOUDAUDIT_ENDPOINT, values.CLOUDAUDIT_CA_FILE, values.TENCENTCLOUD_SECRET_ID,
        values.TENCENTCLOUD_SECRET_KEY, values.CLOUDAUDIT_EMULATOR_PID })
    assert.is_nil(io.open(path .. ".part", "r"))
    served:stop()
    os.remove(path)
  end)

  it("continues in the background after a shell evaluated its output", function()
    local pipe = assert(io.popen(support.command{ "--background", "--print-env" } .. " 2>/dev/null", "r"))
    local text = pipe:read("*a")
    pipe:close()
    local endpoint = assert(text:match("CLOUDAUDIT_ENDPOINT='([^']*)'"))
    local served = support.attach(endpoint)
    assert(cloudaudit.new{ endpoint = endpoint, secret_id = text:match("SECRET_ID='([^']*)'"),
      secret_key = text:match("SECRET_KEY='([^']*)'"), env = false }:ListAudits{})
    served:admin("stop", {})
    served:stop()
  end)
end)
