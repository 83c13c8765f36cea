-- Shared by the fault specs: a misbehaving server, clients whose calls run concurrently, and the clock for checking
-- their deadlines. Calls go over libcurl, or inside nginx over cosockets.
local cloudaudit = require "cloudaudit"
local misbehave = require "support.misbehave"
local side_by_side = require(type(ngx) == "table" and "hosts.nginx.threads_of" or "faults.coroutines_of")

local rig = {}

rig.SECRET_ID = "AKIDwatched0000000000000000000000001"
rig.SECRET_KEY = "Qz7kk1Wx9Vk4mm3Jq2Zx8pp5Ry6Tn0Lb"
rig.TOKEN = "Hd3tt8Gf5Sc1uu6Mw4Bn9Ke7Xv2Ya0Oi"

-- How late a call may return after its deadline.
rig.GRACE = 0.1

--- Prints a measurement, on a line that spec/run repeats.
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

--- The shell command that runs children/NAME.lua in this Lua. `way`: {args= a list, before= words in front of it,
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

--- Starts it. Returns a function that waits for its end and returns its output and "status N"; call it once.
function rig.start_child(name, way)
  local pipe = io.popen(("%s 2>&1; echo \"status $?\""):format(rig.command(name, way)))
  return function()
    local output = pipe:read("*a")
    pipe:close()
    return output
  end
end

--- Runs it, and returns the same.
function rig.child(name, way)
  return rig.start_child(name, way)()
end

--- The error of an outcome, given how many complete creates have arrived; nil when it is correct.
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

--- {server, authority, certificate, driver, and the functions below}; stop() ends everything.
function rig.start()
  local self = side_by_side.start()
  self.server = misbehave.start()

  --- A listener that runs one script on every connection, over HTTPS or HTTP.
  function self.serve(scheme, script)
    local steps = scheme == "https" and { "tls" } or {}
    for _, step in ipairs(script) do
      steps[#steps + 1] = step
    end
    return self.server:listen{ steps, again = true, tls = scheme == "https" and self.certificate or nil }
  end

  --- A client whose calls yield; retries do not wait. `given` are more options of cloudaudit.new.
  function self.client(url, given)
    local options = {
      endpoint = self.named(url), driver = self.yielding, env = false, rate = 1000,
      secret_id = rig.SECRET_ID, secret_key = rig.SECRET_KEY, token = rig.TOKEN,
      random = function() return 0 end, retries = 2, max_response = 1024 * 1024,
    }
    for name, value in pairs(given or {}) do
      options[name] = value
    end
    return cloudaudit.new(options)
  end

  --- Runs one call: its results in a list, and `over`, the seconds by which it exceeded its timeout.
  function self.timed(timeout, call, ...)
    local started = self.driver.now()
    local result = { call(...) }
    result.over = self.driver.now() - started - timeout
    return result
  end

  function self.stop()
    self.close()
    self.server:stop()
  end

  return self
end

return rig
