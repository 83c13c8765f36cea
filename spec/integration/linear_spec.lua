-- Functions that read text which others write take linear time: each is given its worst input, of 128 KiB and of 1 MiB.
local ascii = require "cloudaudit.ascii"
local build = require "cloudaudit.storage.build"
local checkpoint = require "cloudaudit.events.checkpoint"
local cidr = require "cloudaudit.events.cidr"
local core = require "cloudaudit.core"
local cursor = require "cloudaudit.events.cursor"
local errors = require "cloudaudit.errors"
local event = require "cloudaudit.events.event"
local events = require "support.events"
local files = require "cloudaudit.credentials.files"
local query_string = require "cloudaudit.emulator.query_string"
local record = require "cloudaudit.emulator.actions.record"
local time = require "cloudaudit.time"
local track = require "cloudaudit.tracks.track"

local SMALL, LARGE = 128 * 1024, 1024 * 1024

-- Eight times the input may take eight times as long, or three times that on a busy machine; were it quadratic, 64.
local MOST_RATIO = 24
local LEAST_TIME = 0.004 -- shorter times are not compared

local function rep(text, size)
  return text:rep(math.floor(size / #text))
end

-- The least time of three runs, or of the first if that is long.
local function time_of(use, text)
  local least = math.huge
  for _ = 1, 3 do
    collectgarbage()
    local began = os.clock()
    use(text)
    least = math.min(least, os.clock() - began)
    if least > 1 then
      break
    end
  end
  return least
end

local CURSOR = [[{"v":1,"since":1767000000,"until":1767225600,"attributes":[],"tests":[],"page_size":50,]]
  .. [["filtered":false,"window":1,"given":[]]

-- A response in pieces of that many bytes, and its headers as a table.
local function in_pieces(bytes)
  return function(text)
    local exchange = core.http1({ method = "GET", url = "http://a/", headers = {} }, nil, 4 * LARGE)
    exchange:sent(#exchange:output())
    local status, head = false, nil
    for at = 1, #text, bytes do
      status, head = exchange:feed(text:sub(at, at + bytes - 1))
      if status ~= false then
        break
      end
    end
    if status == false then
      status, head = exchange:closed()
    end
    core.headers(status and head or "")
  end
end

local function head(line)
  return function(size)
    return "HTTP/1.1 200 OK\r\n" .. line(size) .. "\r\n\r\n"
  end
end

local function unit(text)
  return function(size)
    return rep(text, size)
  end
end

local function between(first, text, last)
  return function(size)
    return first .. rep(text, size) .. last
  end
end

local function ini(text)
  files.ini("f", text)
end

local function read_time(text)
  time.read(text, 1767225600, "since")
end

local function read_url(text)
  build.read_url("storage", text)
end

local function redact_all(text)
  core.redact({ raw = text }, "all")
end

local function detail(text)
  return events.of{ CloudAuditEvent = text }.detail
end

local function recorded(text)
  record.request_parameters{ method = "POST", body = text, params = {}, version = "v" }
end

local function one(size)
  local lines = { "[DEFAULT]" }
  for index = 1, size / 16 do
    lines[#lines + 1] = ("n%d=1"):format(index)
  end
  for index = 1, size / 16 do
    lines[#lines + 1] = ("[%d]"):format(index)
  end
  return table.concat(lines, "\n")
end

local CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

local CASES = {
  { "time: units", read_time, between("-", "1d", "") },
  { "time: digits", read_time, between("-", "1", "") },
  { "time: a fraction", read_time, between("2026-01-31T08:00:00.", "1", "x") },
  { "storage URL: a scheme", read_url, unit "a" },
  { "storage URL: a name", read_url, between("cos://", "a/", "@r/p") },
  { "storage URL: escapes", read_url, between("cos://b@r/", "%41", "") },
  { "storage URL: parameters", read_url, between("cos://b@r/p?", "app_id=1&", "") },
  { "storage URL: an unknown parameter", read_url, between("cos://b@r/p?", "a", "=1") },
  { "storage URL: a bucket with its app id", read_url, between("cos://", "-1", "@r/p") },
  { "cursor: given ids", function(text) assert(cursor.read("events", text)) end, between(CURSOR, [["a",]], [["a"]}]]) },
  { "cursor: nesting", function(text) cursor.read("events", text) end, unit "[" },
  { "checkpoint: seen events", function(text) assert(checkpoint.read("tail", text)) end,
    between([[{"v":1,"since":1,"high":1,"seen":[]], [=[["a",1],]=], [=[["a",1]]}]=]) },
  { "profile: blanks in a value", ini, between("[a]\nx=1", " ", "2") },
  { "profile: blanks in a section", ini, between("[", " ", "") },
  { "profile: blanks before a section's end", ini, between("[a", " ", "]x") },
  { "profile: blank lines in a value", ini, between("[a]\nx=1", "\n", "\n  2\n") },
  { "profile: lines of a value", ini, between("[a]\nx=1\n", "  more\n", "") },
  { "profile: defaults of many sections", ini, one },
  { "head: blanks in a value", in_pieces(65536), head(between("A: 1", " ", "2 ")) },
  { "head: blanks in a length", in_pieces(65536), head(between("Content-Length: 1", " ", "1")) },
  { "head: lengths", in_pieces(65536), head(between("Content-Length: 1", ",1", "")) },
  { "head: a repeated name", in_pieces(65536), head(between("", "a:b\r\n", "a:b")) },
  { "head: in small pieces", in_pieces(7), head(between("A: ", "x", "")) },
  { "head: of many lines in small pieces", in_pieces(7), head(between("", "a:b\r\n", "a:b")) },
  { "head: a trailer in small pieces", in_pieces(7), between(CHUNKED .. "0\r\nA: ", "x", "\r\n\r\n") },
  { "head: tiny chunks", in_pieces(65536), between(CHUNKED, "1\r\nx\r\n", "0\r\n\r\n") },
  { "trim", ascii.trim, between("a", " ", "b ") },
  { "redact: secrets", redact_all, between("{", [["token":"canary-12345678",]], [["a":1}]]) },
  { "redact: blanks", redact_all, between("password=", " ", "x") },
  { "redact: quotes", redact_all, unit [["\]] },
  { "redact: names", redact_all, unit "token" },
  { "redact: nesting", redact_all, unit "[" },
  { "event: nested texts", detail, between([[{"a":"]], [[\"]], [["}]]) },
  { "event: nesting", detail, unit "[" },
  { "event: as text", function(text) return tostring(event.new{ name = text }) end, unit "\226\128\174" },
  { "track: as text", function(text) return tostring(track.new{ name = text }) end, unit "\226\128\174" },
  { "error: a message", function(text) errors.new{ kind = "server", message = text } end, unit "\1\226\128\174" },
  { "address: groups", cidr.address, unit "1:" },
  { "address: a block", cidr.block, between("1", "/1", "x") },
  { "query string: pairs", query_string.pairs, unit "a=1&" },
  { "query string: escapes", query_string.pairs, between("a=", "%41+", "") },
  { "emulator: blanks in the parameters of a call", recorded, between([[{"a":"]], " ", [["}]]) },
  { "JSON: members", core.decode, between("{", [["a":1,]], [["a":1}]]) },
  { "JSON: escapes", core.decode, between([["]], [[\u0041]], [["]]) },
}

describe("linear time for", function()
  for _, case in ipairs(CASES) do
    it(case[1], function()
      local use, make = case[2], case[3]
      local small = time_of(use, make(SMALL))
      assert(small < 2, ("%.1f s for 128 KiB"):format(small))
      local large = time_of(use, make(LARGE))
      local ratio = large / math.max(small, LEAST_TIME)
      assert(ratio < MOST_RATIO, ("%.3f s for 128 KiB, %.3f s for 1 MiB"):format(small, large))
    end)
  end
end)
