local cloudaudit = require "cloudaudit"
local roles = require "support.roles"
local temporary_keys = require "cloudaudit.emulator.temporary_keys"

local NOW = 1767225600

describe("cloudaudit.emulator.temporary_keys", function()
  it("issues credentials that the emulator accepts, with their token only", function()
    local emulator = cloudaudit.emulator.new{ now = NOW }
    local id, key, token, expires = temporary_keys.issue(emulator, 60)
    assert.equal(NOW + 60, expires)
    assert(emulator:client{ secret_id = id, secret_key = key, token = token }:quota())
    local _, _, err = emulator:client{ secret_id = id, secret_key = key, token = token .. "x" }:quota()
    assert.equal("AuthFailure.TokenFailure", err.code)
  end)

  it("issues different credentials each time, the same for the same seed", function()
    local function issue_two(seed)
      local emulator = cloudaudit.emulator.new{ now = NOW, seed = seed }
      return { temporary_keys.issue(emulator, 60) }, { temporary_keys.issue(emulator, 60) }
    end
    local first, second = issue_two(1)
    for index = 1, 3 do
      assert.not_equal(first[index], second[index])
    end
    assert.truthy(first[1]:find("^AKID%w+$"))
    assert.same({ first, second }, { issue_two(1) })
    assert.not_same(first, (issue_two(2)))
  end)

  it("lets credentials expire", function()
    local emulator, source = roles.new{ role_seconds = 60 }
    local request
    local driver = emulator:driver()
    local exchange = driver.exchange
    function driver.exchange(sent, timeout)
      request = sent
      return exchange(sent, timeout)
    end
    assert(emulator:client{ credentials = roles.role(source), driver = driver }:quota())
    emulator:advance(61)
    local response = exchange(request, 1)
    assert.truthy(response.body:find("AuthFailure.TokenFailure", 1, true))
  end)

  it("forgets them at reset", function()
    local emulator = cloudaudit.emulator.new{ now = NOW }
    local id, key, token = temporary_keys.issue(emulator, 60)
    emulator:reset()
    local _, _, err = emulator:client{ secret_id = id, secret_key = key, token = token }:quota()
    assert.equal("AuthFailure.SecretIdNotFound", err.code)
  end)
end)
