-- What the specs of faults share: a misbehaving server, clients over one driver whose calls run side by
-- side in coroutines, and the clock that their deadlines are checked by.
local certificates = require "support.certificates"
local cloudaudit = require "cloudaudit"
local curl_driver = require "cloudaudit.driver.curl"
local misbehave = require "support.misbehave"

local rig = {}

rig.SECRET_ID = "AKIDwatched0000000000000000000000001"
rig.SECRET_KEY = "Qz7kk1Wx9Vk4mm3Jq2Zx8pp5Ry6Tn0Lb"
rig.TOKEN = "Hd3tt8Gf5Sc1uu6Mw4Bn9Ke7Xv2Ya0Oi"

-- How late a call may return after its deadline.
rig.GRACE = 0.1

--- Prints what was counted, on a line that spec/run repeats.
function rig.measured(format, ...)
  print("\nmeasured: " .. format:format(...))
end

local function folder()
  return debug.getinfo(1, "S").source:match("^@(.*)[^/]*%.lua$"):match("^(.*/)") or "./"
end

local function interpreter()
  local found
  for index = -1, -10, -1 do
    found = arg[index] or found
  end
  return found
end

--- The shell command that runs children/NAME.lua in this Lua. `way`: {args= a list, before= what stands in front,
-- preload= true (c/preload.c)}.
function rig.command(name, way)
  local words = { way.before or "", "env" }
  if way.preload then
    words[#words + 1] = ("LD_PRELOAD='build/%s/spec/faults-preload.so'"):format(os.getenv("CLOUDAUDIT_BUILD"))
  end
  words[#words + 1] = ("'%s' '%schildren/%s.lua'"):format(interpreter(), folder(), name)
  for _, argument in ipairs(way.args or {}) do
    words[#words + 1] = ("'%s'"):format(argument)
  end
  return table.concat(words, " ")
end

--- Starts it. What is returned gives, once, all that it printed and "status N".
function rig.start_child(name, way)
  local pipe = io.popen(("%s 2>&1; echo \"status $?\""):format(rig.command(name, way)))
  return function()
    local output = pipe:read("*a")
    pipe:close()
    return output
  end
end

--- The same, and waits for its end.
function rig.child(name, way)
  return rig.start_child(name, way)()
end

--- What is wrong with a create of which that many whole ones have arrived, or nil.
function rig.contradiction(outcome, creates)
  if creates > 1 then
    return "duplicate"
  elseif outcome == "created" and creates ~= 1 or outcome == "not_sent" and creates ~= 0 or outcome == "rejected" then
    return "false outcome"
  end
end

--- The parameters of a write that the service would carry out.
function rig.track(name)
  return {
    name = name, action = "write", event_names = { "*" },
    storage = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit", StoragePrefix = "logs" },
  }
end

--- {server, authority, certificate, driver, and the functions below}; stop() ends all of it.
function rig.start()
  local self = { server = misbehave.start(), authority = certificates.authority() }
  self.certificate = self.authority.make("IP:127.0.0.1,DNS:localhost")
  self.driver = curl_driver.new{ ca_file = self.authority.ca_file, max_connections = 256 }
  local yielding = { lower_headers = true, now = self.driver.now }

  local function wait()
    coroutine.yield()
  end

  function yielding.exchange(request, timeout)
    return self.driver.async.exchange(request, timeout, wait)
  end

  function yielding.send_call(call, timeout)
    return self.driver.async.send_call(call, timeout, wait)
  end

  function yielding.sleep(seconds)
    local ends = yielding.now() + seconds
    while yielding.now() < ends do
      wait()
    end
  end

  --- A listener whose connections all run one script, over HTTPS or HTTP.
  function self.serve(scheme, script)
    local steps = scheme == "https" and { "tls" } or {}
    for _, step in ipairs(script) do
      steps[#steps + 1] = step
    end
    return self.server:listen{ steps, again = true, tls = scheme == "https" and self.certificate or nil }
  end

  --- A client whose calls yield; retries follow at once. `given` are more options of cloudaudit.new.
  function self.client(url, given)
    local options = {
      endpoint = url, driver = yielding, env = false, rate = 1000,
      secret_id = rig.SECRET_ID, secret_key = rig.SECRET_KEY, token = rig.TOKEN,
      random = function() return 0 end,
    }
    for name, value in pairs(given or {}) do
      options[name] = value
    end
    return cloudaudit.new(options)
  end

  --- Runs the functions as coroutines, at most `width` at once.
  function self.together(jobs, width)
    local running, next_job = {}, 1
    repeat
      while #running < width and jobs[next_job] do
        running[#running + 1] = coroutine.create(jobs[next_job])
        next_job = next_job + 1
      end
      local alive = {}
      for _, job in ipairs(running) do
        local ok, problem = coroutine.resume(job)
        if not ok then
          error(debug.traceback(job, tostring(problem)), 0)
        elseif coroutine.status(job) ~= "dead" then
          alive[#alive + 1] = job
        end
      end
      running = alive
      self.driver.async.step(0.01)
    until #running == 0 and not jobs[next_job]
  end

  --- Runs one call: what it returned, in a list, and `over`, the seconds that it took beyond its timeout.
  function self.timed(timeout, call, ...)
    local started = self.driver.now()
    local result = { call(...) }
    result.over = self.driver.now() - started - timeout
    return result
  end

  function self.stop()
    self.driver.close()
    self.server:stop()
    self.authority.remove()
  end

  return self
end

return rig
