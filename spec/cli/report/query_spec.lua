local options = require "cloudaudit.cli.options"
local query = require "cloudaudit.cli.report.query"

describe("cloudaudit.cli.report.query", function()
  it("writes the options of FILTER as they are given", function()
    assert.equal("", query.text(options.FILTER, {}))
    assert.equal("--since 7d --event A,B --write --denied --request-id x --max 1000000", query.text(options.FILTER, {
      since = "7d", event = { "A", "B" }, write = true, denied = true, request_id = "x", max = 1e6, read = false }))
    assert.equal("--where a=1 --where 'b=2 3'", query.text(options.FILTER, { where = { "a=1", "b=2 3" } }))
  end)

  it("quotes what a shell would read", function()
    assert.equal([[--resource '' --user 'O'\''Neill $(x)']], query.text(options.FILTER, { user = "O'Neill $(x)",
      resource = "" }))
  end)
end)
