local check = require "cloudaudit.validate"

local ROWS = {
  { name = "region", type = "string", required = true },
  { name = "timeout", type = "seconds" },
  { name = "retries", type = "count", most = 9 },
  { name = "rate", type = "positive" },
  { name = "compress", type = "boolean|number" },
  { name = "log", type = "callable" },
}

local function refused(given, noun)
  local ok, message, err = check.fields("f", given, ROWS, noun)
  assert.is_nil(ok)
  assert.equal("misuse", err.kind)
  return message, err.field
end

describe("a table of ours", function()
  it("passes with known fields of the right type", function()
    local callable = setmetatable({}, { __call = function() end })
    assert.is_true(check.fields("f", { region = "r", timeout = 0.5, retries = 0, rate = 1, compress = false }, ROWS))
    assert.is_true(check.fields("f", { region = "r", log = print }, ROWS))
    assert.is_true(check.fields("f", { region = "r", log = callable }, ROWS))
  end)

  it("names an unknown field and the nearest known one", function()
    local message, field = refused{ region = "r", time_out = 1 }
    assert.equal("f.time_out: unknown field, did you mean timeout?", message)
    assert.equal("time_out", field)
    assert.equal("f.timout: unknown option, did you mean timeout?", (refused({ region = "r", timout = 1 }, "option")))
    assert.equal("f.xyzzyplugh: unknown field", (refused{ region = "r", xyzzyplugh = 1 }))
    assert.equal("f[1]: unknown field", (refused{ "r" }))
  end)

  it("names what is missing, of the wrong type or out of range", function()
    assert.equal("f.region: missing", (refused{}))
    assert.equal("f.region: string expected, got number", (refused{ region = 12345 }))
    assert.equal("f.timeout: number of seconds greater than 0 expected, got 0", (refused{ region = "r", timeout = 0 }))
    assert.truthy(refused{ region = "r", timeout = math.huge }:find("seconds greater than 0 expected", 1, true))
    assert.truthy(refused{ region = "r", timeout = 0 / 0 }:find("seconds greater than 0 expected", 1, true))
    assert.truthy(refused{ region = "r", timeout = "5" }:find("expected, got string", 1, true))
    assert.is_true(check.fields("f", { region = "r", retries = 9 }, ROWS))
    for _, bad in ipairs{ 1.5, -1, 10 } do
      assert.equal("f.retries: integer of 0 or more, at most 9, expected, got " .. bad,
        (refused{ region = "r", retries = bad }))
    end
    assert.equal("f.rate: integer of 1 or more expected, got 0", (refused{ region = "r", rate = 0 }))
    assert.equal("f.compress: boolean or number expected, got string", (refused{ region = "r", compress = "yes" }))
    assert.equal("f.log: function expected, got table", (refused{ region = "r", log = {} }))
  end)

  it("has to be a table", function()
    assert.equal("f: table of fields expected, got string", (refused("x")))
    assert.equal("f: table of options expected, got nil", (refused(nil, "option")))
  end)
end)
