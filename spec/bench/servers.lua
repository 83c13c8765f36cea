-- The servers that are measured against.
local measure = require "bench.measure"
local programs = require "bench.programs"

local servers = {}

--- Runs fn(url) with the canned server, which the programs find through their environment.
function servers.with_server(fn)
  local port, stop = measure.serve(programs.server)
  measure.environment.BENCH_URL = "http://127.0.0.1:" .. port
  local ok, problem = pcall(fn, measure.environment.BENCH_URL)
  measure.environment.BENCH_URL = nil
  stop()
  assert(ok, problem)
end

--- Runs fn(folder, port) with nginx: its folder, and the port of its HTTPS server. Calls from inside it go to
-- `upstream`, a URL. Needs the builds of 5.4 and LuaJIT.
function servers.with_nginx(upstream, fn)
  local folder = measure.output_of("mktemp -d"):match("%S+")
  local port, stop = measure.serve(("sh spec/bench/nginx/start.sh %s %s"):format(folder, upstream))
  local ok, problem = pcall(fn, folder, port)
  stop()
  os.execute("rm -rf " .. folder)
  assert(ok, problem)
end

--- The times of works inside nginx against the canned server: {name = figures of measure.times}. names: of the
-- functions of nginx/calls.lua.
function servers.times_in_nginx(names, count, rounds)
  local times
  servers.with_server(function(url)
    servers.with_nginx(url, function(folder)
      local asked = {}
      for _, name in ipairs(names) do
        asked[name] = { ("curl -sS --fail --unix-socket %s/control 'http://nginx/%s?count=%%d'"):format(folder, name),
          count }
      end
      times = measure.times(asked, rounds)
    end)
  end)
  return times
end

return servers
