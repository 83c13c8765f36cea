local cloudaudit = require "cloudaudit"
local providers = require "cloudaudit.credentials.provider"

local credentials = cloudaudit.credentials
local context = { clock = function() return 1000 end }

describe("credentials.callback", function()
  it("calls a function", function()
    local made = credentials.callback(function() return { secret_id = "AKIDAKIDAKIDAKID", secret_key = "k" } end)
    local snapshot = providers.ask(made, context)
    assert.equal("AKID****KID", snapshot.shown)
    assert.equal("callback", snapshot.source)
    made = credentials.callback(function() return { secret_id = "i", secret_key = "k" } end, "vault")
    assert.equal("vault", providers.ask(made, context).source)
    local none, message, err = providers.ask(credentials.callback(function() return nil, "sealed" end), context)
    assert.is_nil(none)
    assert.equal("sealed", message)
    assert.is_nil(err)
    assert.error_matches(function() credentials.callback{} end, "credentials%.callback%.get: function expected")
    assert.error_matches(function() credentials.callback(print, 5) end, "credentials%.callback: name: string expected")
  end)
end)
