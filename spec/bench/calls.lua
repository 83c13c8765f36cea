-- The benchmarks that need a server: blocking calls, concurrent calls, nginx, HTTPS.
local measure = require "bench.measure"
local programs = require "bench.programs"
local servers = require "bench.servers"

local IN_FLIGHT_COUNT, COUNT, FRAME_COUNT = 8000, 4000, 16000

local function blocking(rounds, say)
  servers.with_server(function()
    local t = measure.times({ ours = { programs.call, COUNT }, easy = { programs.easy, COUNT },
      sign = { programs.sign, 100000 },
      luasocket = { programs.luasocket_call, 1500 }, sdk = { programs.sdk_call, 1500 } }, rounds)
    local floor = (t.ours.cpu - t.sign.cpu) / t.easy.cpu
    say.timed("cloudaudit, CPU", t.ours, { ours = true, compared = say.of(floor, "the floor, signing aside"),
      goal = say.at_most(floor, 1.15, "at most 1.15") })
    say.timed("floor: libcurl easy in C", t.easy)
    say.timed("luasocket, lua-cjson, luaossl", t.luasocket, { compared = say.of(t.luasocket.cpu / t.ours.cpu, "ours") })
    say.timed("Node SDK", t.sdk, { compared = say.of(t.sdk.cpu / t.ours.cpu, "ours"),
      goal = say.at_least(t.sdk.cpu / t.ours.cpu, 18, "at least 18") })
    local all, hashing = measure.instructions(programs.call, 300)
    local easy = measure.instructions(programs.easy, 300)
    say.counted("instructions in all", all, { ours = true, compared = say.of(all / easy, "the floor"),
      goal = say.at_most(all, 160e3, "at most 160,000") })
    say.counted("of them hashing", hashing)
    say.counted("floor: libcurl easy in C", easy)
  end)
end

local function in_flight(rounds, say)
  servers.with_server(function()
    local t = measure.times({ ours = { programs.calls_in_flight, IN_FLIGHT_COUNT },
      multi = { programs.multi, IN_FLIGHT_COUNT },
      sdk = { programs.sdk_calls_in_flight, 1500 } }, rounds)
    local floor = t.ours.cpu / t.multi.cpu
    say.timed("cloudaudit, CPU", t.ours, { ours = true, compared = say.of(floor, "the floor"),
      goal = say.at_most(floor, 1.15, "at most 1.15") })
    say.timed("floor: libcurl multi in C", t.multi)
    say.timed("Node SDK", t.sdk, { compared = say.of(t.sdk.cpu / t.ours.cpu, "ours") })
  end)
end

local function cosockets(rounds, say)
  local t = servers.times_in_nginx({ "client", "bare", "signed" }, IN_FLIGHT_COUNT, rounds)
  local floor = t.client.cpu / t.bare.cpu
  say.timed("cloudaudit, CPU of the worker", t.client, { ours = true, compared = say.of(floor, "the floor"),
    goal = say.at_most(floor, 1.7, "at most 1.7") })
  say.timed("floor: an exchange of the same bytes by hand", t.bare)
  say.timed("the same by hand, signed and decoded", t.signed,
    { compared = say.of(t.signed.cpu / t.client.cpu, "ours") })
end

local function https(rounds, say)
  servers.with_nginx("http://127.0.0.1:1", function(folder, port)
    measure.environment.BENCH_URL = "https://127.0.0.1:" .. port
    measure.environment.BENCH_CA = folder .. "/ca.pem"
    local t = measure.times({ ours = { programs.call, COUNT }, easy = { programs.easy, COUNT } }, rounds)
    measure.environment.BENCH_URL, measure.environment.BENCH_CA = nil, nil
    local floor = t.ours.cpu / t.easy.cpu
    say.timed("cloudaudit, CPU", t.ours, { ours = true, compared = say.of(floor, "the floor"),
      goal = say.at_most(floor, 1.15, "at most 1.15") })
    say.timed("floor: libcurl easy in C", t.easy)
  end)
end

-- The last line of a program that measures steps, as milliseconds: the 99.9th percentile and the worst. Of rounds that
-- take turns, the median of each.
local function steps_of(program, seen)
  local high, worst = measure.output_of(program .. " " .. FRAME_COUNT):match("(%S+) (%S+)%s*$")
  seen.high[#seen.high + 1], seen.worst[#seen.worst + 1] = tonumber(high), tonumber(worst)
end

local function middle(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

local function frame(rounds, say)
  servers.with_nginx("http://127.0.0.1:1", function(folder, port)
    measure.environment.BENCH_URL = "https://127.0.0.1:" .. port
    measure.environment.BENCH_CA = folder .. "/ca.pem"
    local ours, floor = { high = {}, worst = {} }, { high = {}, worst = {} }
    for _ = 1, rounds do
      steps_of(programs.steps, ours)
      steps_of(programs.frames, floor)
    end
    measure.environment.BENCH_URL, measure.environment.BENCH_CA = nil, nil
    local high, worst, bare = middle(ours.high), middle(ours.worst), middle(floor.high)
    say.line{ who = "cloudaudit, 99.9th percentile", figure = ("%.2f ms"):format(high), ours = true,
      compared = say.of(high / bare, "the floor"), goal = say.at_most(high, 1 / 2, "at most 0.5 ms") }
    say.line{ who = "cloudaudit, worst", figure = ("%.2f ms"):format(worst), ours = true, unit = "at worst",
      goal = say.at_most(worst, 1, "at most 1 ms") }
    say.line{ who = "floor: libcurl multi in C, 99.9th percentile", figure = ("%.2f ms"):format(bare) }
    say.line{ who = "floor: libcurl multi in C, worst", figure = ("%.2f ms"):format(middle(floor.worst)) }
  end)
end

-- With the system's certificates as libcurl finds them, and parsed from one file.
local function first_call(rounds, say)
  local seen = { hashed = {}, bundle = {}, loading = {} }
  local count
  for _ = 1, rounds do
    for _, store in ipairs{ "hashed", "bundle" } do
      local loading, worst, _, certificates = measure.output_of(programs.first_call .. " " .. store)
        :match("^(%S+) (%S+) (%S+) (%d+)")
      seen[store][#seen[store] + 1], count = tonumber(worst), certificates
      seen.loading[#seen.loading + 1] = tonumber(loading)
    end
  end
  local hashed, bundle = middle(seen.hashed), middle(seen.bundle)
  say.line{ who = ("worst step, %s certificates under hashed names"):format(count), figure = ("%.1f ms"):format(hashed),
    ours = true, unit = "in its worst step", goal = say.at_most(hashed, 3, "at most 3 ms") }
  say.line{ who = ("worst step, the %s certificates as one file"):format(count), figure = ("%.1f ms"):format(bundle),
    compared = say.of(bundle / hashed, "ours") }
  say.line{ who = "loading libcurl before it", figure = ("%.1f ms"):format(middle(seen.loading)) }
end

return function(rounds, say)
  local works = {}
  for _, work in ipairs{
    { "a blocking call over kept-alive HTTP", blocking }, { "16 calls in flight, each", in_flight },
    { "16 calls in flight on nginx cosockets, each", cosockets },
    { "a blocking call over kept-alive HTTPS", https },
    { "a frame with 16 calls in flight over HTTPS", frame }, { "the first HTTPS call of a process", first_call },
  } do
    works[#works + 1] = { work[1], function() work[2](rounds, say) end }
  end
  return works
end
