local parser = require "cloudaudit.cli.parser"
local status = require "cloudaudit.cli.status"

local ROWS = {
  { name = "since", value = "T", doc = "d" },
  { name = "output", short = "o", value = "F", doc = "d" },
  { name = "dry-run", value = "HOW", optional = "json", doc = "d" },
  { name = "event", value = "N", type = "names", list = true, doc = "d" },
  { name = "where", value = "K=V", list = true, doc = "d" },
  { name = "max", value = "N", type = "positive", doc = "d" },
  { name = "patience", value = "T", type = "duration", doc = "d" },
  { name = "parallel", value = "N", type = "positive", max = 64, doc = "d" },
  { name = "size", value = "MB", type = "size", doc = "d" },
  { name = "verbose", short = "v", doc = "d" },
  { name = "help", short = "h", doc = "d" },
}

local function read(...)
  return parser.read("verb", { ... }, ROWS, { { name = "rest", value = "REST", args = "*", doc = "d" } })
end

local function refused(...)
  local done, problem = pcall(read, ...)
  assert.is_false(done)
  assert.is_true(status.is_problem(problem), tostring(problem))
  return problem.message, problem.hint
end

describe("cloudaudit.cli.parser", function()
  it("reads switches, values, lists and positionals, in any order", function()
    local values = read("a", "--since", "2h", "-ojson", "--event", "A,B", "b", "--event=C", "-v", "--where", "x=y")
    assert.same({ since = "2h", output = "json", event = { "A", "B", "C" }, verbose = true, where = { "x=y" },
      rest = { "a", "b" } }, values)
    assert.is_nil(read().event)
  end)

  it("takes a value that begins with a minus and a digit", function()
    assert.equal("-2h", read("--since", "-2h").since)
    assert.equal("-2h", read("--since=-2h").since)
    assert.equal("-1", read("-o", "-1").output)
  end)

  it("takes an optional value only behind =", function()
    local values = read("--dry-run", "word")
    assert.same({ "json", { "word" } }, { values.dry_run, values.rest })
    assert.equal("curl", read("--dry-run=curl").dry_run)
  end)

  it("reads nothing as an option behind --", function()
    assert.same({ "--since", "-2h" }, read("--", "--since", "-2h").rest)
  end)

  it("converts durations", function()
    assert.same({ 300, 5400, 0.5 }, { read("--patience", "5m").patience, read("--patience", "1h30m").patience,
      read("--patience", "0.5").patience })
  end)

  it("reads numbers as people write them, within their bounds", function()
    assert.same({ 64, 1.5 }, { read("--parallel", "64").parallel, read("--size", "1.5").size })
    for _, text in ipairs{ "65", "1e300", "0x10", " 5", "nan", "inf", "-0", "", "9007199254740993" } do
      assert.equal(("verb: --parallel: whole number from 1 to 64 expected, got %q"):format(text),
        (refused("--parallel=" .. text)))
    end
    for _, text in ipairs{ "1e300", "0x10", " 5", "nan", "inf", "0", "-1", ".5" } do
      assert.equal(("verb: --size: number of megabytes expected, got %q"):format(text), (refused("--size=" .. text)))
    end
  end)

  it("names the option, its value and what would be right", function()
    assert.equal('verb: --max: whole number of 1 or more expected, got "1.5"', (refused("--max", "1.5")))
    assert.equal('verb: --patience: duration such as 30s, 5m or 1h expected, got "5 min"',
      (refused("--patience", "5 min")))
    assert.equal('verb: --event: names separated by commas expected, got ","', (refused("--event", ",")))
    local message, hint = refused("--sinec", "1h")
    assert.same({ "verb: unknown option --sinec", "did you mean --since?" }, { message, hint })
  end)

  it("finds the verb behind options with values, and keeps these", function()
    local verb, rest = parser.find_verb({ "-o", "csv", "--since=x", "who", "--all", "-o" }, ROWS)
    assert.equal("who", verb)
    assert.same({ "-o", "csv", "--since=x", "--all", "-o" }, rest)
    assert.is_nil((parser.find_verb({ "-v" }, ROWS)))
  end)

  it("finds the wish for help, but not in a value or behind --", function()
    assert.equal("help", parser.wants({ "--max", "x", "-h" }, ROWS))
    assert.is_nil(parser.wants({ "--since", "-h" }, ROWS))
    assert.is_nil(parser.wants({ "--", "--help" }, ROWS))
  end)
end)
