-- Runs every script of faults.scripts as a read and as a write, over HTTP and HTTPS, on fresh and reused connections,
-- and checks kind, outcome, the number of requests, and that every call met its deadline.
local faults = require "faults.rig"
local scripts = require "faults.scripts"
local text = require "faults.scripts.text"

local WARM = { "request", { "send", text.response(200, text.SUCCESS) } }
local TIMEOUT = 3
local WIDTH = 32

local function append(list, more)
  for _, item in ipairs(more) do
    list[#list + 1] = item
  end
  return list
end

-- The scripts of the connections, in order; the last one serves all further ones.
local function connections_of(row, variant)
  local start = variant.tls and not row.bare and { "tls" } or {}
  local plain = append(append({}, start), row[2])
  if variant.kept then
    return { append(append(append({}, start), WARM), row[2]), plain, again = true }
  end
  return { plain, again = true }
end

-- The required result of a row: kind, outcome, attempts, requests.
local function promise(row, variant)
  local nginx = type(ngx) == "table"
  if nginx and row.strict then
    return { kind = "protocol", outcome = "unknown", attempts = 1, requests = 1 }
  elseif row[3] == "ok" or nginx and row.untold and variant.tls then
    return { kind = "ok", requests = 1 }
  end
  local tries = (row.tries == "all" or row.tries == "reads" and not variant.write) and 3 or 1
  return { kind = row[3], outcome = row[4], attempts = tries, requests = row.unsent and 0 or tries }
end

local function check(row, variant, result, requests)
  local err = result[3]
  local kind = result[1] and "ok" or type(err) == "table" and err.kind or type(result[2])
  local expected = promise(row, variant)
  local found = { kind = kind, outcome = err and err.outcome, attempts = err and err.attempts,
    requests = requests - (variant.kept and 1 or 0) }
  local wrong = {}
  for _, name in ipairs{ "kind", "outcome", "attempts", "requests" } do
    if expected[name] ~= found[name] then
      wrong[#wrong + 1] = ("%s %s, not %s"):format(name, tostring(found[name]), tostring(expected[name]))
    end
  end
  if result.over > faults.GRACE then
    wrong[#wrong + 1] = ("%.0f ms late"):format(result.over * 1000)
  end
  if #wrong > 0 then
    return table.concat(wrong, "; ") .. (" (%s)"):format(tostring(result[2]))
  end
end

-- Prepares a call, so that nothing but calls runs while their deadlines are measured.
local function prepare(rig, row, variant)
  local order = connections_of(row, variant)
  order.tls = variant.tls and not row.bare and rig.certificate or nil
  local listener = rig.server:listen(order)
  local url = listener.url:gsub("^http:", variant.tls and "https:" or "http:")
  local timeout = row.timeout or TIMEOUT
  local client = rig.client(url, { timeout = timeout })
  local case = { row = row, variant = variant, listener = listener }
  function case.run()
    if variant.kept then
      assert(client:ListAudits())
    end
    if variant.write then
      case.result = rig.timed(timeout, client.create_track, client, faults.track("audit"))
    else
      case.result = rig.timed(timeout, client.DescribeAuditTracks, client, { PageNumber = 1, PageSize = 10 })
    end
  end
  function case.finish()
    local journal = listener:journal()
    listener:close()
    client:close()
    return check(row, variant, case.result, journal.requests)
  end
  return case
end

local function fits(row, variant)
  return not (variant.kept and row.fresh) and (row.tls == nil or row.tls == variant.tls)
end

describe("a server that misbehaves", function()
  local rig
  local calls, worst, repeated = 0, 0, 0

  setup(function()
    rig = faults.start()
  end)

  teardown(function()
    faults.measured("%d scripts, %d calls; the latest returned %.0f ms after its deadline (%d were repeated alone)",
      #scripts, calls, worst * 1000, repeated)
    rig.stop()
  end)

  it("has at least 120 scripts with unique names", function()
    local seen = {}
    for _, row in ipairs(scripts) do
      assert.is_nil(seen[row[1]], row[1])
      seen[row[1]] = true
    end
    assert.is_true(#scripts >= 120, #scripts .. " scripts")
  end)

  -- Runs all applicable scripts and returns the deviations, one line each.
  local function run_all(tls, kept)
    local cases, jobs, wrong = {}, {}, {}
    for _, row in ipairs(scripts) do
      for _, write in ipairs{ false, true } do
        local variant = { tls = tls, kept = kept, write = write }
        if fits(row, variant) then
          cases[#cases + 1] = prepare(rig, row, variant)
          jobs[#cases] = cases[#cases].run
        end
      end
    end
    rig.together(jobs, WIDTH)
    for _, case in ipairs(cases) do
      if case.result.over > faults.GRACE then
        -- It may be late among many calls on a busy machine; alone it must not.
        case.finish()
        case = prepare(rig, case.row, case.variant)
        rig.together({ case.run }, 1)
        repeated = repeated + 1
      end
      worst = math.max(worst, case.result.over)
      local problem = case.finish()
      wrong[#wrong + 1] = problem
        and ("%s, %s: %s"):format(case.row[1], case.variant.write and "write" or "read", problem)
    end
    calls = calls + #cases
    return table.concat(wrong, "\n")
  end

  for _, tls in ipairs{ false, true } do
    for _, kept in ipairs{ false, true } do
      local where = ("over %s on a %s connection"):format(tls and "HTTPS" or "HTTP", kept and "kept" or "fresh")
      it("gets a correct outcome, " .. where, function()
        assert.equal("", run_all(tls, kept))
      end)
    end
  end
end)
