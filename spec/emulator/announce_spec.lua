local announce = require "cloudaudit.emulator.announce"
local emulator = require "cloudaudit.emulator"

describe("cloudaudit.emulator.announce", function()
  local server = { endpoint = "https://127.0.0.1:8443", ca_file = "/tmp/it's" }

  it("writes exports for a shell, which unset the tokens of a real account", function()
    local text = announce.exports(emulator.new(), server, 42)
    assert.truthy(text:find("^unset TENCENTCLOUD_TOKEN TENCENTCLOUD_SESSION_TOKEN TENCENTCLOUD_SECURITY_TOKEN\n"))
    assert.truthy(text:find("export CLOUDAUDIT_ENDPOINT='https://127.0.0.1:8443'\n", 1, true))
    assert.truthy(text:find("export CLOUDAUDIT_CA_FILE='/tmp/it'\\''s'\n", 1, true))
    assert.truthy(text:find("export CLOUDAUDIT_EMULATOR_PID='42'\n$"))
  end)

  it("exports the token that the key needs", function()
    local emu = emulator.new{ secrets = { AKIDx = "key" }, tokens = { AKIDx = "t-1" } }
    assert.truthy(announce.exports(emu, server, 1):find("export TENCENTCLOUD_TOKEN='t-1'\n", 1, true))
  end)

  it("fails when the exports cannot be printed or the file cannot be written", function()
    local full = assert(io.open("/dev/full", "w"))
    local done, message = announce.run(emulator.new(), server, { print_env = true }, full)
    full:close()
    assert.is_nil(done)
    assert.truthy(message:find("cannot print the exports: No space left", 1, true))
    done, message = announce.run(emulator.new(), server, { ready_file = "/nowhere/x" }, io.stdout)
    assert.is_nil(done)
    assert.truthy(message:find("cannot write the ready file: /nowhere/x: No such file", 1, true))
  end)
end)
