local cli = require "cloudaudit.cli"
local core = require "cloudaudit.core"

local function sink()
  local stream = { text = "" }
  function stream.write(self, ...)
    self.text = self.text .. table.concat({ ... })
    return self
  end
  return stream
end

local function run(...)
  local out, err = sink(), sink()
  local code = cli.main({ ... }, { out = out, err = err })
  return code, out.text, err.text
end

describe("cloudaudit.cli", function()
  it("shows help and version on standard output", function()
    local code, out, err = run("--help")
    assert.same({ 0, "" }, { code, err })
    assert.truthy(out:find("emulate", 1, true))
    code, out = run("--version")
    assert.equal(0, code)
    assert.truthy(out:find("cloudaudit " .. core.version, 1, true))
    code, out, err = run("emulate", "--help")
    assert.same({ 0, "" }, { code, err })
    assert.truthy(out:find("--print-env", 1, true))
  end)

  it("names unknown words, and the nearest known one", function()
    local cases = {
      { "verb missing" },
      { "unknown verb emulat, did you mean emulate?", "emulat" },
      { "unknown option --prot, did you mean --port?", "emulate", "--prot", "1" },
      { "unexpected argument x", "emulate", "x" },
      { "--order: newest or oldest expected, got any", "emulate", "--order", "any" },
    }
    for _, case in ipairs(cases) do
      local code, out, err = run(case[2], case[3], case[4])
      assert.same({ 2, "" }, { code, out })
      assert.truthy(err:find(case[1], 1, true), err)
    end
  end)

  it("exits with 1 for runtime failures", function()
    for expected, words in pairs{
      ["address: 0.0.0.0 is not a loopback address"] = { "--address", "0.0.0.0" },
      ["/nonexistent/file"] = { "--ready-file", "/nonexistent/file" },
      ["port: integer from 0 to 65535 expected"] = { "--port", "70000" },
    } do
      local code, out, err = run("emulate", words[1], words[2])
      assert.same({ 1, "" }, { code, out })
      assert.truthy(err:find(expected, 1, true), err)
    end
  end)
end)
