-- Free ports of 127.0.0.1, for servers that cannot choose one themselves. They lie below the range that the kernel
-- assigns to connections: a connection could take a port of that range before its server does.
local httpd = require "cloudaudit.httpd"

--- Returns a list of `count` ports.
return function(count)
  local servers, ports, tries = {}, {}, 0
  while #servers < count do
    tries = tries + 1
    assert(tries < 1000, "no free port found")
    servers[#servers + 1] = httpd.new{ port = math.random(10000, 32767) }
  end
  for index, server in ipairs(servers) do
    ports[index] = server:port()
    server:close()
  end
  return ports
end
