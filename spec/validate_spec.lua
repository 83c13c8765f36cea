local validate = require "cloudaudit.validate"

local ROWS = {
  { name = "region", type = "string", required = true },
  { name = "timeout", type = "seconds" },
  { name = "retries", type = "count", max = 9 },
  { name = "rate", type = "positive" },
  { name = "compress", type = "boolean|number" },
  { name = "log", type = "callable" },
  { name = "port", type = "number", min = 0, max = 65535 },
  { name = "share", type = "number", max = 1 },
  { name = "wait", type = "seconds", max = 60 },
  { name = "page", type = "count", min = 5 },
  { name = "times", type = "positive", one_of = { "always" } },
  { name = "order", one_of = { "newest", "oldest", 0 } },
  { name = "extra", type = "any" },
}

local function refused(given, noun)
  local ok, message, err = validate.fields("f", given, ROWS, noun)
  assert.is_nil(ok)
  assert.equal("misuse", err.kind)
  return message, err.field
end

describe("a validated table", function()
  it("passes when every field is known and of the right type", function()
    local callable = setmetatable({}, { __call = function() end })
    assert.is_true(validate.fields("f", { region = "r", timeout = 0.5, retries = 0, rate = 1, compress = false }, ROWS))
    assert.is_true(validate.fields("f", { region = "r", log = print }, ROWS))
    assert.is_true(validate.fields("f", { region = "r", log = callable }, ROWS))
  end)

  it("has no unknown field; the message suggests the nearest name", function()
    local message, field = refused{ region = "r", time_out = 1 }
    assert.equal("f.time_out: unknown field, did you mean timeout?", message)
    assert.equal("time_out", field)
    assert.equal("f.timout: unknown option, did you mean timeout?", (refused({ region = "r", timout = 1 }, "option")))
    assert.equal("f.xyzzyplugh: unknown field", (refused{ region = "r", xyzzyplugh = 1 }))
    assert.equal("f[1]: unknown field", (refused{ "r" }))
  end)

  it("has every required field, the right types and values in range", function()
    assert.equal("f.region: missing", (refused{}))
    assert.equal("f.region: string expected, got number", (refused{ region = 12345 }))
    assert.equal("f.timeout: number of seconds greater than 0 expected, got 0", (refused{ region = "r", timeout = 0 }))
    assert.truthy(refused{ region = "r", timeout = math.huge }:find("seconds greater than 0 expected", 1, true))
    assert.truthy(refused{ region = "r", timeout = 0 / 0 }:find("seconds greater than 0 expected", 1, true))
    assert.truthy(refused{ region = "r", timeout = "5" }:find("expected, got string", 1, true))
    assert.is_true(validate.fields("f", { region = "r", retries = 9 }, ROWS))
    for _, bad in ipairs{ 1.5, -1, 10 } do
      assert.equal("f.retries: integer from 0 to 9 expected, got " .. bad,
        (refused{ region = "r", retries = bad }))
    end
    assert.equal("f.rate: integer of 1 or more expected, got 0", (refused{ region = "r", rate = 0 }))
    assert.equal("f.compress: boolean or number expected, got string", (refused{ region = "r", compress = "yes" }))
    assert.equal("f.log: function expected, got table", (refused{ region = "r", log = {} }))
  end)

  it("has bounds for numbers, inclusive", function()
    assert.is_true(validate.fields("f", { region = "r", port = 0, share = 1, wait = 60, page = 5 }, ROWS))
    assert.is_true(validate.fields("f", { region = "r", port = 65535, share = -2, wait = 0.1 }, ROWS))
    for message, wrong in pairs{
      ["f.port: number from 0 to 65535 expected, got -1"] = { port = -1 },
      ["f.port: number from 0 to 65535 expected, got 65536"] = { port = 65536 },
      ["f.port: number from 0 to 65535 expected, got string"] = { port = "80" },
      ["f.share: number of at most 1 expected, got 1.5"] = { share = 1.5 },
      ["f.wait: number of seconds greater than 0 and at most 60 expected, got 61"] = { wait = 61 },
      ["f.page: integer of 5 or more expected, got 4"] = { page = 4 },
    } do
      wrong.region = "r"
      assert.equal(message, (refused(wrong)))
    end
    assert.truthy(refused{ region = "r", port = 0 / 0 }:find("number from 0 to 65535 expected", 1, true))
  end)

  it("may enumerate values, alone or beside a type", function()
    assert.is_true(validate.fields("f", { region = "r", times = 3, order = "oldest" }, ROWS))
    assert.is_true(validate.fields("f", { region = "r", times = "always", order = 0 }, ROWS))
    for message, wrong in pairs{
      ['f.order: "newest", "oldest" or 0 expected, got "random"'] = { order = "random" },
      ['f.order: "newest", "oldest" or 0 expected, got "a b"'] = { order = "a\nb" },
      ['f.order: "newest", "oldest" or 0 expected, got number'] = { order = 1 },
      ['f.times: integer of 1 or more or "always" expected, got 0'] = { times = 0 },
      ['f.times: integer of 1 or more or "always" expected, got "' .. ("x"):rep(40) .. '"'] = { times = ("x"):rep(99) },
    } do
      wrong.region = "r"
      assert.equal(message, (refused(wrong)))
    end
  end)

  it("takes any value where the type is any", function()
    for _, value in ipairs{ false, 0, "x", {}, print, coroutine.create(function() end) } do
      assert.is_true(validate.fields("f", { region = "r", extra = value }, ROWS))
    end
  end)

  it("ignores other fields with validate.values", function()
    assert.is_true(validate.values("f", { region = "r", other = 1 }, ROWS))
    assert.is_nil((validate.values("f", { other = 1 }, ROWS)))
  end)

  it("is a table", function()
    assert.equal("f: table of fields expected, got string", (refused("x")))
    assert.equal("f: table of options expected, got nil", (refused(nil, "option")))
  end)
end)

describe("the length of a list", function()
  it("is nil when it has holes or other keys", function()
    assert.equal(0, validate.length{})
    assert.equal(2, validate.length{ "a", false })
    for _, value in ipairs{ { 1, nil, 3 }, { [2] = 1 }, { 1, x = 2 }, { [1.5] = 1 }, "text", 5 } do
      assert.is_nil(validate.length(value))
    end
  end)
end)
