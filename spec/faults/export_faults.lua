-- cloudaudit export when it is killed, or when the system fails: at every system call of its commits, at random
-- moments. Whatever happened, the same command must end with the same events, each once, and leave nothing beside them.
-- CLOUDAUDIT_KILLS is the number of random kills. Without it there are few, and some of the system calls are left out.
local audit_log = require "support.audit_log"
local command = require "support.command"
local emulator = require "support.emulator"
local exported = require "support.exported"
local faults = require "faults.rig"
local folder = require "support.folder"

local GIVEN = tonumber(os.getenv("CLOUDAUDIT_KILLS"))
local KILLS = GIVEN or 8
local STRIDE = { [""] = GIVEN and 1 or 2, [".db"] = GIVEN and 1 or 9 }
local NOW = os.time()
local CALLS = "openat,pwrite64,fsync,fdatasync,rename,mkdir,link,unlink,ftruncate"

-- Those whose failure must be reported. SQLite does without some of them: what it then reports as done is done.
local MUST_WORK = { pwrite64 = true, fsync = true, fdatasync = true, rename = true, mkdir = true, link = true }

describe("an export", function()
  local served, env, place, all

  setup(function()
    served = emulator.start{ "--rate", "0", "--no-record" }
    env = command.env(served)
    local ids = {}
    for index, event in ipairs(audit_log.fill(served, 90, NOW - 2000, 2400)) do
      ids[index] = event.EventId
    end
    table.sort(ids)
    all = table.concat(ids, " ")
    place = folder.new()
  end)

  teardown(function()
    served:stop()
    place.remove()
  end)

  local number = 0
  local function new_path(ending)
    number = number + 1
    os.execute(("mkdir %s/%d"):format(place.path, number))
    return ("%s/%d/x%s"):format(place.path, number, ending)
  end

  local function words(path)
    local list = { "export", path, "--since", "80d" }
    if not path:find("%.db$") then
      list[#list + 1], list[#list + 2] = "--part-size", "0.004"
    end
    return list
  end

  local function run(path, before)
    return command.shell(("exec %s %s"):format(before or "", command.line(words(path))), { env = env })
  end

  -- What is wrong with an export after one more run; nil when nothing is.
  local function problem_of(path)
    local result = run(path)
    if result.status ~= 0 then
      return ("status %s: %s"):format(result.status, result.err)
    end
    local found = table.concat(exported.ids(path), " ")
    if found ~= all then
      return ("%d events in place of 90"):format(select(2, found:gsub("%S+", "")))
    end
    local rest = exported.leftovers(path:match("^(.*)/"))
    return rest[1] and "left over: " .. table.concat(rest, " ") or nil
  end

  -- The system calls of an undisturbed run on files below `path`: {call, when}, `when` as strace counts.
  local function calls_of(path)
    local trace, counts, list = place.path .. "/trace", {}, {}
    local result = run(path, ("strace -y -o %s -e trace=%s"):format(trace, CALLS))
    assert.same({ 0, "" }, { result.status, result.err })
    for line in io.lines(trace) do
      local call = line:match("^([a-z0-9]+)%(")
      if call then
        counts[call] = (counts[call] or 0) + 1
        if line:find(path:match("^(.*)/"), 1, true) then
          list[#list + 1] = { call = call, when = counts[call] }
        end
      end
    end
    assert.is_true(#list > 60)
    local chosen = {}
    for index = 1, #list, STRIDE[path:match("%.db$") or ""] do
      chosen[#chosen + 1] = list[index]
    end
    return chosen
  end

  local function inject(path, order, what)
    return run(path, ("strace -o /dev/null -e trace=%s -e inject=%s:%s:when=%d"):format(order.call, order.call, what,
      order.when))
  end

  local function report(wrong)
    assert.equal("", table.concat(wrong, "\n", 1, math.min(#wrong, 20)))
  end

  for _, ending in ipairs{ "", ".db" } do
    local what = ending == "" and "folder" or "database"

    it("killed at every system call goes on: " .. what, function()
      local orders, wrong, struck = calls_of(new_path(ending)), {}, 0
      for _, order in ipairs(orders) do
        local path = new_path(ending)
        local result = inject(path, order, "signal=KILL")
        struck = struck + (result.signal == 9 and 1 or 0)
        local problem = problem_of(path)
        wrong[#wrong + 1] = problem and ("%s number %d: %s"):format(order.call, order.when, problem)
      end
      report(wrong)
      assert.is_true(struck >= #orders * 9 / 10, struck .. " of " .. #orders)
      faults.measured("%s: killed at %d system calls", what, struck)
    end)

    it("whose system calls fail says so with 8, and goes on: " .. what, function()
      local wrong, failed, done = {}, 0, 0
      for index, order in ipairs(calls_of(new_path(ending))) do
        local error_name = ({ "ENOSPC", "EIO", "EACCES" })[index % 3 + 1]
        if MUST_WORK[order.call] then
          local path = new_path(ending)
          local result = inject(path, order, "error=" .. error_name)
          local complete = result.status == 0 and table.concat(exported.ids(path), " ") == all
          if result.status == 8 and result.err:find("^cloudaudit: .+\n$") then
            failed = failed + 1
          elseif complete and ending == ".db" then
            done = done + 1
          else
            wrong[#wrong + 1] = ("%s number %d, %s: status %s: %s"):format(order.call, order.when, error_name,
              result.status, result.err)
          end
          local problem = problem_of(path)
          wrong[#wrong + 1] = problem and ("%s number %d, %s: then %s"):format(order.call, order.when, error_name,
            problem)
        end
      end
      report(wrong)
      assert.is_true(failed > done and failed > 5)
      faults.measured("%s: %d failed system calls were reported; %d did not matter", what, failed, done)
    end)

    it("killed at random moments goes on: " .. what, function()
      local killed, runs, path = 0, 0, new_path(ending)
      math.randomseed(NOW)
      while killed < KILLS do
        local result = command.run(words(path), { env = env, signal = "sigkill", interrupt = math.random() * 0.2 })
        runs = runs + 1
        if result.signal == 9 then
          killed = killed + 1
        else
          assert.same({ 0, "" }, { result.status, result.err })
          assert.is_nil(problem_of(path))
          path = new_path(ending)
        end
      end
      assert.is_nil(problem_of(path))
      faults.measured("%s: killed at %d random moments in %d runs", what, killed, runs)
    end)
  end

  it("has one writer, and a third run takes over when that one is killed", function()
    local path = new_path("")
    served:fault{ action = "DescribeEvents", times = "always", kind = "delay", seconds = 1 }
    local log = path:match("^(.*)/") .. "/first"
    os.execute(("sh -c '(%s %s) >%s 2>&1 & echo $! >%s.pid'"):format(
      "exec env CLOUDAUDIT_ENDPOINT=" .. served.endpoint .. " TENCENTCLOUD_SECRET_ID=" .. served.secret_id
      .. " TENCENTCLOUD_SECRET_KEY=" .. served.secret_key, command.line(words(path)):gsub("'", "\""), log, log))
    local file, lock
    for _ = 1, 100 do
      lock = io.open(path .. "/_cloudaudit.lock")
      if lock then
        break
      end
      command.shell("sleep 0.02")
    end
    assert(lock, "the first run did not begin"):close()
    file = assert(io.open(log .. ".pid"))
    local pid = file:read("*n")
    file:close()
    local second = run(path)
    assert.equal(8, second.status)
    assert.truthy(second.err:find(("held by process %d on "):format(pid), 1, true), second.err)
    command.shell(("kill -9 %d; while kill -0 %d 2>/dev/null; do sleep 0.01; done"):format(pid, pid))
    served:clear_faults()
    os.remove(log)
    os.remove(log .. ".pid")
    assert.is_nil(problem_of(path))
  end)
end)
