-- Asserts what the work may cost in instructions, which repeat from run to run and do not depend on how busy the
-- machine is. Prints each figure with its bound; exits non-zero when there are more.
-- usage: spec/with 5.4-bench lua spec/bench/bounds.lua
local measure = require "bench.measure"
local programs = require "bench.programs"

local failed = 0

local function bound(what, figure, most)
  local ok = figure <= most
  failed = failed + (ok and 0 or 1)
  print(("%s: %s: %.0f instructions, at most %.0f"):format(ok and "measured" or "too many", what, figure, most))
end

local function over_hashing(name, count)
  local all, hashing = measure.instructions(programs[name], count)
  return all - hashing
end

bound("sign one request, hashing aside", over_hashing("sign", 500), 5000)
-- Above the figure by more than the 3 % to either side that the seed of Lua's string hashes moves it.
bound("prepare the seed's example, hashing aside", over_hashing("prepare", 300), 33500)

local page, cjson = measure.instructions(programs.decode, 40), measure.instructions(programs.cjson_decode, 20)
bound("a page of 50 events to Lua tables", page, 1.55e6)
bound("the same, against half of lua-cjson's", page, cjson / 2)

local port, stop = measure.serve(programs.server)
measure.environment.BENCH_URL = "http://127.0.0.1:" .. port
local call = measure.instructions(programs.call, 150)
stop()
-- Wider than the others: how often a call wakes up while it waits depends on the scheduler.
bound("a blocking call", call, 194000)

os.exit(failed == 0 and 0 or 1)
