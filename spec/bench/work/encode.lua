-- The documented example to checked JSON text.
local core = require "cloudaudit.core"
local params = require("bench.example").params

require "bench.timed"(function()
  assert(core.encode(params, "CreateAuditTrackRequest", true))
end)
