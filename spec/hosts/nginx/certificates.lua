-- Writes throwaway certificates for the nginx specs into the folder given as argument: spec-ca.pem signs cert
-- (localhost), expired and named (a.localhost); other-ca.pem signs stranger (localhost).
local certificates = require "support.certificates"
local folder = arg[1]

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  file:write(text)
  file:close()
end

local function copy(name, path)
  local file = assert(io.open(path))
  write(name, file:read("*a"))
  file:close()
end

local function keep(name, made)
  write(name .. ".pem", made.cert)
  write(name .. "-key.pem", made.key)
end

local authority, other = certificates.authority(), certificates.authority()
copy("spec-ca.pem", authority.ca_file)
copy("other-ca.pem", other.ca_file)
keep("cert", authority.make("DNS:localhost,DNS:*.test,IP:127.0.0.1"))
keep("expired", authority.make("DNS:localhost", -1))
keep("named", authority.make("DNS:a.localhost"))
keep("stranger", other.make("DNS:localhost"))
authority.remove()
other.remove()
