-- Heads that are truncated, malformed, too long or contradictory.
local text = require "faults.scripts.text"

local OK = text.response(200, text.SUCCESS)
local LENGTH = "Content-Length: " .. #text.SUCCESS
local STALL = 0.4

local function head(...)
  return text.reply(text.raw({ "HTTP/1.1 200 OK", "Connection: close", ... }, text.SUCCESS), "fin")
end

return {
  -- status lines
  { "status line cut, closed", text.reply("HTTP/1.1 2", "fin"), "transport", "unknown", tries = "reads" },
  { "status line cut, reset", text.reply("HTTP/1.1 2", "rst"), "transport", "unknown", tries = "reads" },
  { "status line cut, stalled", text.reply("HTTP/1.1 2", "stall"), "timeout", "unknown", timeout = STALL },
  { "HTTP/0.9", text.reply(text.SUCCESS, "fin"), "protocol", "unknown" },
  { "HTTP/0.9 in plain words", text.reply("hello, this is not HTTP\r\n\r\n", "fin"), "protocol", "unknown" },
  { "HTTP/9.9", text.reply("HTTP/9.9 200 OK\r\n" .. LENGTH .. "\r\n\r\n" .. text.SUCCESS, "fin"),
    "protocol", "unknown" },
  { "HTTP/2 on a line", text.reply("HTTP/2 200\r\n" .. LENGTH .. "\r\n\r\n" .. text.SUCCESS, "fin"),
    "ok", strict = true },
  { "no status", text.reply("HTTP/1.1 OK\r\n" .. LENGTH .. "\r\n\r\n" .. text.SUCCESS, "fin"), "protocol", "unknown" },
  { "status 99", text.reply("HTTP/1.1 099 No\r\n" .. LENGTH .. "\r\n\r\n" .. text.SUCCESS, "fin"),
    "protocol", "unknown" },
  { "status of four digits", text.reply("HTTP/1.1 2000 OK\r\n" .. LENGTH .. "\r\n\r\n" .. text.SUCCESS, "fin"),
    "protocol", "unknown" },
  { "status without a reason", text.reply("HTTP/1.1 200\r\n" .. LENGTH .. "\r\n\r\n" .. text.SUCCESS), "ok" },
  { "a long reason", text.reply(text.response("200 " .. ("x"):rep(10000), text.SUCCESS)), "ok" },
  { "HTTP/1.0 until it closes", text.reply("HTTP/1.0 200 OK\r\n\r\n" .. text.SUCCESS, "fin"), "ok" },
  { "an empty line first", text.reply("\r\n" .. OK, "fin"), "protocol", "unknown" },
  { "another HTTP first", text.reply("ICY 200 OK\r\n\r\n" .. text.SUCCESS, "fin"), "protocol", "unknown" },
  -- interim responses
  { "100 and the answer", text.reply("HTTP/1.1 100 Continue\r\n\r\n" .. OK), "ok" },
  { "103 and the answer", text.reply("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" .. OK), "ok" },
  { "100 and a close", text.reply("HTTP/1.1 100 Continue\r\n\r\n", "fin"), "transport", "unknown", tries = "reads" },
  { "100 and a stall", text.reply("HTTP/1.1 100 Continue\r\n\r\n", "stall"), "timeout", "unknown", timeout = STALL },
  { "100 without end", { "request", { "flood", "HTTP/1.1 100 Continue\r\nX-A: b\r\n\r\n" } }, "protocol", "unknown" },
  { "101", text.reply("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n" .. text.SUCCESS, "fin"), "protocol", "unknown" },
  -- headers
  { "head cut, closed", text.reply("HTTP/1.1 200 OK\r\nX-A", "fin"), "transport", "unknown", tries = "reads" },
  { "head cut, stalled", text.reply("HTTP/1.1 200 OK\r\nX-A: b\r\n", "stall"), "timeout", "unknown", timeout = STALL },
  { "a header without a colon", head("no colon here", LENGTH), "protocol", "unknown" },
  { "a folded header", head("X-A: b\r\n  folded", LENGTH), "ok", strict = true },
  { "a NUL in a header", head("X-A: b\0c", LENGTH), "protocol", "unknown" },
  { "lines that end with LF", text.reply((OK:gsub("\r\n", "\n"))), "ok", strict = true },
  { "a header of 70 KB", head("X-A: " .. ("x"):rep(70000), LENGTH), "protocol", "unknown" },
  { "2,000 headers", head(("X-A: bcdefghijklmnopqrstuvwxyzabcd\r\n"):rep(2000) .. "X-B: c", LENGTH),
    "protocol", "unknown" },
  { "headers without end", { "request", { "send", "HTTP/1.1 200 OK\r\n" }, { "flood", ("X-A: b\r\n"):rep(100) } },
    "protocol", "unknown" },
  { "the type of a page", head("Content-Type: text/html", LENGTH), "ok" },
  { "a cookie, another service, a redirect", head("Set-Cookie: a=b", "Alt-Svc: h2=\":443\"",
    "Location: http://127.0.0.2/", "Refresh: 0", LENGTH), "ok" },
  -- lengths
  { "no length, until it closes", head(), "ok" },
  { "no length, reset", text.reply("HTTP/1.1 200 OK\r\n\r\n" .. text.SUCCESS, "rst"),
    "transport", "unknown", tries = "reads", untold = true },
  { "no length, half a body", text.reply("HTTP/1.1 200 OK\r\n\r\n" .. text.SUCCESS:sub(1, 30), "fin"),
    "protocol", "unknown",
    tries = "reads" },
  { "the same length twice", head(LENGTH, LENGTH), "ok" },
  { "two lengths", head(LENGTH, "Content-Length: 5"), "protocol", "unknown", strict = true },
  { "a negative length", head("Content-Length: -5"), "protocol", "unknown" },
  { "a length that is none", head("Content-Length: abc"), "protocol", "unknown" },
  { "a length beyond 64 bits", head("Content-Length: 99999999999999999999999"), "protocol", "unknown" },
  { "a length of a terabyte", head("Content-Length: 1099511627776"), "protocol", "unknown" },
  { "a length of 0", head("Content-Length: 0"), "protocol", "unknown" },
  { "a length too short", head("Content-Length: 20"), "protocol", "unknown" },
  { "a length too long, closed", head("Content-Length: 900"), "transport", "unknown", tries = "reads" },
  { "a length too long, stalled",
    text.reply(text.raw({ "HTTP/1.1 200 OK", "Content-Length: 900" }, text.SUCCESS), "stall"),
    "timeout", "unknown", timeout = STALL },
  -- encodings
  { "gzip", head("Content-Encoding: gzip", LENGTH), "protocol", "unknown" },
  { "br", head("content-encoding:br", LENGTH), "protocol", "unknown" },
  { "zstd", head("CONTENT-ENCODING: zstd", LENGTH), "protocol", "unknown" },
  { "identity, then gzip", head("Content-Encoding: identity, gzip", LENGTH), "protocol", "unknown" },
  { "identity", head("Content-Encoding: identity", LENGTH), "ok" },
  { "a gzipped transfer", head("Transfer-Encoding: gzip", LENGTH), "protocol", "unknown" },
  { "a gzipped and chunked transfer", head("Transfer-Encoding: gzip, chunked"), "protocol", "unknown" },
}
