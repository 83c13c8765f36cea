local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local oracle = require "support.http1_oracle"

local http1 = cloudaudit.http1

local function request(more)
  local given = { method = "POST", url = "http://a.example/", body = "{}", headers = { ["X-A"] = "" } }
  for name, value in pairs(more or {}) do
    given[name] = value
  end
  return given
end

-- An exchange whose request has left.
local function begin(more, limits)
  local exchange = assert(http1.exchange(request(more), limits))
  exchange:sent(#exchange:output())
  return exchange
end

local OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

-- ---- the corpus ----------------------------------------------------------------------------------

local function corpus()
  local file = assert(io.open("spec/fixtures/http1.json", "rb"))
  local rows = core.decode(file:read("*a"))
  file:close()
  for _, row in ipairs(rows) do
    row.bytes = row.bytes .. (row["repeat"] or ""):rep(row.times or 0)
  end
  assert(#rows > 200)
  return rows
end

local function pieces_of(text, size)
  local pieces = {}
  for at = 1, #text, size do
    pieces[#pieces + 1] = text:sub(at, at + size - 1)
  end
  return pieces
end

-- Both return the outcome as the corpus names it, the response and the message.
local function read(row, size)
  local exchange = begin{ method = row.method or "POST" }
  local response, message
  for _, piece in ipairs(pieces_of(row.bytes, size)) do
    response, message = exchange:feed(piece)
    if response == nil then
      return "refused", nil, message
    end
  end
  if response then
    return exchange:keep() and "keep" or "close", response
  end
  response, message = exchange:closed()
  assert.is_false(exchange:keep())
  return response and "until close" or "cut", response, message
end

local function read_oracle(row, size)
  local reader = oracle.reader()
  local done, problem
  for _, piece in ipairs(pieces_of(row.bytes, size)) do
    done, problem = reader:feed(piece)
    if problem then
      return "refused", nil, problem
    end
  end
  if done then
    return reader.keep and "keep" or "close", reader.response
  end
  done, problem = reader:finish()
  return done and "until close" or "cut", reader.response, problem
end

-- The reader in Lua looks for CRLF alone, and so waits for the end of this line.
local LATE = "trailer: a line feed alone as its end"

local function check(row, reader)
  for _, size in ipairs{ #row.bytes + 1, #row.bytes > 1000 and 997 or 1 } do
    local outcome, response, message = reader(row, size)
    assert.equal(row.outcome, outcome, ("%s: %s"):format(row.name, tostring(message)))
    if row.status then
      assert.equal(row.status, response.status)
      assert.equal(row.body, response.body)
    else
      local wanted = row.message or "the connection was closed"
      assert.truthy(message:find(wanted, 1, true), ("%s: %s"):format(row.name, message))
    end
  end
end

describe("the corpus of framing", function()
  local rows = corpus()

  it("has the expected outcomes, at once and in pieces", function()
    for _, row in ipairs(rows) do
      check(row, read)
    end
  end)

  it("has them with the reader in Lua, too", function()
    for _, row in ipairs(rows) do
      if not row.method and row.name ~= LATE then
        check(row, read_oracle)
      end
    end
  end)

  it("has a reason wherever llhttp reads something else", function()
    local differing = 0
    for _, row in ipairs(rows) do
      assert.equal(row.llhttp ~= nil, row.why ~= nil, row.name)
      differing = differing + (row.llhttp and 1 or 0)
    end
    assert.is_true(differing > 20)
  end)
end)

-- ---- the request ---------------------------------------------------------------------------------

describe("http1 writes", function()
  it("the bytes that the codec in Lua wrote", function()
    for _, more in ipairs{ {}, { body = "a\0\r\n" }, { headers = { host = "signed" } }, { method = "GET", body = "x" },
      { url = "https://[::1]:8443?x=%20", headers = {} } } do
      local given = request(more)
      assert.equal(oracle.request(given, oracle.url(given.url)), http1.exchange(given):output())
    end
  end)

  it("a request of the client", function()
    local client = assert(cloudaudit.new{ env = false, secret_id = "AKIDEXAMPLE", secret_key = "key" })
    local bytes = http1.exchange(assert(client:prepare("ListAudits"))):output()
    assert.truthy(bytes:find("^POST / HTTP/1%.1\r\nHost: cloudaudit%.tencentcloudapi%.com\r\n"))
    assert.truthy(bytes:find("\r\nX-TC-Action: ListAudits\r\n", 1, true))
    assert.truthy(bytes:find("\r\nContent-Length: 2\r\n", 1, true) and bytes:find("\r\n\r\n{}$"))
    client:close()
  end)

  it("nothing that could end a line early, and names it", function()
    for _, case in ipairs{
      { { headers = { X = "a\r\nY: b" } }, "request.headers.X: holds a control character; text without any expected" },
      { { headers = { ["X Y"] = "a" } }, "request.headers.X Y: not the name of a header" },
      { { headers = { ["content-length"] = "2" } }, "request.headers.content-length: is written from the body's" },
      { { method = "get" }, "request.method: upper-case letters expected" },
      { { headers = { X = 1 } }, "http1.exchange.headers: names and values must be strings" },
      { { url = false }, "http1.exchange.url: string expected" },
      { { header = {} }, "http1.exchange.header: unknown field, did you mean headers?" },
    } do
      local ok, message = pcall(http1.exchange, request(case[1]))
      assert.is_false(ok)
      assert.truthy(message:find(case[2], 1, true), message)
    end
    assert.error_matches(function() http1.exchange(request(), { max_body = -1 }) end, "max_body: integer")
    assert.error_matches(function() http1.exchange(request(), 7) end, "table of fields expected")
    local _, misuse = pcall(function() begin():feed(7) end)
    assert.truthy(tostring(misuse):find("spec/http1_spec.lua:%d+: http1:feed%.data: string expected, got number$"))
    for _, count in ipairs{ "x", -1, 1.5, math.huge, 0 / 0, 2 ^ 53 } do
      local _, sent = pcall(function() begin():sent(count) end)
      assert.truthy(tostring(sent):find("spec/http1_spec.lua:%d+: http1:sent%.count: integer"), tostring(sent))
      local _, output = pcall(function() begin():output(count) end)
      assert.truthy(tostring(output):find("spec/http1_spec.lua:%d+: http1:output%.most: integer"), tostring(output))
      assert.error_matches(function() http1.exchange(request(), { max_body = count }) end, "max_body: integer")
      assert.error_matches(function() http1.exchange(request{ max_response = count }) end, "max_response: integer")
    end
    assert.error_matches(function() begin():sent() end, "http1:sent.count: missing")
  end)

  it("to an absolute http or https URL", function()
    assert.same({ scheme = "https", host = "a.example", port = 443, authority = "a.example", target = "/x?y" },
      http1.url("https://a.example/x?y"))
    assert.same({ scheme = "http", host = "::1", port = 8080, authority = "[::1]:8080", target = "" },
      http1.url("http://[::1]:8080"))
    for _, url in ipairs{ "file:///etc/passwd", "http://", "http://user@host/", "http://a b/", "http://a/\r\n",
      "a.example", "http://a:70000/", "http://a/\0", "HTTP//a" } do
      local _, message, err = http1.url(url)
      assert.truthy(message:find("expected", 1, true), url)
      assert.same({ "config", "url", "not_sent" }, { err.kind, err.field, err.outcome })
      _, message, err = http1.exchange(request{ url = url })
      assert.truthy(message:find("^request%.url: "), url)
      assert.equal("config", err.kind)
    end
    assert.error_matches(function() http1.url(7) end, "http1.url: string expected, got number")
  end)
end)

-- ---- what may have left --------------------------------------------------------------------------

describe("http1 knows", function()
  it("which bytes may have left", function()
    local exchange = http1.exchange(request())
    local whole = exchange:output()
    assert.is_true(exchange:may_have_left())
    exchange:sent(0)
    assert.is_false(exchange:may_have_left())
    assert.equal(whole:sub(1, 10), exchange:output(10))
    exchange:sent(4)
    assert.is_true(exchange:may_have_left())
    assert.equal(whole:sub(5), exchange:output())
    exchange:sent(#whole)
    assert.equal("", exchange:output())
  end)

  it("that bytes before the request answer another", function()
    local exchange = http1.exchange(request())
    local _, message, err = exchange:feed(OK)
    assert.equal("bytes came before the request was sent", message)
    assert.same({ "protocol", "not_sent" }, { err.kind, err.outcome })
    _, message, err = http1.exchange(request()):closed()
    assert.equal("the connection was closed before a response came", message)
    assert.same({ "transport", "not_sent" }, { err.kind, err.outcome })
    _, _, err = begin():closed()
    assert.same({ "transport", "unknown" }, { err.kind, err.outcome })
  end)

  it("that a connection ends with a request that was cut, or with bytes after the response", function()
    local exchange = http1.exchange(request())
    exchange:sent(#exchange:output() - 1)
    assert.equal(200, exchange:feed(OK).status)
    assert.is_false(exchange:keep())
    exchange = begin()
    local response = exchange:feed(OK)
    assert.is_true(exchange:keep())
    assert.equal(response, exchange:feed("x"))
    assert.is_false(exchange:keep())
    assert.equal(response, exchange:closed())
  end)
end)

describe("http1 reads", function()
  it("names in lower case, values without surrounding blanks, and joins repeated fields", function()
    local response = begin():feed("HTTP/1.1 200 OK\r\nX-Two: a\r\nx-two:\tb c \r\nX-TWO: d\r\nX-Tab: \ta\tb \t\r\n"
      .. "X-Empty:\r\nContent-Length: 0\r\n\r\n")
    assert.same({ ["x-two"] = "a, b c, d", ["x-tab"] = "a\tb", ["x-empty"] = "", ["content-length"] = "0" },
      response.headers)
  end)

  it("a body in many pieces", function()
    local exchange, body = begin(), {}
    assert.is_false(exchange:feed("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"))
    for index = 1, 99 do
      body[index] = ("%03d."):format(index) .. ("x"):rep(996)
      assert.is_false(exchange:feed(body[index]))
    end
    body[100] = ("y"):rep(1000)
    assert.equal(table.concat(body), exchange:feed(body[100]).body)
  end)

  it("no more than allowed, and says so", function()
    local text = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"
    local _, message, err = begin(nil, { max_body = 10 }):feed(text)
    assert.equal("the body of the response is longer than max_response (10 bytes)", message)
    assert.same({ "protocol", "max_response" }, { err.kind, err.field })
    _, message = begin({ max_response = 9 }, { max_body = 10 }):feed(text)
    assert.truthy(message:find("9 bytes", 1, true))
    assert.is_false(begin(nil, { max_body = 11, max_head = #text }):feed(text))
    _, message = begin(nil, { max_head = #text - 1 }):feed(text)
    assert.equal("the head of the response is longer than allowed", message)
  end)

  it("nothing more once it is closed or has failed", function()
    local exchange = begin()
    exchange:close()
    exchange:close()
    assert.equal("", exchange:output())
    assert.equal("the exchange has failed before", select(2, exchange:feed(OK)))
    exchange = begin()
    assert.is_nil(exchange:feed("hello"))
    assert.equal("the exchange has failed before", select(2, exchange:feed(OK)))
    assert.equal("the exchange has failed before", select(2, exchange:closed()))
  end)
end)
