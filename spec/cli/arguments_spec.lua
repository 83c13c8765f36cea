local arguments = require "cloudaudit.cli.arguments"

local ROWS = {
  { name = "port", value = "N", type = "number", doc = "a port" },
  { name = "name", value = "NAME", list = true, doc = "a name" },
  { name = "tls", doc = "a switch" },
}

describe("cloudaudit.cli.arguments", function()
  it("parses values, lists, switches and positional arguments", function()
    local values, rest = arguments.parse({ "--port", "5", "--name=a=b", "x", "--tls", "--name", "c", "-" }, ROWS)
    assert.same({ port = 5, tls = true, name = { "a=b", "c" } }, values)
    assert.same({ "x", "-" }, rest)
    assert.same({}, (arguments.parse({}, ROWS)))
  end)

  it("names the wrong argument", function()
    local cases = {
      [{ "--prt", "5" }] = "unknown option --prt, did you mean --port?",
      [{ "--zzzzzzzzzz" }] = "unknown option --zzzzzzzzzz",
      [{ "-p" }] = "unknown option -p",
      [{ "--port" }] = "--port: N is missing",
      [{ "--port=x" }] = "--port: number expected, got x",
      [{ "--tls=yes" }] = "--tls: unexpected value",
    }
    for words, expected in pairs(cases) do
      local values, message = arguments.parse(words, ROWS)
      assert.is_nil(values)
      assert.equal(expected, message)
    end
  end)

  it("lists options in columns", function()
    assert.equal("  --port N     a port\n  --name NAME  a name\n  --tls        a switch", arguments.help(ROWS))
  end)
end)
