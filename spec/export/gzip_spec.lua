local gzip = require "cloudaudit.export.gzip"

local function packed(...)
  local pack, out = gzip.pack(), {}
  for _, text in ipairs{ ... } do
    out[#out + 1] = pack(text)
  end
  out[#out + 1] = pack()
  return table.concat(out)
end

-- The text of bytes that arrive in pieces of `step`.
local function unpacked(bytes, step)
  local unpack_next, out = gzip.unpack(), {}
  for from = 1, #bytes, step do
    local text, message = unpack_next(bytes:sub(from, from + step - 1))
    if not text then
      return nil, message
    end
    out[#out + 1] = text
  end
  local ended, message = unpack_next()
  return ended and table.concat(out), message
end

describe("cloudaudit.export.gzip", function()
  it("writes what gzip reads", function()
    local path = os.tmpname()
    local file = io.open(path, "wb")
    file:write(packed("one\n", "two\n"), packed(), packed("three\n"))
    file:close()
    local pipe = io.popen("env -u LD_PRELOAD gzip -dc " .. path)
    assert.equal("one\ntwo\nthree\n", pipe:read("*a"))
    pipe:close()
    os.remove(path)
  end)

  it("reads one or more members, however the bytes arrive", function()
    assert.is_true(gzip.is_there())
    local text = ("a line of text %d\n"):rep(200)
    local bytes = packed(text) .. packed("x") .. packed() .. packed(text)
    for _, step in ipairs{ 1, 2, 7, 100, #bytes } do
      assert.equal(text .. "x" .. text, unpacked(bytes, step))
    end
    assert.equal("", unpacked("", 1))
  end)

  it("finds bytes that are cut off or damaged", function()
    local bytes = packed("hello")
    for length = 1, #bytes - 1 do
      assert.same({ false, "it is cut off" }, { unpacked(bytes:sub(1, length), 3) and true or false,
        select(2, unpacked(bytes:sub(1, length), 3)) })
    end
    assert.same({ nil, "it is damaged" }, { unpacked("garbage", 7) })
    assert.same({ nil, "it is damaged" }, { unpacked(bytes .. "garbage", 100) })
    assert.same({ nil, "it is damaged" }, { unpacked(bytes:sub(1, -6) .. "wrong", 100) })
  end)
end)
