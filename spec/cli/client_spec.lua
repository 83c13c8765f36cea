local clients = require "cloudaudit.cli.client"
local core = require "cloudaudit.core"
local status = require "cloudaudit.cli.status"

local function problem_of(fn, ...)
  local done, problem = pcall(fn, ...)
  assert.is_false(done)
  return problem
end

describe("cloudaudit.cli.client", function()
  it("passes the common options to the library", function()
    local client = clients.new{ values = { region = "ap-beijing", endpoint = "http://127.0.0.1:1", call_timeout = 7,
      language = "en-US", proxy = "http://proxy:3128", ca_file = "/ca.pem" } }
    local config = assert(client:config())
    local found = {}
    for _, name in ipairs{ "region", "endpoint", "timeout", "language", "proxy", "ca_file" } do
      found[name] = config[name].value
      assert.equal("option", config[name].source)
    end
    assert.same({ region = "ap-beijing", endpoint = "http://127.0.0.1:1", timeout = 7, language = "en-US",
      proxy = "http://proxy:3128", ca_file = "/ca.pem" }, found)
  end)

  it("makes wrong usage of what the library raises, without the place in the program", function()
    local problem = problem_of(clients.new, { values = { call_timeout = 1e9 } })
    assert.is_true(status.is_problem(problem), tostring(problem))
    assert.equal(2, problem.status)
    assert.truthy(problem.message:find("^new%.timeout: "), problem.message)
  end)

  it("passes on problems and SIGINT", function()
    local problem = problem_of(clients.checked, status.raise, 6, "x")
    assert.equal(6, problem.status)
    assert.equal("interrupted!", problem_of(clients.checked, error, "interrupted!", 0))
    assert.same({ 1, 2, 3 }, { clients.checked(function() return 1, 2, 3 end) })
  end)

  it("sleeps in slices, so that progress goes on and SIGINT arrives", function()
    local updates, started = 0, core.monotonic()
    clients.sleep({ progress = { update = function() updates = updates + 1 end } }, 0.6)
    local slept = core.monotonic() - started
    assert.is_true(slept >= 0.6 and slept < 2, slept)
    assert.is_true(updates >= 2)
  end)
end)
