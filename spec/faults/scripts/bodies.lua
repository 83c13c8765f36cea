-- Bodies with framing or content that a client must not trust. Each ends its connection, so that a retry has a fresh
-- one.
local text = require "faults.scripts.text"

local SUCCESS = text.SUCCESS
local CHUNKED = "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
local STALL = 0.4

local function chunk(body, size)
  return ("%s\r\n%s\r\n"):format(size or ("%x"):format(#body), body)
end

local function chunked(...)
  return text.reply(CHUNKED .. table.concat{ ... }, "fin")
end

local function body(bytes)
  return text.reply(text.response(200, bytes, { "Connection: close" }))
end

local DEEP = '{"Response":{"TrackId":1,"RequestId":"r","A":%s}}'
local LIMIT = 1024 * 1024
local FRAME = '{"Response":{"TrackId":1,"RequestId":"r","A":"%s"}}'

local rows = {
  -- chunks
  { "one chunk", chunked(chunk(SUCCESS), "0\r\n\r\n"), "ok" },
  { "a chunk a byte", chunked((SUCCESS:gsub(".", function(byte) return chunk(byte) end)), "0\r\n\r\n"), "ok" },
  { "chunks with extensions and trailers",
    chunked(chunk(SUCCESS, ("%x;a=b"):format(#SUCCESS)), "0\r\nX-A: b\r\n\r\n"), "ok" },
  { "chunks in capitals and zeros", chunked(chunk(SUCCESS, ("000%X"):format(#SUCCESS)), "0\r\n\r\n"), "ok" },
  { "chunks beside a length",
    text.reply(text.raw({ "HTTP/1.1 200 OK", "Content-Length: 7", "Transfer-Encoding: chunked" },
      chunk(SUCCESS) .. "0\r\n\r\n"), "fin"), "ok", strict = true },
  { "no last chunk, closed", chunked(chunk(SUCCESS)), "transport", "unknown", tries = "reads" },
  { "no last chunk, reset", text.reply(CHUNKED .. chunk(SUCCESS), "rst"), "transport", "unknown", tries = "reads" },
  { "no last chunk, stalled", text.reply(CHUNKED .. chunk(SUCCESS), "stall"), "timeout", "unknown", timeout = STALL },
  { "a chunk cut", chunked(("%x\r\n"):format(#SUCCESS), SUCCESS:sub(1, 20)), "transport", "unknown", tries = "reads" },
  { "a size cut", chunked("4"), "transport", "unknown", tries = "reads" },
  { "a size that is none", chunked(chunk(SUCCESS, "zz")), "protocol", "unknown" },
  { "a negative size", chunked(chunk(SUCCESS, "-5")), "protocol", "unknown" },
  { "a size beyond 64 bits", chunked(chunk(SUCCESS, ("f"):rep(40))), "protocol", "unknown" },
  { "a chunk longer than its size", chunked(chunk(SUCCESS, "5")), "protocol", "unknown" },
  { "only the last chunk", chunked("0\r\n\r\n"), "protocol", "unknown" },
  { "chunks without end", { "request", { "send", CHUNKED }, { "flood", chunk(("x"):rep(4096)) } },
    "protocol", "unknown" },
  { "a body without end", { "request", { "send", "HTTP/1.1 200 OK\r\n\r\n" }, { "flood", ("x"):rep(4096) } },
    "protocol", "unknown" },
  { "trailers without end", { "request", { "send", CHUNKED .. chunk(SUCCESS) .. "0\r\n" },
    { "flood", ("X-A: b\r\n"):rep(100) } }, "protocol", "unknown" },
  -- sizes
  { "a body as long as allowed", body(FRAME:format(("x"):rep(LIMIT - #FRAME + 2))), "ok" },
  { "a body one byte longer", body(FRAME:format(("x"):rep(LIMIT - #FRAME + 3))), "protocol", "unknown" },
}

-- Complete bodies without a usable content: they would come again, so a read is not retried.
local nothing = {
  { "nothing at all", "" },
  { "blanks", " \r\n\t" },
  { "a page", "<html><body>Please sign in</body></html>" },
  { "null", "null" },
  { "a list", "[]" },
  { "a text", '"Response"' },
  { "an empty object", "{}" },
  { "a null for Response", '{"Response":null}' },
  { "a list for Response", '{"Response":[]}' },
  { "a text for Response", '{"Response":"ok"}' },
  { "an empty Response", '{"Response":{}}' },
  { "no RequestId", '{"Response":{"TrackId":1}}' },
  { "an empty RequestId", '{"Response":{"TrackId":1,"RequestId":""}}' },
  { "another name for Response", '{"response":{"TrackId":1,"RequestId":"r"}}' },
  { "an Error that is a text", '{"Response":{"Error":"no","RequestId":"r"}}' },
  { "an Error without a Code", '{"Response":{"Error":{"Message":"no"},"RequestId":"r"}}' },
  { "an Error with an empty Code", '{"Response":{"Error":{"Code":"","Message":"no"},"RequestId":"r"}}' },
  { "JSON that is cut", SUCCESS:sub(1, -2) },
  { "JSON and a brace", SUCCESS .. "}" },
  { "JSON twice", SUCCESS .. SUCCESS },
  { "JSON with a NUL", SUCCESS .. "\0" },
  { "JSON with a comment", "/* */" .. SUCCESS },
  { "JSON with a trailing comma", '{"Response":{"TrackId":1,"RequestId":"r",}}' },
  { "JSON with NaN", '{"Response":{"TrackId":NaN,"RequestId":"r"}}' },
  { "JSON in UTF-16", (SUCCESS:gsub(".", "%0\0")) },
  { "JSON far too deep", DEEP:format(("["):rep(100000)) },
}
for _, row in ipairs(nothing) do
  rows[#rows + 1] = { "says " .. row[1], body(row[2]), "protocol", "unknown" }
end

-- Unusual, but valid responses.
local odd = {
  { "JSON with 67 levels", DEEP:format(("["):rep(65) .. ("]"):rep(65)) },
  { "JSON behind a byte order mark", "\239\187\191" .. SUCCESS },
  { "a number for RequestId", '{"Response":{"TrackId":1,"RequestId":5}}' },
  { "an Error that is null", '{"Response":{"Error":null,"TrackId":1,"RequestId":"r"}}' },
  { "members that nobody knows", '{"Response":{"TrackId":1,"RequestId":"r","New":[{"A":{}}]},"Other":1}' },
  { "escapes", '{"\\u0052esponse":{"TrackId":1,"RequestId":"\\u0072"}}' },
  { "members twice", '{"Response":{"TrackId":1,"TrackId":2,"RequestId":"a","RequestId":"r"}}' },
  { "an id of 2^64 - 1", '{"Response":{"TrackId":18446744073709551615,"RequestId":"r"}}' },
}
for _, row in ipairs(odd) do
  rows[#rows + 1] = { "says " .. row[1], body(row[2]), "ok" }
end

return rows
