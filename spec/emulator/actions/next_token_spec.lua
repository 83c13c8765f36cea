local core = require "cloudaudit.core"
local next_token = require "cloudaudit.emulator.actions.next_token"

local NOW = 1680513810.9322956

describe("cloudaudit.emulator.actions.next_token", function()
  -- A store with records that were taken in at the given times.
  local function store_of(times)
    local origin = next_token.origin(NOW)
    local store = { arrived = {}, origin = origin, ingested = origin }
    for i, time in ipairs(times) do
      store.arrived[i] = { seq = i, ingested = next_token.ingest_time(store, time) }
    end
    return store
  end

  local function place(seq, counter, skip)
    return { seq = seq, counter = counter or 0, skip = skip or 0 }
  end

  -- As the official Node.js SDK sends it back.
  local function rounded(token)
    return ("%.0f"):format(tonumber(token) + 0.0)
  end

  describe("as an ingest time", function()
    it("looks like the samples and is read back, also when it was rounded or is a neighbour", function()
      local store = store_of{ NOW, NOW, NOW + 0.5, NOW - 100, NOW + 100, NOW + 100.000001 }
      for seq = 0, 6 do
        for _, counter in ipairs{ 0, 1, 7, 89 } do
          local token = next_token.write("ingest_time", store, place(seq, counter), false)
          assert.truthy(token:find("^1680513%d%d%d%d%d%d%d%d%d%d$"), token)
          local near = token:sub(1, -3) .. ("%02d"):format((tonumber(token:sub(-2)) + 1) % 100)
          for _, given in ipairs{ token, rounded(token), core.decode(token), near } do
            assert.equal(seq, next_token.read("ingest_time", store, given).seq)
          end
        end
      end
    end)

    it("is given at the end of a list too, and differs for an empty page at the same place", function()
      local store = store_of{ NOW }
      assert.equal(17, #next_token.write("ingest_time", store, place(1), true))
      assert.not_equal(next_token.write("ingest_time", store, place(1, 1), false),
        next_token.write("ingest_time", store, place(1, 2), false))
    end)

    it("takes any number for a place", function()
      local store = store_of{ NOW, NOW }
      assert.equal(0, next_token.read("ingest_time", store, "5").seq)
      assert.equal(0, next_token.read("ingest_time", store, "12345678").seq)
      assert.equal(2, next_token.read("ingest_time", store, "18446744073709551615").seq)
      assert.is_nil((next_token.read("ingest_time", store, "-1")))
      assert.is_nil((next_token.read("ingest_time", store, "x")))
    end)

    it("is a JSON number at the beginning of the epoch as well", function()
      local store = { arrived = {}, origin = next_token.origin(0), ingested = next_token.origin(0) }
      local token = next_token.write("ingest_time", store, place(0), false)
      assert.equal("100", token)
      assert.equal(0, next_token.read("ingest_time", store, token).seq)
    end)

    it("has hundreds of characters for LookUpEvents", function()
      local store = store_of{ NOW, NOW }
      local token = next_token.write("ingest_time", store, place(1), false, true)
      assert.equal(644, #token)
      assert.truthy(token:find("^[%w+/]+=$"))
      assert.equal(1, next_token.read("ingest_time", store, token, true).seq)
      for _, other in ipairs{ "abc==", "5", token .. "x", token:sub(2):lower() } do
        assert.is_nil((next_token.read("ingest_time", store, other, true)), other)
      end
    end)
  end)

  describe("in strict form", function()
    local store = store_of{ NOW }

    it("is read back, as text and as a number of this Lua", function()
      for _, seq in ipairs{ 1, 2, 50, 99999999 } do
        for _, counter in ipairs{ 0, 1, 999, 1000 } do
          local token = next_token.write("strict", store, place(seq, counter), false)
          assert.equal(seq, next_token.read("strict", store, token).seq)
          assert.equal(seq, next_token.read("strict", store, core.decode(token)).seq)
          assert.equal(token, next_token.write("strict", store, place(seq, counter), false, true))
        end
      end
    end)

    it("is above 2^53 and odd, so that a double cannot represent it", function()
      for seq = 0, 500 do
        local token = next_token.write("strict", store, place(seq, seq), false)
        assert.equal(17, #token)
        assert.truthy(token:find("[13579]$"))
        assert.not_equal(token, rounded(token))
        assert.is_nil((next_token.read("strict", store, rounded(token))))
      end
    end)

    it("differs for an empty page at the same place", function()
      assert.not_equal(next_token.write("strict", store, place(7, 1), false),
        next_token.write("strict", store, place(7, 2), false))
    end)

    it("is refused if it was not written here", function()
      for _, token in ipairs{ "1", "16800000007000001", "x", "168000000070001111", "-1" } do
        assert.is_nil((next_token.read("strict", store, token)), token)
      end
    end)

    it("is 0 or empty at the end of a list", function()
      assert.equal("0", next_token.write("strict", store, place(1), true))
      assert.equal("", next_token.write("strict", store, place(1), true, true))
    end)
  end)

  it("counts the listed records with offset, and repeats the last one with inclusive", function()
    local store = store_of{ NOW, NOW }
    assert.equal("50", next_token.write("offset", store, place(1, 0, 50), false))
    assert.same({ seq = 0, skip = 50 }, next_token.read("offset", store, "50"))
    local token = next_token.write("inclusive", store, place(1), false)
    assert.same({ seq = 1, inclusive = true }, next_token.read("inclusive", store, token))
  end)

  it("takes 0, an empty text and no token for the first page", function()
    for _, mode in ipairs{ "ingest_time", "strict", "offset", "inclusive" } do
      for _, token in ipairs{ "0", 0, "" } do
        assert.same({ seq = 0 }, next_token.read(mode, store_of{}, token))
        assert.same({ seq = 0 }, next_token.read(mode, store_of{}, token, true))
      end
      assert.same({ seq = 0 }, next_token.read(mode, store_of{}, nil))
    end
  end)
end)
