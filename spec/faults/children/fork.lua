-- A process that forks after it has used a client, like a server with workers.
-- usage: lua fork.lua URL CA_FILE FORKS   prints the backoff delays of each child, and "end"
local cloudaudit = require "cloudaudit"
local host = require "faults_host"
local wire = require "support.wire"

local url, ca_file, forks = arg[1], arg[2], tonumber(arg[3])

local client = cloudaudit.new{ endpoint = url, ca_file = ca_file, env = false,
  secret_id = wire.SECRET_ID, secret_key = wire.SECRET_KEY }

-- A client whose calls fail and are retried: its delays show its jitter.
local unlucky = wire.driver{ function() return nil, "down", { kind = "connect", sent = false } end }
local jittery = wire.client(nil, { driver = unlucky, timeout = 1000, retries = 6 })

local function in_child(number)
  for _ = 1, 3 do
    assert(client:ListAudits())
  end
  jittery:ListAudits()
  io.write("delays ", table.concat(unlucky.slept, " "), "\n")
  io.flush()
  if number % 2 == 0 then -- half of them clean up, half exit at once
    client:close()
    client = nil -- luacheck: ignore
    collectgarbage()
  end
  host.exit(0)
end

assert(client:ListAudits())
for number = 1, forks do
  local child = host.fork()
  if child == 0 then
    local ok, problem = pcall(in_child, number)
    print(ok or problem)
    host.exit(1)
  end
  assert(client:ListAudits())
  assert(host.wait(child) == 0)
  assert(client:ListAudits())
end
print("end")
