-- Makes calls over TLS for a long time, with a fault in one of a hundred requests: memory and descriptors must not
-- grow, no create may be duplicated, no outcome may be false. Raises an error otherwise.
-- usage: lua soak.lua [SECONDS]   prints its measurements
local core = require "cloudaudit.core"
local emulators = require "support.emulator"
local faults = require "faults.rig"
local host = require "faults_host"

local SECONDS = tonumber(arg[1] or "") or 120
local TURNS = 200 -- between two checks of the journal
local PAGE = 4096

-- One percent of all requests together. No throttling: a halved rate recovers too slowly for this.
local FAULTS = {
  { kind = "cut_before", probability = 0.0015 }, { kind = "cut_after", probability = 0.0015 },
  { kind = "truncate", probability = 0.0015 }, { kind = "status", probability = 0.001, effect = true },
  { kind = "status", probability = 0.001 }, { kind = "error", code = "InternalError", probability = 0.001 },
  { kind = "error", code = "FailedOperation", probability = 0.001, effect = true },
  { kind = "error", code = "LimitExceeded.OverAmount", probability = 0.001 },
  { kind = "delay", seconds = 0.6, probability = 0.0005 },
}

local served = emulators.start{ "--tls", "--rate", "0", "--quota", "100000" }
-- A delayed response counts as lost.
local client = served:client{ rate = 1000, timeout = 0.5, random = function() return 0 end }
local totals = { calls = 0, failed = 0, duplicates = 0, ["false outcome"] = 0 }

-- In another order each time, because a reset restarts the emulator's random numbers with its journal.
local function order_faults(turn)
  for index = 1, #FAULTS do
    served:fault(FAULTS[(index + turn) % #FAULTS + 1])
  end
end

local function call(method, ...)
  local value, message, err = client[method](client, ...)
  totals.calls = totals.calls + 1
  totals.failed = totals.failed + (err and 1 or 0)
  return value, message, err
end

-- The life of one track; returns the outcome of its create.
local function turn(number)
  local name = ("soak-%09d"):format(number)
  local track, _, err = call("create_track", faults.track(name))
  if not track then
    track = call("find_track", name)
  end
  if track then
    call("get_track", track.id)
    call("disable_track", track.id)
    call("delete_track", track.id)
  end
  return name, err and err.outcome or "created"
end

-- Compares the outcomes of creates with the requests that arrived, and clears the journal.
local function judge(outcomes)
  local effects = {}
  for _, entry in ipairs(served:journal("CreateAuditTrack")) do
    local name = entry.params and entry.params.Name or "?"
    effects[name] = (effects[name] or 0) + (entry.effect and 1 or 0)
  end
  for name, outcome in pairs(outcomes) do
    local count = effects[name] or 0
    if count > 1 then
      totals.duplicates = totals.duplicates + 1
    elseif outcome == "created" and count ~= 1 or outcome ~= "created" and outcome ~= "unknown" and count ~= 0 then
      totals["false outcome"] = totals["false outcome"] + 1
      print("false outcome", name, outcome, count)
    end
  end
  served:admin("reset", {})
end

local function resident()
  collectgarbage()
  collectgarbage()
  local file = assert(io.open("/proc/self/statm"))
  local pages = tonumber(file:read("*a"):match("^%d+ (%d+)"))
  file:close()
  return pages * PAGE / 1024
end

-- The slope of samples {x, y} by least squares, and half of its 95 % confidence interval.
local function slope_of(samples)
  local n, sx, sy, sxx, sxy = #samples, 0, 0, 0, 0
  for _, sample in ipairs(samples) do
    sx, sy = sx + sample[1], sy + sample[2]
    sxx, sxy = sxx + sample[1] ^ 2, sxy + sample[1] * sample[2]
  end
  local slope = (n * sxy - sx * sy) / (n * sxx - sx ^ 2)
  local intercept, rest = (sy - slope * sx) / n, 0
  for _, sample in ipairs(samples) do
    rest = rest + (sample[2] - intercept - slope * sample[1]) ^ 2
  end
  return slope, 1.96 * math.sqrt(rest / (n - 2) / (sxx - sx ^ 2 / n))
end

order_faults(0)
local started, number, samples, warm = core.monotonic(), 0, {}, nil
while core.monotonic() - started < SECONDS do
  local outcomes = {}
  for _ = 1, TURNS do
    number = number + 1
    local name, outcome = turn(number)
    outcomes[name] = outcome
  end
  judge(outcomes)
  order_faults(number / TURNS)
  local elapsed = core.monotonic() - started
  -- Let the heap settle first.
  if elapsed > SECONDS / 4 then
    local now = { calls = totals.calls, kib = resident(), descriptors = host.descriptors() }
    warm = warm or now
    samples[#samples + 1] = { now.calls / 1e5, now.kib }
    samples.last = now
  end
end
local slope, error_of_slope = slope_of(samples)
local grown, opened = samples.last.kib - warm.kib, samples.last.descriptors - warm.descriptors
client:close()
served:stop()

print(("measured: %d calls over TLS in %d s, %d of them failed; %d duplicates, %d false outcomes"):format(totals.calls,
  SECONDS, totals.failed, totals.duplicates, totals["false outcome"]))
print(("measured: resident size %+.0f KiB after warm-up, slope %.0f +- %.0f KiB in 100,000 calls; descriptors %+d")
  :format(grown, slope, error_of_slope, opened))
assert(totals.duplicates == 0 and totals["false outcome"] == 0)
assert(totals.failed > 0, "no fault has struck")
assert(opened == 0, "descriptors were left open")
-- A limit that a leak of one block per call exceeds, but not the noise of a short run.
assert(slope - error_of_slope < 200 or grown < 256, "memory grows")
