-- The measurements of the bench: instructions by callgrind, times as medians of interleaved rounds. Every measured
-- program follows the protocol of timed.lua and c/timed.h.
local measure = {}

--- Environment variables for the programs.
measure.environment = {}

local function output_of(command)
  local exports = {}
  for name, value in pairs(measure.environment) do
    exports[#exports + 1] = ("export %s='%s'; "):format(name, value)
  end
  local pipe = assert(io.popen("exec </dev/null; " .. table.concat(exports) .. command))
  local text = pipe:read("*a")
  local ok = pipe:close()
  assert(ok, "failed: " .. command)
  return text
end
measure.output_of = output_of

-- ---- instructions ----------------------------------------------------------------------------------------------

local HASHING = "libcrypto"

-- The costs in a callgrind file: the total, and the self cost of each function of libcrypto. A name is written at its
-- first use, "(7) name", and abbreviated to "(7)" after that; the line after "calls=" is the cost of the callee.
local function read_profile(path)
  local names, own, total = { fn = {}, ob = {} }, {}, 0
  local object, fn, called
  local function name(kind, text)
    local id, rest = text:match("^(%(%d+%)) ?(.*)$")
    names[kind][id] = rest ~= "" and rest or names[kind][id]
    return names[kind][id]
  end
  for line in io.lines(path) do
    local key, value = line:match("^(%a+)=(.*)$")
    if key == "fn" then
      fn = name("fn", value)
    elseif key == "cfn" then
      name("fn", value)
    elseif key == "ob" or key == "cob" then
      local found = name("ob", value)
      object = key == "ob" and found or object
    elseif key == "calls" then
      called = true
    elseif line:find("^[%d%+%-%*]") then
      local cost = tonumber(line:match("^%S+ (%d+)"))
      if cost and not called then
        total = total + cost
        if object and object:find(HASHING, 1, true) then
          own[fn] = (own[fn] or 0) + cost
        end
      end
      called = false
    end
  end
  return total, own
end

local function profile(command, count)
  local path = os.tmpname()
  output_of(("valgrind --tool=callgrind --callgrind-out-file=%s %s %d 2>/dev/null"):format(path, command, count))
  local total, own = read_profile(path)
  os.remove(path)
  return total, own
end

--- Instructions of one repetition: all of them, and those of SHA-256's compression function (libcrypto's costliest;
-- distributions strip its name). Taken from the difference of `count` and twice as many, which cancels the start-up.
function measure.instructions(command, count)
  local once, own_once = profile(command, count)
  local twice, own_twice = profile(command, 2 * count)
  local hashing = 0
  for fn, cost in pairs(own_twice) do
    hashing = math.max(hashing, (cost - (own_once[fn] or 0)) / count)
  end
  return (twice - once) / count, hashing
end

-- ---- times -----------------------------------------------------------------------------------------------------

local function median(list)
  local sorted = {}
  for i, value in ipairs(list) do sorted[i] = value end
  table.sort(sorted)
  local middle = #sorted / 2
  return (sorted[math.floor(middle + 0.5)] + sorted[math.floor(middle + 1)]) / 2
end

--- Times of several programs, a round of each in turn. `programs`: {name = {command, count}}; returns {name = {wall=,
-- cpu= (medians), least_wall=, least_cpu=, extra= (the last figure printed)}}, in nanoseconds a repetition.
function measure.times(programs, rounds)
  local names, seen = {}, {}
  for name in pairs(programs) do
    names[#names + 1] = name
    seen[name] = { wall = {}, cpu = {} }
  end
  table.sort(names)
  for _ = 1, rounds do
    for _, name in ipairs(names) do
      local command, count = programs[name][1], programs[name][2]
      local wall, cpu, extra = output_of(command:find("%%d") and command:format(count) or command .. " " .. count)
        :match("^(%d+) (%d+)%s*(%d*)")
      assert(wall, "no figures from " .. command)
      table.insert(seen[name].wall, tonumber(wall) / count)
      table.insert(seen[name].cpu, tonumber(cpu) / count)
      seen[name].extra = tonumber(extra)
    end
  end
  local result = {}
  for name, one in pairs(seen) do
    result[name] = {
      wall = median(one.wall), cpu = median(one.cpu), extra = one.extra,
      least_wall = math.min(table.unpack(one.wall)), least_cpu = math.min(table.unpack(one.cpu)),
    }
  end
  return result
end

-- ---- servers ---------------------------------------------------------------------------------------------------

--- Starts a program that prints its port and exits at the end of its standard input: returns the port, and stop().
function measure.serve(command)
  local path = os.tmpname()
  os.remove(path)
  assert(os.execute("mkfifo -m 600 " .. path))
  local input = assert(io.popen(command .. " > " .. path, "w"))
  local output = assert(io.open(path))
  os.remove(path)
  local port = assert(output:read("n"), "no port from " .. command)
  return port, function()
    input:close()
    output:close()
  end
end

return measure
