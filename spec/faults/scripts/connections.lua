-- Connections that end, stall or send at the wrong time.
local text = require "faults.scripts.text"

local OK = text.response(200, text.SUCCESS)
local STALL = 0.4

local rows = {
  { "answers", text.reply(OK), "ok" },
  { "answers and closes", text.reply(OK, "fin"), "ok" },
  { "answers byte by byte", { "request", { "drip", OK, 0.001 } }, "ok" },
  { "answers after a while", { "request", { "wait", 0.2 }, { "send", OK } }, "ok" },
  { "answers in two parts", { "request", { "send", OK:sub(1, 20) }, { "wait", 0.05 }, { "send", OK:sub(21) } }, "ok" },
  { "closes within the request", { { "read", 100 }, "fin" }, "transport", "unknown", tries = "reads" },
  { "resets within the request", { { "read", 100 }, "rst" }, "transport", "unknown", tries = "reads" },
  { "drops within the request", { { "read", 100 }, "cut" }, "transport", "unknown", tries = "reads" },
  { "stalls within the request", { { "read", 100 }, "stall" }, "timeout", "unknown", timeout = STALL },
  { "never reads", { "pause", "stall" }, "timeout", "unknown", timeout = STALL, unsent = true, tls = false },
  { "closes after the request", { "request", "fin" }, "transport", "unknown", tries = "reads" },
  { "resets after the request", { "request", "rst" }, "transport", "unknown", tries = "reads" },
  { "drops after the request", { "request", "cut" }, "transport", "unknown", tries = "reads" },
  { "stalls after the request", { "request", "stall" }, "timeout", "unknown", timeout = STALL },
  { "closes a while after the request", { "request", { "wait", 0.1 }, "fin" },
    "transport", "unknown", tries = "reads" },
  { "resets a while after the request", { "request", { "wait", 0.1 }, "rst" },
    "transport", "unknown", tries = "reads" },
  { "drips a head", { "request", { "drip", text.response(200, ("x"):rep(1000)), 0.02 } }, "timeout", "unknown",
    timeout = STALL },
  { "drips a body", { "request", { "send", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" },
    { "drip", ("x"):rep(1000), 0.02 } }, "timeout", "unknown", timeout = STALL },
  { "says more than it announced", text.reply(OK .. "trailing bytes"), "ok" },
  { "answers twice", text.reply(OK .. text.response(200, text.refusal("InternalError"))), "ok" },
  { "answers and resets", text.reply(OK, { "wait", 0.05 }, "rst"), "ok" },
}

-- Faults before the end of the TLS handshake occur before a request can leave.
local before_tls = {
  { "no TLS: plain HTTP", { { "read", 5 }, { "send", OK }, "fin" }, "tls" },
  { "no TLS: garbage", { { "read", 5 }, { "send", ("\0\1\2\3"):rep(50) }, "fin" }, "tls" },
  { "no TLS: closes at the hello", { { "read", 5 }, "fin" }, "tls" },
  { "no TLS: resets at the hello", { { "read", 5 }, "rst" }, "tls" },
  { "no TLS: an alert", { { "read", 5 }, { "send", "\21\3\3\0\2\2\40" }, "fin" }, "tls" },
  { "no TLS: half a record", { { "read", 5 }, { "send", "\22\3\3\0\100\2\0" }, "fin" }, "tls" },
  { "no TLS: a record too long", { { "read", 5 }, { "send", "\22\3\3\255\255" .. ("\2"):rep(100) }, "fin" }, "tls" },
}
for _, row in ipairs(before_tls) do
  row[4], row.tries, row.unsent, row.tls, row.fresh, row.bare = "not_sent", "all", true, true, true, true
  rows[#rows + 1] = row
end
rows[#rows + 1] = { "no TLS: stalls at the hello", { { "read", 5 }, "stall" }, "timeout", "not_sent",
  timeout = STALL, unsent = true, tls = true, fresh = true, bare = true }

return rows
