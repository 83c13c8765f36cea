-- A process that counts its descriptors.
-- usage: lua descriptors.lua URL CA_FILE constant|many|none|exec   prints the counts, and "end"
local cloudaudit = require "cloudaudit"
local faults = require "faults.rig"
local host = require "faults_host"
require "cloudaudit.curl"

local url, ca_file, what = arg[1], arg[2], arg[3]

local client = cloudaudit.new{
  endpoint = url, ca_file = ca_file, env = false, rate = 1000, timeout = 30,
  secret_id = faults.SECRET_ID, secret_key = faults.SECRET_KEY,
}

-- Each action has its own rate.
local function call(number)
  return client:call("Probe" .. number % 32, { Number = number })
end

local function open_files(most)
  local files = {}
  while #files < most do
    local file = io.open("/dev/null")
    if not file then
      break
    end
    files[#files + 1] = file
  end
  return files
end

local tasks = {}

function tasks.constant()
  assert(call(0))
  collectgarbage()
  collectgarbage()
  local before = host.descriptors()
  for number = 1, 10000 do
    assert(call(number))
  end
  collectgarbage()
  collectgarbage()
  print("more", host.descriptors() - before)
end

function tasks.many()
  local files = open_files(2000)
  for number = 1, 50 do
    assert(call(number))
  end
  print("open", #files)
end

function tasks.none()
  local files = open_files(10000)
  local track, _, err = client:create_track(faults.track("never"))
  print("failed", tostring(track), err.kind, err.outcome, err.attempts)
  for _, file in ipairs(files) do
    file:close()
  end
  print("then", client:create_track(faults.track("later")) and "created")
end

-- Counts connections only: the local socket pair through which libcurl wakes itself is inherited.
function tasks.exec()
  assert(call(0))
  local pipe = io.popen("ls -l /proc/self/fd; cat /proc/net/tcp /proc/net/tcp6")
  local all, inherited = pipe:read("*a"), 0
  pipe:close()
  for inode in all:gmatch("socket:%[(%d+)%]") do
    inherited = inherited + (all:find(" " .. inode .. " ", 1, true) and 1 or 0)
  end
  print("sockets", inherited)
end

tasks[what]()
print("end")
