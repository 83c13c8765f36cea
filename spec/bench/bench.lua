-- `make bench`: measures every piece of work beside its floor and its peers, prints one table and writes it into
-- spec/bench/README.md and doc/performance.md. BENCH_ROUNDS (9) is how often each is timed; BENCH_ONLY, a pattern,
-- picks works and leaves both files unchanged.
-- usage: spec/with 5.4-bench lua spec/bench/bench.lua
local calls = require "bench.calls"
local measure = require "bench.measure"
local programs = require "bench.programs"
local report = require "bench.report"

local ROUNDS = tonumber(os.getenv("BENCH_ROUNDS") or 9)
local ONLY = os.getenv("BENCH_ONLY")

local works = {}

local function at_most(figure, most, text)
  return { text = text, ok = figure <= most }
end

local function at_least(figure, least, text)
  return { text = text, ok = figure >= least }
end

-- A line of times: who, the figures of measure.times, and what is said of them.
local function timed(who, figures, more)
  local line = { who = who, figure = report.duration(figures.cpu), least = report.duration(figures.least_cpu) }
  for name, value in pairs(more or {}) do line[name] = value end
  report.line(line)
end

local function counted(who, figure, more)
  local line = { who = who, figure = report.grouped(figure), unit = "instructions" }
  for name, value in pairs(more or {}) do line[name] = value end
  report.line(line)
end

local function of(ratio, what)
  return report.ratio(ratio) .. " × " .. what
end

works[#works + 1] = { "sign one request", function()
  local t = measure.times({ sign = { programs.sign, 100000 }, blocks = { programs.blocks, 100000 },
    luaossl = { programs.luaossl_sign, 5000 }, sdk = { programs.sdk_sign, 3000 } }, ROUNDS)
  local blocks = measure.output_of(programs.blocks):match("%d+")
  local floor = t.sign.cpu / t.blocks.cpu
  timed("cloudaudit", t.sign, { ours = true, compared = of(floor, "the floor"),
    goal = at_most(floor, 2.1, "at most 2.1") })
  timed(("floor: the %s SHA-256 blocks"):format(blocks), t.blocks)
  timed("Lua and luaossl", t.luaossl, { compared = of(t.luaossl.cpu / t.sign.cpu, "ours"),
    goal = at_least(t.luaossl.cpu / t.sign.cpu, 12, "at least 12") })
  timed("Node SDK", t.sdk, { compared = of(t.sdk.cpu / t.sign.cpu, "ours"),
    goal = at_least(t.sdk.cpu / t.sign.cpu, 30, "at least 30") })
  local all, hashing = measure.instructions(programs.sign, 1000)
  counted("instructions, hashing aside", all - hashing, { ours = true, unit = "instructions beside hashing",
    goal = at_most(all - hashing, 5000, "at most 5,000") })
end }

works[#works + 1] = { "Lua table of the example to a signed request", function()
  local all, hashing = measure.instructions(programs.prepare, 500)
  local ours, cjson = measure.instructions(programs.encode, 500), measure.instructions(programs.cjson_encode, 500)
  counted("the JSON text, checked", ours, { ours = true, unit = "instructions to checked JSON",
    compared = of(ours / cjson, "lua-cjson"), goal = at_most(ours, cjson, "fewer than lua-cjson") })
  counted("lua-cjson's text, unchecked", cjson)
  counted("the signed request, hashing aside", all - hashing, { ours = true, unit = "instructions to a signed request",
    goal = at_most(all - hashing, 33000, "at most 33,000") })
  local t = measure.times({ prepare = { programs.prepare, 20000 }, encode = { programs.encode, 50000 },
    cjson = { programs.cjson_encode, 50000 } }, ROUNDS)
  timed("the JSON text, checked", t.encode, { ours = true, compared = of(t.encode.cpu / t.cjson.cpu, "lua-cjson") })
  timed("lua-cjson's text, unchecked", t.cjson)
  timed("the signed request", t.prepare, { ours = true, unit = "to a signed request" })
end }

works[#works + 1] = { "a page of 50 events to Lua tables", function()
  local ours, cjson = measure.instructions(programs.decode, 60), measure.instructions(programs.cjson_decode, 40)
  local push, jansson = measure.instructions(programs.push, 60), measure.instructions(programs.jansson, 10)
  counted("cloudaudit", ours, { ours = true, compared = of(ours / push, "the floor"),
    goal = at_most(ours, 1.5e6, "at most 1.5 M") })
  counted("floor: pushing values already decoded", push)
  counted("lua-cjson", cjson, { compared = of(cjson / ours, "ours"), goal = at_least(cjson / ours, 2, "at least 2") })
  counted("jansson and the same push", jansson, { compared = of(jansson / ours, "ours") })
  local t = measure.times({ decode = { programs.decode, 400 }, push = { programs.push, 400 },
    cjson = { programs.cjson_decode, 300 }, jansson = { programs.jansson, 50 } }, ROUNDS)
  timed("cloudaudit", t.decode, { ours = true, compared = of(t.decode.cpu / t.push.cpu, "the floor") })
  timed("floor: pushing values already decoded", t.push)
  timed("lua-cjson", t.cjson, { compared = of(t.cjson.cpu / t.decode.cpu, "ours") })
  timed("jansson and the same push", t.jansson, { compared = of(t.jansson.cpu / t.decode.cpu, "ours") })
end }

for _, work in ipairs(calls(ROUNDS, { timed = timed, counted = counted, line = report.line, of = of, at_most = at_most,
  at_least = at_least })) do
  works[#works + 1] = work
end

works[#works + 1] = { "`require \"cloudaudit\"`, from start to exit", function()
  local t = measure.times({
    bare = { programs.start .. " %d lua5.4 -e ' '", 40 },
    ours = { programs.start .. " %d lua5.4 -e 'require \"cloudaudit\"'", 40 },
    client = { programs.start .. " %d lua5.4 spec/bench/work/new.lua", 40 },
    sdk = { programs.start .. " %d " .. programs.sdk_load, 2 },
  }, ROUNDS)
  local function start(who, figures, more)
    more.figure = ("%s, %.1f MB"):format(report.duration(figures.wall), figures.extra / 1024)
    more.least = report.duration(figures.least_wall)
    timed(who, figures, more)
  end
  local ratio, megabytes = t.ours.wall / t.bare.wall, t.ours.extra / 1024
  start("cloudaudit", t.ours, { ours = true, compared = of(ratio, "bare Lua"),
    goal = { text = "at most 2, and 4.5 MB at the peak", ok = ratio <= 2 and megabytes <= 4.5 } })
  start("lua5.4 alone", t.bare, {})
  start("cloudaudit and a client that has signed", t.client, { ours = true, unit = "with a client",
    compared = of(t.client.wall / t.bare.wall, "bare Lua") })
  start("Node SDK's client", t.sdk, { compared = of(t.sdk.wall / t.client.wall, "ours with a client") })
  local maps = measure.output_of([[lua5.4 -e '
    require "cloudaudit"
    for line in io.lines("/proc/self/maps") do print(line) end']])
  local loaded = maps:find("libcurl", 1, true) ~= nil
  report.line{ who = "libcurl", figure = loaded and "loaded" or "not loaded",
    goal = { text = "not loaded", ok = not loaded } }
end }

works[#works + 1] = { "a page of 50 events to event tables", function()
  local ours, tables = measure.instructions(programs.page_events, 60), measure.instructions(programs.decode, 60)
  counted("cloudaudit", ours, { ours = true, compared = of(ours / tables, "the page to Lua tables"),
    goal = at_most(ours, 1.35e6, "at most 1.35 M") })
  local t = measure.times({ events = { programs.page_events, 400 }, lines = { programs.lines, 400 } }, ROUNDS)
  timed("cloudaudit", t.events, { ours = true })
  timed("the same 50 events to redacted lines of JSON", t.lines, { compared = of(t.lines.cpu / t.events.cpu, "that") })
end }

works[#works + 1] = { "`cloudaudit events -o jsonl` over 10,000 events", function()
  local t = measure.times({ library = { programs.command .. " library", 10000 },
    command = { programs.command .. " command", 10000 } }, math.min(ROUNDS, 5))
  local ratio = t.command.cpu / t.library.cpu
  timed("the command, each", t.command, { ours = true, unit = "each", compared = of(ratio, "the library's iterator"),
    goal = at_most(ratio, 1.5, "at most 1.5") })
  timed("the library's iterator over the same events, each", t.library)
end }

works[#works + 1] = { "`cloudaudit export` of 20,000 events to a folder", function()
  local t = measure.times({ export = { programs.export .. " export", 20000 },
    floor = { programs.export .. " floor", 20000 }, redacted = { programs.python_export .. " redacted", 20000 },
    plain = { programs.python_export .. " plain", 20000 } }, math.min(ROUNDS, 5))
  local floor, python = t.export.cpu / t.floor.cpu, t.redacted.cpu / t.export.cpu
  timed("the command, each", t.export, { ours = true, unit = "each", compared = of(floor, "the floor"),
    goal = at_most(floor, 1.5, "at most 1.5") })
  timed("floor: the library's iterator and zlib over the same lines, each", t.floor)
  timed("a loop in Python, each", t.redacted, { compared = of(python, "ours"),
    goal = at_least(python, 5, "at least 5") })
  timed("a loop in Python without redacting, each", t.plain, { compared = of(t.plain.cpu / t.export.cpu, "ours") })
end }

works[#works + 1] = { "`cloudaudit export` of 1,000,000 events to a folder", function()
  local peaks = {}
  for _, count in ipairs{ 10000, 1000000 } do
    local wall, cpu, peak, emulator = measure.output_of(("%s export %d"):format(programs.export, count))
      :match("^(%d+) (%d+) (%d+) (%d+)")
    peaks[#peaks + 1] = tonumber(peak)
    report.line{ who = report.grouped(count) .. " events", ours = true,
      figure = ("%s of CPU, %s in all, %.1f MB"):format(report.duration(tonumber(cpu)), report.duration(tonumber(wall)),
        peak / 1024),
      unit = "for " .. report.grouped(count), compared = of(peaks[#peaks] / peaks[1], "the memory for 10,000"),
      goal = { text = "flat within 20 %", ok = peaks[#peaks] / peaks[1] <= 1.2 } }
    report.line{ who = "the emulator meanwhile", figure = report.duration(tonumber(emulator)),
      compared = of(emulator / cpu, "ours"), goal = at_least(emulator / cpu, 1, "the slower") }
  end
end }

works[#works + 1] = { "`events` over many", function()
  local seen = {}
  for _, count in ipairs{ 10000, 100000, 1000000 } do
    local rounds = count < 1e6 and 3 or 1
    seen[count] = measure.times({ events = { "lua5.4 spec/bench/work/events.lua", count } }, rounds).events
  end
  local small, large = seen[10000], seen[1000000]
  local drift = large.cpu / small.cpu
  for _, count in ipairs{ 10000, 100000, 1000000 } do
    local last = count == 1000000
    timed(report.grouped(count) .. " events, each", seen[count], { ours = true,
      unit = ("each of %s"):format(report.grouped(count)),
      compared = last and of(drift, "each of 10,000") or nil,
      goal = last and { text = "linear within 10 %", ok = drift < 1.1 and drift > 0.9 } or nil })
  end
  report.line{ who = "growth of the process", figure = large.extra .. " KB", ours = true, unit = "growth",
    goal = { text = "flat", ok = large.extra < 2048 } }
end }

works[#works + 1] = { "memory beside libcurl's own", function()
  local idle, call = measure.output_of("lua5.4 spec/bench/work/memory.lua"):match("^(%S+) (%S+)")
  idle, call = tonumber(idle), tonumber(call)
  report.line{ who = "an idle client", figure = idle .. " KB", ours = true, unit = "a client",
    goal = at_most(idle, 16, "at most 16 KB") }
  report.line{ who = "a call in flight", figure = call .. " KB", ours = true, unit = "a call",
    goal = at_most(call, 32, "at most 32 KB") }
end }

works[#works + 1] = { "size, stripped", function()
  for name, most in pairs{ core = 150, curl = 60 } do
    local path = os.tmpname()
    local size = tonumber(measure.output_of(("strip -o %s build/5.4-bench/lua/cloudaudit/%s.so && wc -c < %s; rm %s")
      :format(path, name, path, path)))
    report.line{ who = "cloudaudit." .. name, figure = ("%.1f KB"):format(size / 1024), ours = true, unit = name,
      goal = at_most(size, most * 1024, ("at most %d KB"):format(most)) }
  end
end }

local function versions()
  local function one(command) return (measure.output_of(command):gsub("%s+$", "")) end
  return ("%s; %s cores, %s; %s; %s; OpenSSL %s; libcurl %s; Node %s; %s; cloudaudit %s, %d rounds."):format(
    one(". /etc/os-release; echo \"$PRETTY_NAME\""), one("nproc"),
    one("grep -q sha_ni /proc/cpuinfo && echo with SHA-NI || echo without SHA-NI"), one("lua5.4 -v | cut -d' ' -f1,2"),
    one("gcc --version | head -1"), one("openssl version | cut -d' ' -f2"),
    one("curl-config --version | cut -d' ' -f2"),
    one("node --version"), one("nginx -v 2>&1 | sed 's/.*: //'"), require("cloudaudit.core").version, ROUNDS)
end

for _, work in ipairs(works) do
  if not ONLY or work[1]:find(ONLY) then
    io.stderr:write(work[1], "\n")
    report.work(work[1])
    work[2]()
  end
end
report.finish(versions(), not ONLY)
