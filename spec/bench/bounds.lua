-- Asserts upper bounds of the cost of the work in instructions, which are the same in every run, however busy the
-- machine is. Prints each figure with its bound; exits non-zero when one is exceeded.
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
-- The seed of Lua's string hashes changes the figure by up to 3 % either way; the bound leaves more than that.
bound("prepare the seed's example, hashing aside", over_hashing("prepare", 300), 33500)

local page, cjson = measure.instructions(programs.decode, 40), measure.instructions(programs.cjson_decode, 20)
bound("a page of 50 events to Lua tables", page, 1.55e6)
bound("the same, against half of lua-cjson's", page, cjson / 2)
bound("a page of 50 events to event tables", measure.instructions(programs.page_events, 40), 1.35e6)
bound("50 events to redacted lines of JSON", measure.instructions(programs.lines, 20), 3.85e6)

local port, stop = measure.serve(programs.server)
measure.environment.BENCH_URL = "http://127.0.0.1:" .. port
local call = measure.instructions(programs.call, 150)
stop()
-- Wider than the others: the number of wake-ups of a waiting call depends on the scheduler, and libcurl's own work on
-- its version (8.14 does 9 to 13 % more than 7.88).
bound("a blocking call", call, 225000)

os.exit(failed == 0 and 0 or 1)
