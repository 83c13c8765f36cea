local cidr = require "cloudaudit.events.cidr"

local function holds(block, address)
  local read, bytes = cidr.block(block), cidr.address(address)
  assert(read, block)
  return bytes and cidr.contains(read, bytes)
end

describe("cidr", function()
  it("reads addresses of both kinds", function()
    assert.same({ 10, 0, 4, 20 }, cidr.address("10.0.4.20"))
    assert.same({ 32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, cidr.address("2001:db8::1"))
    assert.same({ 32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, cidr.address("2001:DB8::"))
    assert.equal(16, #cidr.address("::"))
    assert.same({ 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8 }, cidr.address("1:2:3:4:5:6:7:8"))
    assert.same({ 10, 0, 0, 1 }, cidr.address("::ffff:10.0.0.1"))
    assert.same({ 10, 0, 0, 1 }, cidr.address("::ffff:a00:1"))
  end)

  it("refuses what is none", function()
    for _, text in ipairs{ "", "10.0.0", "10.0.0.256", "1.2.3.4.5", "10.0.0.-1", "1:2:3:4:5:6:7", "1::2::3", ":::",
      "1:2:3:4:5:6:7:8:9", "12345::", "g::", "1.2.3.4::", "::1.2.3.4.5", "1:2:3:4:5:6:7:8::", "cvm.example",
      "10.0.0.1 " } do
      assert.is_nil(cidr.address(text), text)
    end
    assert.is_nil(cidr.address(nil))
    assert.is_nil(cidr.address(5))
    for _, text in ipairs{ "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "2001:db8::/129", "/8", "x/8", "10.0.0.0/8/8",
      "::ffff:10.0.0.0/95" } do
      assert.is_nil(cidr.block(text), text)
      assert.is_true(cidr.looks_like_block(text))
    end
  end)

  it("tells whether a block contains an address", function()
    assert.is_true(holds("10.0.0.0/8", "10.255.1.2"))
    assert.is_false(holds("10.0.0.0/8", "11.0.0.0"))
    assert.is_true(holds("10.0.0.128/25", "10.0.0.129"))
    assert.is_false(holds("10.0.0.128/25", "10.0.0.127"))
    assert.is_true(holds("203.0.113.7/32", "203.0.113.7"))
    assert.is_false(holds("203.0.113.7/32", "203.0.113.6"))
    assert.is_true(holds("0.0.0.0/0", "255.255.255.255"))
    assert.is_false(holds("0.0.0.0/0", "::1"))
    assert.is_true(holds("2001:db8::/33", "2001:db8:7fff::1"))
    assert.is_false(holds("2001:db8::/33", "2001:db8:8000::1"))
    assert.is_true(holds("::ffff:10.0.0.0/104", "10.9.9.9"))
    assert.is_true(holds("10.0.0.0/8", "::ffff:10.1.1.1"))
  end)

  it("agrees with arithmetic for every length of an IPv4 block", function()
    local function number(text)
      local a, b, c, d = text:match("(%d+)%.(%d+)%.(%d+)%.(%d+)")
      return ((a * 256 + b) * 256 + c) * 256 + d
    end
    local addresses = { "0.0.0.0", "10.1.2.3", "10.1.2.4", "10.1.130.3", "127.255.255.255", "128.0.0.0",
      "255.255.255.255" }
    for bits = 0, 32 do
      local size = 2 ^ (32 - bits)
      for _, base in ipairs(addresses) do
        for _, address in ipairs(addresses) do
          assert.equal(math.floor(number(base) / size) == math.floor(number(address) / size),
            holds(base .. "/" .. bits, address), base .. "/" .. bits .. " " .. address)
        end
      end
    end
  end)
end)
