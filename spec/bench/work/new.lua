-- From the start to a client that has loaded everything except libcurl: it signs one request.
local example = require "bench.example"

local client = assert(require("cloudaudit").new{ secret_id = example.id, secret_key = example.key })
assert(client:prepare("CreateAuditTrack", example.params))
