local catalog = require "cloudaudit.check.catalog"
local made = require "cloudaudit.emulator.stories"
local play = require "support.stories"
local run = require "cloudaudit.check.run"

local HOUR = play.HOUR

-- A world over the events of lists, and the queries that were asked of it.
local function world_of(...)
  local client, queries = play.emulator(...):client(), {}
  return { events = function(query)
    queries[#queries + 1] = query
    local iterator = client:events(query)
    return function()
      return iterator:next()
    end
  end }, queries
end

local function options(more)
  local given = { since = HOUR, to = play.NOW }
  for name, value in pairs(more or {}) do
    given[name] = value
  end
  return given
end

local function by_id(report)
  local out = {}
  for _, result in ipairs(report.results) do
    out[result.id] = result
  end
  return out
end

describe("cloudaudit.check.run", function()
  local function queries_of(ids, more)
    local world, queries = world_of()
    run.all(catalog.choose(ids), world, options(more))
    return queries
  end

  it("reads no more than the rules need", function()
    assert.same({ "ConsoleLogin" }, queries_of{ "root.login", "login.no_mfa" }[1].where.event_name)
    assert.same({ "ConsoleLogin", "QueryKeyBySecretId" },
      queries_of{ "root.login", "key.revealed" }[1].where.event_name)
    assert.same({ action = "write" }, queries_of{ "root.key", "data.destroyed" }[1].where)
    assert.is_nil(queries_of{ "root.key", "key.revealed" }[1].where)
    assert.is_nil(queries_of{ "denied.storm" }[1].where)
    assert.equal(0, #queries_of{})
  end)

  it("reads the days before only for rules that compare, and what they must know", function()
    assert.equal(1, #queries_of({ "root.login" }, { baseline = 86400 }))
    assert.equal(1, #queries_of{ "login.new_address" })
    local queries = queries_of({ "login.new_address" }, { baseline = 86400 })
    assert.same({ HOUR - 86400, HOUR - 1, "ConsoleLogin" }, { queries[1].since, queries[1]["until"],
      queries[1].where.event_name })
    assert.same({ HOUR, play.NOW, "oldest" }, { queries[2].since, queries[2]["until"], queries[2].order })
    assert.same({ action = "write" }, queries_of({ "machines.burst" }, { baseline = 86400 })[1].where)
    assert.is_nil(queries_of({ "machines.burst", "login.new_address" }, { baseline = 86400 })[1].where)
    assert.is_nil(queries_of({ "recon", "login.new_address" }, { baseline = 86400 })[1].where)
    assert.equal(HOUR - 100, queries_of({ "recon" }, { baseline = 86400, earliest = HOUR - 100 })[1].since)
  end)

  it("reads an export through once", function()
    local queries = queries_of({ "recon", "login.new_address" }, { baseline = 86400, kept = true })
    assert.same({ 1, HOUR - 86400, play.NOW, "oldest" }, { #queries, queries[1].since, queries[1]["until"],
      queries[1].order })
    assert.is_nil(queries[1].where)
    assert.same({ "ConsoleLogin" }, queries_of({ "root.login" }, { baseline = 86400, kept = true })[1].where.event_name)
  end)

  it("skips rules that compare where there is nothing to compare with", function()
    local report = run.all(catalog.choose{ "recon", "machines.burst" }, (world_of()), options())
    assert.same({ "skipped", "pass", true }, { by_id(report).recon.result, by_id(report)["machines.burst"].result,
      report.ok })
    assert.truthy(by_id(report).recon.detail:find("baseline", 1, true))
    report = run.all(catalog.choose{ "recon" }, (world_of()), options{ baseline = 86400 })
    assert.equal("there are no earlier events to compare with", by_id(report).recon.detail)
  end)

  it("keeps what is unknown apart from what passes, and findings that were made before", function()
    local world = world_of(made.events("root.login"))
    local err, events = { kind = "transport", message = "broken" }, world.events
    function world.events(query)
      local source, count = events(query), 0
      return function()
        count = count + 1
        if count > 1 then
          return nil, "broken", err
        end
        return source()
      end
    end
    local report = run.all(catalog.choose{ "root.login", "root.key", "recon" }, world, options())
    local found = by_id(report)
    assert.same({ "fail", "unknown", "skipped", err, false }, { found["root.login"].result, found["root.key"].result,
      found.recon.result, found["root.key"].err, report.ok })
    assert.same({ 1, 1, 3 }, { #report.findings, #report.unknown, #report.results })
  end)

  it("knows nothing of the span when the days before could not be read", function()
    local world = { events = function()
      return function()
        return nil, "broken", { kind = "timeout", message = "broken" }
      end
    end }
    local report = run.all(catalog.choose{ "recon", "root.login" }, world, options{ baseline = 86400 })
    assert.same({ "unknown", "unknown" }, { report.results[1].result, report.results[2].result })
  end)

  it("takes a stream, in the order of the catalog", function()
    local world = world_of(made.events("root.login"), made.events("net.opened"))
    local report = run.all(catalog.choose{ "net.opened", "root.login" }, { stream = world.events{ since = "-1d" } }, {})
    assert.same({ "root.login", "net.opened" }, { report.findings[1].id, report.findings[2].id })
    assert.same({ "DescribeEvents" }, report.findings[1].reads)
    assert.is_true(#report.blind > 100)
  end)

  it("fails for specs that are wrong, and only then", function()
    local function against(kind, outcome)
      local report, _, err = run.all(catalog.choose{ "trail.drift" }, { differences = function()
        return nil, "wrong", { kind = kind, message = "wrong", outcome = outcome }
      end }, { against = {} })
      return report and report.results[1].result or err.kind
    end
    assert.equal("misuse", against("misuse", "not_sent"))
    assert.equal("validation", against("validation", "not_sent"))
    assert.equal("unknown", against("validation", "rejected"))
    assert.equal("unknown", against("permission", "rejected"))
  end)

  it("does not ask for events that are too old", function()
    assert.is_nil(run.too_old(HOUR, HOUR + 90 * 86400))
    assert.equal("range", run.too_old(HOUR - 1, HOUR + 90 * 86400).kind)
  end)
end)
