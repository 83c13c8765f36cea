-- What stays of secrets in the memory of a process whose client was closed and collected.
-- usage: lua secrets_left.lua URL   prints how often the key and the token stand there, before closing and after it
local cloudaudit = require "cloudaudit"
local faults = require "faults.rig"
local host = require "faults_host"

-- Made here, so that no source of the program holds it.
local function make(length, seed)
  local letters = {}
  for index = 1, length do
    letters[index] = string.char(65 + (index * index + 7 * index + seed) % 26)
  end
  return table.concat(letters)
end

local masked = {}

local function use()
  local key, token = make(32, 3), make(60, 11)
  masked[1], masked[2] = host.masked(key), host.masked(token)
  local client = cloudaudit.new{ endpoint = arg[1], env = false, secret_id = faults.SECRET_ID, secret_key = key,
    token = token }
  assert(client:create_track(faults.track("audit")))
  return client
end

local function count()
  local found = {}
  for index, text in ipairs(masked) do
    found[index] = host.in_memory(text)
  end
  return table.concat(found, " ")
end

local client = use()
print("open " .. count())
client:close()
client = nil -- luacheck: ignore
for _ = 1, 3 do
  collectgarbage()
end
print("closed " .. count())
