-- Every system call of cold and warm calls fails once, with each of several errors, which strace injects. Each run is
-- a process that makes some calls; the server counts the creates of each name that it has read.
local faults = require "faults.rig"
local text = require "faults.scripts.text"

-- Those that communicate with the service fail in more ways and at more places than the others.
local OFTEN = { places = 14, errors = { "EINTR", "ECONNRESET", "ENOMEM", "EMFILE", "EIO" } }
local SELDOM = { places = 6, errors = { "ENOMEM", "EIO" } }
local SPEAKING = { socket = true, connect = true, sendto = true, recvfrom = true, poll = true, getsockopt = true }

-- Left out: they end the process or print its output, or do not fail this way: brk reports failure by the address that
-- it returns, and glibc aborts a process whose futex fails.
local LEFT_OUT = { exit_group = true, write = true, rt_sigaction = true, munmap = true, getpid = true, brk = true,
  futex = true }

describe("a process whose system calls fail", function()
  local rig, folder

  setup(function()
    rig = faults.start()
    folder = os.tmpname()
    os.remove(folder)
    os.execute("mkdir " .. folder)
  end)

  teardown(function()
    os.execute("rm -r " .. folder)
    rig.stop()
  end)

  -- The count of each system call before the marker and in all: {name= {before, all}}.
  local function count_calls(trace)
    local counts, started = {}, false
    for line in io.lines(trace) do
      local name = line:match("^%d+%s+([%w_]+)%(")
      started = started or line:find("/faults-marker", 1, true) ~= nil
      if name then
        local count = counts[name] or { 0, 0 }
        counts[name] = count
        count[1] = count[1] + (started and 0 or 1)
        count[2] = count[2] + 1
      end
    end
    return counts
  end

  local function orders_of(counts)
    local orders, names = {}, {}
    for name in pairs(counts) do
      names[#names + 1] = not LEFT_OUT[name] and name or nil
    end
    table.sort(names)
    for _, name in ipairs(names) do
      local first, last = counts[name][1] + 1, counts[name][2]
      local way = SPEAKING[name] and OFTEN or SELDOM
      for place = first, last, math.max((last - first + 1) / way.places, 1) do
        for _, err in ipairs(way.errors) do
          orders[#orders + 1] = { call = name, error = err, when = math.floor(place) }
        end
      end
    end
    return orders
  end

  -- Runs one process per order, two at a time; the output of each is in its own file.
  local function run(orders, scheme, url)
    local path = folder .. "/" .. scheme
    local list = assert(io.open(path, "w"))
    for number, order in ipairs(orders) do
      order.id = ("%s%d"):format(scheme, number)
      order.output = ("%s/%s.out"):format(folder, order.id)
      order.trace = ("%s/%s.trace"):format(folder, order.id)
      local child = faults.command("calls", { args = { url, rig.authority.ca_file, order.id }, before = (
        "timeout 20 strace -f --seccomp-bpf -o %s -e trace=%s -e inject=%s:error=%s:when=%d"):format(order.trace,
        order.call, order.call, order.error, order.when) })
      list:write(("(%s) >%s 2>&1; echo \"status $?\" >>%s\n"):format(child, order.output, order.output))
    end
    list:close()
    os.execute(("xargs -d '\\n' -n 1 -P 2 sh -c <%s"):format(path))
  end

  local function read(path)
    local file = assert(io.open(path))
    local content = file:read("*a")
    file:close()
    return content
  end

  local function problem_of(order, creates)
    local output = read(order.output)
    if not output:find("\nend\nstatus 0\n$") then
      return output:sub(-300)
    end
    local broken = output:match("broken: [^\n]*")
    if broken then
      return broken
    end
    for name, outcome in output:gmatch("(sys%-%S+) (%S+)") do
      local problem = faults.contradiction(outcome, creates[name] or 0)
      if problem then
        return ("%s: %s, %s"):format(problem, name, outcome)
      end
    end
  end

  for _, scheme in ipairs{ "http", "https" } do
    it(("keeps every outcome correct and recovers, over %s"):format(scheme:upper()), function()
      local service = rig.serve(scheme, { "request", { "send", text.response(200, text.SUCCESS) }, "again" })
      local trace = folder .. "/" .. scheme .. ".reference"
      local output = faults.child("calls", { args = { service.url, rig.authority.ca_file, "reference" },
        before = "strace -f -o " .. trace })
      assert.truthy(output:find("\nend\nstatus 0\n$"), output)
      local counts = count_calls(trace)
      local orders = orders_of(counts)
      run(orders, scheme, service.url)
      local creates, wrong, struck, calls = service:count('"Name":"(sys-\\S+?)"'), {}, 0, {}
      for _, order in ipairs(orders) do
        local problem = problem_of(order, creates)
        wrong[#wrong + 1] = problem and ("%s number %d, %s: %s"):format(order.call, order.when, order.error, problem)
        if read(order.trace):find("(INJECTED)", 1, true) then
          struck = struck + 1
          calls[order.call] = true
        end
      end
      assert.equal("", table.concat(wrong, "\n", 1, math.min(#wrong, 40)))
      local names = {}
      for name in pairs(calls) do
        names[#names + 1] = name
      end
      table.sort(names)
      assert.is_true(struck > #orders / 2, struck .. " struck")
      faults.measured("%s: %d system calls failed (%s)", scheme:upper(), struck, table.concat(names, ", "))
    end)
  end
end)
