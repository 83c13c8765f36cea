local fields = require "cloudaudit.driver.nginx.fields"

describe("the fields of a head", function()
  local function read(text, at)
    local headers = {}
    return fields.read(text, at or 1, headers) and headers
  end

  it("are read by name in lower case, without blanks around values, joined when repeated", function()
    assert.same({ date = "now", ["x-a"] = "1, 2, 3", empty = "" },
      read("Date: \tnow \t\r\nX-A:1\r\nx-a: 2\r\nX-a: 3 \r\nEmpty:\r\n"))
    assert.same({ b = "2" }, read("A: 1\r\nB: 2\r\n", 7))
    assert.same({ a = "b  \t c" }, read("A:  b  \t c \r\n"))
  end)

  it("are refused when one is not a field", function()
    for _, text in ipairs{ "no colon\r\n", "a b: 1\r\n", ": 1\r\n", "A: \0\r\n", "A: 1\r\n folded\r\n",
      "A\r\nB: 1\r\n" } do
      assert.is_false(read(text))
    end
  end)
end)

describe("Content-Length", function()
  it("is one number, which may be repeated", function()
    assert.equal(12, fields.length("12"))
    assert.equal(12, fields.length("12, 12 ,\t12"))
    for _, text in ipairs{ "", "1,2", "-1", "1 2", "0x1", "1,", ("9"):rep(16) } do
      assert.is_nil(fields.length(text))
    end
  end)
end)

describe("a list of words", function()
  it("has a word in any case, whole", function()
    assert.is_true(fields.has_token("keep-alive, Close", "close"))
    assert.is_false(fields.has_token("closed", "close"))
    assert.is_false(fields.has_token(nil, "close"))
  end)
end)
