-- Ports of 127.0.0.1 that nobody listens on, for servers that are not ours. They lie below those that the kernel gives
-- to connections: one of these could take a port before its server does.
local httpd = require "cloudaudit.httpd"

--- `count` of them, in a list.
return function(count)
  local servers, ports, tries = {}, {}, 0
  while #servers < count do
    tries = tries + 1
    assert(tries < 1000, "no port is free")
    servers[#servers + 1] = httpd.new{ port = math.random(10000, 32767) }
  end
  for index, server in ipairs(servers) do
    ports[index] = server:port()
    server:close()
  end
  return ports
end
