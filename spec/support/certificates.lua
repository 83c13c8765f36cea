-- Throwaway certificates for specs, made by the openssl command: a CA, and certificates signed by it.
local certificates = {}

local function run(command)
  local pipe = io.popen(command .. " 2>&1; echo \"=$?\"")
  local output = pipe:read("*a")
  pipe:close()
  if not output:match("=0\n$") then
    error(command .. "\n" .. output, 2)
  end
end

local function read(path)
  local file = assert(io.open(path, "r"))
  local text = file:read("*a")
  file:close()
  return text
end

local NEW_KEY = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256"

-- For how long: OpenSSL 3.4 and later take no negative number of days, and older ones no date.
local function validity(days)
  if days >= 0 then
    return "-days " .. days
  end
  local pipe = io.popen("openssl x509 -help 2>&1")
  local dates = pipe:read("*a"):find("-not_after", 1, true)
  pipe:close()
  return dates and "-not_before 20200101000000Z -not_after 20200102000000Z" or "-days " .. days
end

--- A new CA: {ca_file= path of its PEM, make(names, days), remove()}. OpenSSL looks them up by name.
function certificates.authority(name)
  local base = os.tmpname()
  local self = { ca_file = base .. ".ca.pem" }
  local made = { base, self.ca_file, base .. ".ca.key" }
  run(("%s -x509 -days 2 -subj '/CN=%s' -keyout '%s.ca.key' -out '%s'"):format(NEW_KEY, name or "spec CA",
    base, self.ca_file))

  --- {cert=PEM, key=PEM} for names such as "DNS:localhost,IP:127.0.0.1"; days may be negative: expired.
  function self.make(names, days)
    local stem = ("%s.%d"):format(base, #made)
    for _, ending in ipairs{ "key", "req", "ext", "pem" } do
      made[#made + 1] = stem .. "." .. ending
    end
    local file = assert(io.open(stem .. ".ext", "w"))
    file:write("subjectAltName=", names, "\n")
    file:close()
    run(("%s -subj /CN=spec -keyout '%s.key' -out '%s.req'"):format(NEW_KEY, stem, stem))
    run(("openssl x509 -req -sha256 -in '%s.req' -CA '%s' -CAkey '%s.ca.key' -set_serial %d"):format(
      stem, self.ca_file, base, #made)
      .. (" %s -extfile '%s.ext' -out '%s.pem'"):format(validity(days or 2), stem, stem))
    return { cert = read(stem .. ".pem"), key = read(stem .. ".key") }
  end

  function self.remove()
    for _, path in ipairs(made) do
      os.remove(path)
    end
  end

  return self
end

--- The name under which OpenSSL looks for the certificate in a PEM file, such as "9d66eef0.0".
function certificates.hashed_name(path)
  local pipe = io.popen(("openssl x509 -noout -hash -in '%s'"):format(path))
  local hash = pipe:read("*l")
  pipe:close()
  return hash .. ".0"
end

--- Links into the folder `path` the hashed names of the system's trust store, where Debian has it; returns how many
-- there are.
function certificates.link_system(path)
  local pipe = io.popen(([[
    for file in /etc/ssl/certs/*.[0-9]; do
      test -f "$file" && ln -s "$(readlink -f "$file")" "%s/${file##*/}" && echo
    done]]):format(path))
  local _, count = pipe:read("*a"):gsub("\n", "")
  pipe:close()
  return count
end

return certificates
