local http1 = require "cloudaudit.driver.nginx.http1"
local cpu = require "support.cpu"

-- Feeds pieces; response and whether the connection may be kept, or nil and the message. `ends`: the peer closes then.
local function read(pieces, ends, limits)
  local reader = http1.reader(limits)
  local done, problem
  for _, piece in ipairs(pieces) do
    done, problem = reader:feed(piece)
    if problem then
      return nil, problem
    end
  end
  if ends and not done then
    done, problem = reader:finish()
    if problem then
      return nil, problem
    end
  end
  if done then
    return reader.response, reader.keep
  end
  return nil, "more"
end

local function bytes_of(text)
  local bytes = {}
  for byte in text:gmatch(".") do
    bytes[#bytes + 1] = byte
  end
  return bytes
end

local OK = "HTTP/1.1 200 OK\r\n"
local CHUNKED = OK .. "Transfer-Encoding: chunked\r\n\r\n"

describe("http1 reads", function()
  for _, case in ipairs{
    { "a body with a length", OK .. "Content-Length: 2\r\n\r\n{}", body = "{}", keep = true },
    { "no body", OK .. "Content-Length: 0\r\n\r\n", body = "", keep = true },
    { "a length that is said twice", OK .. "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", body = "{}",
      keep = true },
    { "a length with zeros before it", OK .. "Content-Length: 002\r\n\r\n{}", body = "{}", keep = true },
    { "chunks", CHUNKED .. "1\r\n{\r\n0001\r\n}\r\n0\r\n\r\n", body = "{}", keep = true },
    { "chunks with extensions and trailers", CHUNKED .. "A;x=\"y\"\r\n0123456789\r\n0;z\r\nDate: no\r\n\r\n",
      body = "0123456789", keep = true },
    { "chunked in any case", OK .. "transfer-ENCODING:\tChunked \r\n\r\n0\r\n\r\n", body = "", keep = true },
    { "the connection's end", OK .. "\r\n{}", body = "{}", keep = false, ends = true },
    { "no content", "HTTP/1.1 204 No Content\r\n\r\n", body = "", keep = true, status = 204 },
    { "no content, with a length of none", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", body = "",
      keep = true, status = 204 },
    { "no content although a length was said", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", body = "",
      keep = false, status = 304 },
    { "no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", body = "", keep = true },
    { "a reason in another alphabet", "HTTP/1.1 200 \228\189\160\r\nContent-Length: 0\r\n\r\n", body = "",
      keep = true },
    { "HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", body = "{}", keep = false },
    { "a close that is asked for", OK .. "Connection: Keep-Alive, Close\r\nContent-Length: 2\r\n\r\n{}", body = "{}",
      keep = false },
    { "interim heads", "HTTP/1.1 100 Continue\r\nContent-Length: 7\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n" .. OK
      .. "Content-Length: 2\r\n\r\n{}", body = "{}", keep = true },
    { "what follows, and drops it", OK .. "Content-Length: 2\r\n\r\n{}HTTP/1.1 200", body = "{}", keep = false },
    { "an identity encoding", OK .. "Content-Encoding: Identity\r\nContent-Length: 2\r\n\r\n{}", body = "{}",
      keep = true },
  } do
    it(case[1] .. ", at once and byte by byte", function()
      local response, keep = read({ case[2] }, case.ends)
      assert(response, keep)
      assert.equal(case.status or 200, response.status)
      assert.equal(case.body, response.body)
      assert.equal(case.keep, keep)
      local again, kept = read(bytes_of(case[2]), case.ends)
      assert.same(response, again)
      assert.equal(case.keep, kept)
    end)
  end

  it("names in lower case, values without surrounding whitespace, and joins repeated fields", function()
    local response = read{ OK
      .. "X-Two: a\r\nx-two:\tb c \r\nX-Tab: \ta\tb \t\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n" }
    assert.same({ ["x-two"] = "a, b c", ["x-tab"] = "a\tb", ["x-empty"] = "", ["content-length"] = "0" },
      response.headers)
  end)

  it("a body up to the limit, and a head up to its own", function()
    local response = read({ OK .. "Content-Length: 1000\r\n\r\n" .. ("x"):rep(1000) }, false, { max_body = 1000 })
    assert.equal(1000, #response.body)
    local chunks = CHUNKED .. "1f4\r\n" .. ("x"):rep(500) .. "\r\n1f4\r\n" .. ("y"):rep(500) .. "\r\n0\r\n\r\n"
    assert.equal(1000, #read({ chunks }, false, { max_body = 1000 }).body)
    assert.equal(1000, #read({ OK .. "\r\n" .. ("x"):rep(1000) }, true, { max_body = 1000 }).body)
    local head = OK .. "X: " .. ("x"):rep(65536 - 43) .. "\r\nContent-Length: 0\r\n\r\n"
    assert.equal(65536, #head)
    assert.truthy(read{ head })
    assert.equal("the head of the response is longer than allowed", select(2, read{ (head:gsub("X: ", "X: x")) }))
  end)

  it("tiny chunks in linear time", function()
    local growth = cpu.growth(function(count)
      local response = read{ CHUNKED .. ("1\r\nx\r\n"):rep(count) .. "0\r\n\r\n" }
      assert.equal(count, #response.body)
    end, 20000)
    assert.is_true(growth < 24, growth)
  end)
end)

describe("http1 refuses", function()
  local LONG = ("x"):rep(70000)
  for _, case in ipairs{
    { "HTTP/0.9", "hello", "not HTTP" },
    { "a body without a head", "{}", "not HTTP" },
    { "another version", "HTTP/2 200 OK\r\n\r\n", "not HTTP" },
    { "HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", "not HTTP" },
    { "a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", "not HTTP" },
    { "a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", "not HTTP" },
    { "a status below 100", "HTTP/1.1 099 OK\r\n\r\n", "not HTTP" },
    { "no status", "HTTP/1.1 OK\r\n\r\n", "not HTTP" },
    { "a bare line feed in the head", "HTTP/1.1 200 OK\nX: y\r\n\r\n", "not HTTP" },
    { "line feeds alone", "HTTP/1.1 200 OK\nX: y\n\n{}", "not HTTP" },
    { "a bare carriage return", OK .. "X: a\rY: b\r\n\r\n", "not HTTP" },
    { "a NUL", OK .. "X: a\0b\r\n\r\n", "not HTTP" },
    { "a folded line", OK .. "X: a\r\n b\r\n\r\n", "not HTTP" },
    { "a blank before the colon", OK .. "Content-Length : 2\r\n\r\n{}", "not HTTP" },
    { "a line without a colon", OK .. "Content-Length\r\n\r\n", "not HTTP" },
    { "a switch of protocols", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "switched" },
    { "two framings", OK .. "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", "both" },
    { "lengths that differ", OK .. "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "not one number" },
    { "lengths that differ in one line", OK .. "Content-Length: 2, 3\r\n\r\n{}", "not one number" },
    { "a length with a sign", OK .. "Content-Length: +2\r\n\r\n{}", "not one number" },
    { "a length that is empty", OK .. "Content-Length: \r\n\r\n{}", "not one number" },
    { "a length below zero", OK .. "Content-Length: -1\r\n\r\n{}", "not one number" },
    { "a length in hexadecimal", OK .. "Content-Length: 0x2\r\n\r\n{}", "not one number" },
    { "a length beyond all numbers", OK .. "Content-Length: 99999999999999999999\r\n\r\n{}", "not one number" },
    { "a body longer than allowed, at its head", OK .. "Content-Length: 16777217\r\n\r\n",
      "max_response (16777216 bytes)" },
    { "a chunk longer than allowed, at its length", CHUNKED .. "1000001\r\n", "longer than max_response" },
    { "a chunk beyond all numbers", CHUNKED .. "fffffffffffffffff\r\n", "valid length" },
    { "chunks longer than allowed together", CHUNKED .. "80000\r\n" .. ("x"):rep(0x80000) .. "\r\nf80001\r\n",
      "longer than max_response" },
    { "an endless body", OK .. "\r\n" .. ("x"):rep(16777217), "longer than max_response" },
    { "an endless head", OK .. "X: " .. LONG, "head of the response is longer" },
    { "endless interim heads", ("HTTP/1.1 102 Processing\r\n\r\n"):rep(3000), "head of the response is longer" },
    { "endless trailers", CHUNKED .. "0\r\n" .. ("X: y\r\n"):rep(12000), "head of the response is longer" },
    { "another encoding of the transfer", OK .. "Transfer-Encoding: gzip, chunked\r\n\r\n", "transfer encoding" },
    { "chunked twice", OK .. "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer encoding" },
    { "chunked before 1.1", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer encoding" },
    { "a content encoding", OK .. "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", "content encoding" },
    { "a chunk without a length", CHUNKED .. "\r\n", "valid length" },
    { "a chunk with a blank before its length", CHUNKED .. " 2\r\n{}\r\n", "valid length" },
    { "a chunk with a control character after its length", CHUNKED .. "2;\1x\r\n{}\r\n", "valid length" },
    { "a chunk with a bare line feed", CHUNKED .. "2\n{}\r\n0\r\n\r\n", "valid length" },
    { "a chunk's line without an end", CHUNKED .. "2;" .. ("x"):rep(300), "valid length" },
    { "a chunk that is longer than its length", CHUNKED .. "1\r\n{}\r\n0\r\n\r\n", "longer than its length" },
    { "a trailer that is not a field", CHUNKED .. "0\r\nnonsense\r\n\r\n", "trailer" },
  } do
    it(case[1] .. ", at once and in pieces", function()
      local response, message = read{ case[2] }
      assert.is_nil(response)
      assert.truthy(message:find(case[3], 1, true), message)
      local pieces = {}
      for piece in case[2]:gmatch(("."):rep(#case[2] > 1000 and 997 or 1)) do
        pieces[#pieces + 1] = piece
      end
      pieces[#pieces + 1] = case[2]:sub(#table.concat(pieces) + 1)
      response, message = read(pieces)
      assert.is_nil(response)
      assert.truthy(message:find(case[3], 1, true), message)
    end)
  end

  it("a response that was cut short, at every byte", function()
    local whole = { OK .. "Content-Length: 5\r\n\r\n{\"a\"}",
      "HTTP/1.1 100 Continue\r\n\r\n" .. CHUNKED .. "2\r\n{}\r\n1;x\r\n \r\n0\r\nDate: x\r\n\r\n" }
    for _, text in ipairs(whole) do
      assert.truthy(read({ text }, true))
      for length = 0, #text - 1 do
        local response, message = read({ text:sub(1, length) }, true)
        assert.is_nil(response)
        assert.truthy(message:find("^the connection was closed"), message)
      end
    end
  end)
end)

describe("http1 writes", function()
  local function request(more)
    local given = { method = "POST", body = "{}", headers = { ["X-A"] = "" } }
    for name, value in pairs(more or {}) do
      given[name] = value
    end
    return given
  end

  it("exactly the given headers and body, and what HTTP needs", function()
    local version = require("cloudaudit.core").version
    local tail = "Accept: */*\r\nUser-Agent: cloudaudit/" .. version .. "\r\n\r\n"
    assert.equal("POST / HTTP/1.1\r\nHost: a.example:8080\r\nX-A: \r\nContent-Length: 2\r\n" .. tail .. "{}",
      http1.request(request(), http1.url("http://a.example:8080")))
    assert.equal("POST /p?q=1 HTTP/1.1\r\nhost: signed\r\nContent-Length: 4\r\n" .. tail .. "a\0\r\n",
      http1.request(request{ headers = { host = "signed" }, body = "a\0\r\n" }, http1.url("http://a.example/p?q=1")))
    local two = http1.request(request{ headers = { ["X-A"] = "1", ["X-B"] = "2" } }, http1.url("http://a"))
    assert.truthy(two:find("\r\nX-A: 1\r\n", 1, true) and two:find("\r\nX-B: 2\r\n", 1, true), two)
    assert.equal("GET /?x HTTP/1.1\r\nHost: [::1]:81\r\n" .. tail,
      http1.request(request{ method = "GET", headers = {} }, http1.url("http://[::1]:81?x")))
  end)

  it("nothing that could end a header early", function()
    local url = http1.url("http://a/")
    for _, text in ipairs{ "a\r\nX-Evil: 1", "a\nb", "a\0b", "a\127" } do
      assert.error_matches(function() http1.request(request{ headers = { ["X-TC-Token"] = text } }, url) end,
        "^request.headers.X%-TC%-Token: holds a control character$")
    end
    for _, name in ipairs{ "", "a b", "a:b", "a\r\nb", "a\0" } do
      assert.error_matches(function() http1.request(request{ headers = { [name] = "1" } }, url) end, "not valid")
    end
    assert.error_matches(function() http1.request(request{ method = "GET / HTTP/1.1\r\nX:" }, url) end, "not valid")
  end)

  it("to an absolute http or https URL", function()
    assert.same({ scheme = "https", host = "a.example", port = 443, authority = "a.example", path = "/" },
      http1.url("https://a.example/"))
    assert.same({ scheme = "http", host = "127.0.0.1", port = 80, authority = "127.0.0.1", path = "/x" },
      http1.url("http://127.0.0.1/x"))
    assert.same({ scheme = "http", host = "::1", port = 8080, authority = "[::1]:8080", path = "/x?y" },
      http1.url("http://[::1]:8080/x?y"))
    for _, url in ipairs{ "file:///etc/passwd", "http://", "http://user@host/", "http://a b/", "http://a/\r\n",
      "a.example", "http://a:70000/", "http://a/\0", "HTTP//a" } do
      assert.is_nil(http1.url(url), url)
    end
  end)
end)
