-- For spec/faults/rig.lua: runs calls concurrently in light threads of nginx, over cosockets, with the members of
-- coroutines_of.lua.
local core = require "cloudaudit.core"
local trusted = require "hosts.nginx.trusted"

local threads_of = {}

function threads_of.start()
  local self = { certificate = trusted.pair("cert"), driver = { now = core.monotonic }, repeats = false }

  -- nginx verifies only the names of a certificate, not its addresses.
  function self.named(url)
    return (url:gsub("127%.0%.0%.1", "localhost"):gsub("/$", ""))
  end

  function self.together(jobs, width)
    ngx.sleep(0.001) -- nginx notices closed connections in its next event cycle
    local threads, at = {}, 0
    for index = 1, math.min(width, #jobs) do
      threads[index] = ngx.thread.spawn(function()
        while at < #jobs do
          at = at + 1
          jobs[at]()
        end
      end)
    end
    for _, thread in ipairs(threads) do
      local ok, problem = ngx.thread.wait(thread)
      assert(ok, problem)
    end
  end

  function self.close() end

  return self
end

return threads_of
