-- What the first HTTPS call of a process costs: the CPU time of loading libcurl, and of each client:step(0) of the
-- call, by a trust store of the system's certificates. Prints the milliseconds of loading, of the worst step and of all
-- of them, and how many certificates there are.
-- usage: first_call.lua hashed | bundle | system
-- hashed, bundle: the system's certificates and the server's CA, as a directory or as one file. system: what a client
-- without an option trusts; the handshake then ends with the refusal of the server's CA.
local started = os.clock()
local curl = require "cloudaudit.curl"
curl.new{}:close()
local loaded = os.clock() - started

local certificates = require "support.certificates"
local cloudaudit = require "cloudaudit"
local folders = require "support.folder"
local served = require "support.emulator"

local BUNDLE = "/etc/ssl/certs/ca-certificates.crt"

local function text_of(path)
  local file = io.open(path)
  if not file then
    return ""
  end
  local text = file:read("*a")
  file:close()
  return text
end

local server, folder = served.start{ "--tls" }, folders.new()
local count = certificates.link_system(folder.path)
local options = { endpoint = server.endpoint, secret_id = server.secret_id, secret_key = server.secret_key, env = false,
  timeout = 60 }
if arg[1] == "bundle" then
  options.ca_file = folder.write("bundle", text_of(BUNDLE) .. text_of(server.ca_file))
elseif arg[1] == "hashed" then
  local path = folder.write(certificates.hashed_name(server.ca_file), text_of(server.ca_file))
  options.ca_path = path:match("^(.*)/")
end
local client = cloudaudit.new(options)

local worst, total = 0, 0
local function timed(work)
  local before = os.clock()
  local value = work()
  local took = os.clock() - before
  worst, total = math.max(worst, took), total + took
  return value
end

local future = timed(function()
  return client.async:quota()
end)
while timed(function() return client:step(0) end) > 0 do
  curl.sleep(1 / 2000)
end
local quota, message, err = future:result()
assert(quota or arg[1] == "system" and err.kind == "tls", message)
print(("%.3f %.3f %.3f %d"):format(loaded * 1000, worst * 1000, total * 1000, count))
client:close()
folder.remove()
server:stop()
