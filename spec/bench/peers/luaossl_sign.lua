-- The signature of the documented example with lua-luaossl.
local core = require "cloudaudit.core"
local example = require "bench.example"
local luaossl = require "bench.peers.luaossl"

local request = assert(example.client():prepare("CreateAuditTrack", example.params, example.timestamp, true))

local function sign()
  return luaossl.sign(example.id, example.key, request.host, example.timestamp, request.body)
end
assert(sign() == request.headers.Authorization and core)

require "bench.timed"(sign)
