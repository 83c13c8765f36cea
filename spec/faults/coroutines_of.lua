-- For rig.lua: runs calls concurrently in coroutines, over one libcurl driver that it steps.
local certificates = require "support.certificates"
local curl_driver = require "cloudaudit.driver.curl"

local coroutines_of = {}

-- The driver with waits that yield.
local function yielding_form(driver)
  local made = { now = driver.now }

  local function wait()
    coroutine.yield()
  end

  function made.exchange(request, timeout)
    return driver.async.exchange(request, timeout, wait)
  end

  function made.send_call(call, timeout)
    return driver.async.send_call(call, timeout, wait)
  end

  function made.sleep(seconds)
    local ends = made.now() + seconds
    while made.now() < ends do
      wait()
    end
  end

  return made
end

--- {authority, certificate, driver, yielding, repeats= whether the driver would repeat a request if it were allowed to,
-- named, together, close}.
function coroutines_of.start()
  local self = { authority = certificates.authority(), repeats = true }
  self.certificate = self.authority.make("IP:127.0.0.1,DNS:localhost")
  self.driver = curl_driver.new{ max_response = 1024 * 1024, ca_file = self.authority.ca_file, max_connections = 256 }
  self.yielding = yielding_form(self.driver)

  --- The URL to use for a server on 127.0.0.1.
  function self.named(url)
    return url
  end

  --- Runs the functions, at most `width` at once.
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

  function self.close()
    self.driver.close()
    self.authority.remove()
  end

  return self
end

return coroutines_of
