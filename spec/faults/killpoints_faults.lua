-- Cuts the connection of a write after every byte of the request and of the response, in three ways, on fresh and
-- kept-alive connections. The reported outcome must not contradict the requests that the service then has read.
local faults = require "faults.rig"
local text = require "faults.scripts.text"

local unpack = unpack or table.unpack

local RESPONSE = text.response(200, text.SUCCESS)
local WAYS = { "fin", "rst", "stall" }
local SLOTS = 96
local NAME = "kill-%07d"
local TIMEOUT, STALL_TIMEOUT = 3, 0.25
-- scripts_faults.lua measures deadlines; here so many calls run at once that only a hang counts.
local HANG = 2

-- Bytes between two cuts: more over HTTPS, and more in a slow (sanitized) build.
local slow = (os.getenv("CLOUDAUDIT_BUILD") or ""):find("asan") and 7 or 1
local STRIDE = { http = slow, https = 5 * slow }

describe("a connection that is cut", function()
  local rig, number

  setup(function()
    rig, number = faults.start(), 0
  end)

  teardown(function()
    rig.stop()
  end)

  -- One service, which carries out every request that it has read completely, and the wires to it.
  local function open(scheme)
    local service = rig.serve(scheme, { "request", { "send", RESPONSE }, "again" })
    return { scheme = scheme, service = service, wires = rig.server:relays(service, SLOTS) }
  end

  local function client_of(place, wire, timeout)
    return rig.client(("%s://127.0.0.1:%d"):format(place.scheme, wire.port), { timeout = timeout })
  end

  local function new_run(plan, kept)
    number = number + 1
    return { plan = plan, kept = kept, name = NAME:format(number) }
  end

  -- A wire without a plan cuts nothing, and loses its present connections.
  local function arm(place, runs, planned)
    local plans = {}
    for slot, run in ipairs(runs) do
      local plan = planned and run.plan or {}
      plans[slot] = { id = place.wires[slot].id, up = plan.up, down = plan.down, how = plan.how, fresh = not planned }
    end
    rig.server:arm(plans)
  end

  -- Runs at most as many calls as there are wires, concurrently.
  local function run_batch(place, runs)
    local warm, calls, ids = {}, {}, {}
    for slot, run in ipairs(runs) do
      local wire = place.wires[slot]
      local timeout = run.plan.how == "stall" and STALL_TIMEOUT or TIMEOUT
      local client = client_of(place, wire, timeout)
      ids[slot] = wire.id
      if run.kept then
        local patient = client_of(place, wire, 10 * TIMEOUT)
        warm[#warm + 1] = function()
          assert(patient:ListAudits())
        end
      end
      calls[slot] = function()
        run.result = rig.timed(timeout, client.create_track, client, faults.track(run.name))
      end
    end
    arm(place, runs, false)
    rig.together(warm, SLOTS)
    arm(place, runs, true)
    rig.together(calls, SLOTS)
    for slot, report in ipairs(rig.server:relayed(ids)) do
      runs[slot].wire = report
    end
  end

  local function run_all(place, runs)
    for first = 1, #runs, SLOTS do
      run_batch(place, { unpack(runs, first, math.min(first + SLOTS - 1, #runs)) })
    end
  end

  -- The bytes of an undisturbed call: {up=, down=}.
  local function size_of(place, kept)
    local run = new_run({}, kept)
    run_batch(place, { run })
    assert(run.result[1], run.result[2])
    return run.wire
  end

  local function runs_over(size, kept, stride)
    local runs = {}
    for _, how in ipairs(WAYS) do -- those that stall together, since they wait for their deadline
      for _, direction in ipairs{ "up", "down" } do
        for bytes = 0, size[direction], stride do
          runs[#runs + 1] = new_run({ [direction] = bytes, how = how }, kept)
        end
      end
    end
    return runs
  end

  -- Whether libcurl was prevented from repeating the request, for which it may have opened another connection.
  local function is_fenced(run)
    local message = run.result[2]
    return run.kept and message and message:find("the connection died after the request was sent", 1, true) ~= nil
  end

  -- The error of a run, given how many complete creates the service has read for it; nil when it is correct.
  local function falsehood(place, run, creates, size)
    local track, err = run.result[1], run.result[3]
    local outcome = track and "created" or err.outcome
    run.outcome = outcome
    local contradiction = faults.contradiction(outcome, creates)
    if place.scheme == "http" and run.wire.up > size.up then
      return "duplicate"
    elseif contradiction then
      return contradiction
    elseif err and err.message:find("tried 5 times", 1, true) then
      return "libcurl's own words"
    elseif outcome == "not_sent" and place.scheme == "http" and run.wire.up ~= 0
      or track and track.name ~= run.name then
      return "false outcome"
    elseif run.result.over > HANG then
      return "hang"
    end
  end

  -- Whether a run used another connection than intended.
  local function is_astray(run)
    return (run.wire.connections == 0) ~= run.kept and not is_fenced(run) and run.plan.up ~= 0
  end

  local function judge(place, runs, size, totals)
    local counts, wrong = place.service:count('"Name":"(kill-\\d+)"'), {}
    for _, run in ipairs(runs) do
      local problem = falsehood(place, run, counts[run.name] or 0, size)
      totals.runs = totals.runs + 1
      totals.fenced = (totals.fenced or 0) + (is_fenced(run) and 1 or 0)
      totals.astray = (totals.astray or 0) + (is_astray(run) and 1 or 0)
      totals[run.outcome] = (totals[run.outcome] or 0) + 1
      totals[problem or "right"] = (totals[problem or "right"] or 0) + 1
      if problem then
        wrong[#wrong + 1] = ("%s: %s after %s bytes %s, %s: %s %s"):format(problem, run.plan.how,
          run.plan.up or run.plan.down, run.plan.up and "up" or "down", run.kept and "kept" or "fresh", run.outcome,
          tostring(run.result[2]))
      end
    end
    return table.concat(wrong, "\n", 1, math.min(#wrong, 40))
  end

  for _, scheme in ipairs{ "http", "https" } do
    it(("never duplicates a create, nor reports a false outcome, over %s"):format(scheme:upper()), function()
      local totals = { runs = 0 }
      for _, kept in ipairs{ false, true } do
        local place = open(scheme)
        local size = size_of(place, kept)
        local runs = runs_over(size, kept, STRIDE[scheme])
        run_all(place, runs)
        assert.equal("", judge(place, runs, size, totals))
      end
      assert.equal(rig.repeats, totals.fenced > 0)
      assert.is_true(totals.astray < totals.runs / 100, totals.astray .. " runs went astray")
      local function share(outcome)
        return 100 * (totals[outcome] or 0) / totals.runs
      end
      faults.measured("%s cut: %d runs, %d duplicates, %d false outcomes; %.1f %% unknown, %.1f %% not sent,"
        .. " %.1f %% created%s", scheme:upper(), totals.runs, totals.duplicate or 0, totals["false outcome"] or 0,
        share("unknown"), share("not_sent"), share("created"),
        rig.repeats and ("; libcurl's own repetition stopped %d times"):format(totals.fenced) or "")
    end)
  end
end)
