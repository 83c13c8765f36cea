-- The reader and writer in Lua that cloudaudit.http1 replaced, to compare that one with. A response that is not
-- complete and well framed is a failure.
local ascii = require "cloudaudit.ascii"
local core = require "cloudaudit.core"
local fields = require "support.http1_fields"

local http1 = {}

local LAST = "Accept: */*\r\nUser-Agent: cloudaudit/" .. core.version .. "\r\n\r\n"

-- ---- the request ------------------------------------------------------------------------------

local function check_headers(headers)
  for name, value in pairs(headers) do
    if not name:find(fields.NAME) then
      error("request.headers: a name is not valid", 0)
    elseif not tostring(value):find(fields.PLAIN) then
      error("request.headers." .. name .. ": holds a control character", 0)
    end
  end
end

--- {scheme, host (without brackets), port, authority, path} of an absolute http or https URL; nil for any other text.
function http1.url(url)
  local scheme, authority, path = url:match("^(https?)://([^/?#%s]+)([^%s#]*)$")
  if not scheme or not url:find(fields.PLAIN) then
    return nil
  end
  local host, port = authority:match("^%[([%x:.]+)%]:?(%d*)$")
  if not host then
    host, port = authority:match("^([A-Za-z0-9.-]+):?(%d*)$")
  end
  port = port and (tonumber(port) or scheme == "https" and 443 or 80)
  if not host or port > 65535 then
    return nil
  end
  path = path:find("^/") and path or "/" .. path
  return { scheme = scheme, host = host, port = port, authority = authority, path = path }
end

--- The bytes of a request {method, headers, body} to a parsed URL. Raises for bytes that could end a header early.
function http1.request(request, url)
  local headers, body = request.headers, request.method ~= "GET" and request.body or nil
  if not request.method:find("^[A-Z]+$") then
    error("request.method: not valid", 0)
  end
  check_headers(headers)
  local lines = { ("%s %s HTTP/1.1"):format(request.method, url.path), "Host: " .. url.authority }
  for name, value in pairs(headers) do
    local place = #name == 4 and ascii.lower(name) == "host" and 2 or #lines + 1
    lines[place] = name .. ": " .. tostring(value)
  end
  lines[#lines + 1] = body and "Content-Length: " .. #body
  lines[#lines + 1] = LAST .. (body or "")
  return table.concat(lines, "\r\n")
end

-- ---- the response -----------------------------------------------------------------------------

local MAX_HEAD = 64 * 1024
local MAX_BODY = 16 * 1024 * 1024
local MAX_CHUNK_LINE = 256

local NOT_HTTP = "the response is not HTTP/1.1"
local LONG_HEAD = "the head of the response is longer than allowed"

local Reader = {}
Reader.__index = Reader

--- A reader of one response. `limits`: max_body (16 MiB), max_head (64 KiB, interim heads and trailers included).
function http1.reader(limits)
  limits = limits or {}
  return setmetatable({
    state = "head", rest = "", at = 1, pieces = {}, size = 0, keep = false,
    head_left = limits.max_head or MAX_HEAD, max_body = limits.max_body or MAX_BODY,
  }, Reader)
end

-- The bytes received but not read yet are `rest` from `at` on. Nothing is copied per chunk, so that the cost of a body
-- of tiny chunks is linear.
function Reader:unread()
  return #self.rest - self.at + 1
end

-- Takes the text that ends with `mark`, at most `limit` bytes with the mark: the text without it; nil while it is not
-- complete; nil, true when it is too long.
function Reader:take(mark, limit)
  local first, last = self.rest:find(mark, self.at, true)
  if (last or #self.rest) - self.at + 1 > limit then
    return nil, true
  elseif not first then
    return nil
  end
  local text = self.rest:sub(self.at, first - 1)
  self.at = last + 1
  return text
end

-- Has feed keep pieces aside until they bring the mark. Joined to the rest one by one, a head in many pieces would cost
-- the square of its length.
function Reader:hold(mark)
  self.held = { mark = mark, size = self:unread(), seam = self.rest:sub(-3) }
end

-- Whether a piece is kept aside: it brings neither the mark nor a line that ends in LF alone, nor exceeds the head.
local function is_held(self, data)
  local held = self.held
  local seam = held.seam .. data
  if held.size + #data > self.head_left or seam:find(held.mark, 1, true) or seam:find("[^\r]\n") then
    return false
  end
  held[#held + 1], held.size, held.seam = data, held.size + #data, seam:sub(-3)
  return true
end

-- Moves at most `limit` bytes to the body; returns how many.
function Reader:add(limit)
  local piece = self.rest:sub(self.at, self.at + limit - 1)
  self.at = self.at + #piece
  self.size = self.size + #piece
  self.pieces[#self.pieces + 1] = piece
  return #piece
end

function Reader:finished()
  self.state = "done"
  -- Bytes after the response belong to no request: the connection cannot be reused.
  self.keep = self.keep and self:unread() == 0
  self.response.body = table.concat(self.pieces)
  self.pieces = nil
end

-- The message for a body that is longer than allowed; `too_long` says so to the driver.
local function too_long(self)
  self.too_long = true
  return ("the body of the response is longer than max_response (%d bytes)"):format(self.max_body)
end

-- Decides how the body is framed: sets the next state, or returns a message.
local function frame(self, version, status, headers)
  local encoding, length = headers["transfer-encoding"], headers["content-length"]
  if encoding and length then
    return "the response has both Content-Length and Transfer-Encoding"
  elseif encoding and (ascii.lower(encoding) ~= "chunked" or version == "0") then
    return "the response has a transfer encoding other than chunked"
  elseif ascii.lower(headers["content-encoding"] or "identity") ~= "identity" then
    return "the response has a content encoding that was not asked for"
  end
  self.keep = version == "1" and not fields.has_token(headers.connection, "close")
  if length then
    self.length = fields.length(length)
    if not self.length then
      return "the response has a Content-Length that is not one number"
    end
  end
  if status == 204 or status == 304 then
    -- A body nevertheless would be taken for the next response.
    self.keep = self.keep and not encoding and (self.length or 0) == 0
    self.length, encoding = 0, nil
  elseif self.length and self.length > self.max_body then
    return too_long(self)
  end
  self.state = encoding and "chunk" or self.length and "body" or "open"
  self.keep = self.keep and self.state ~= "open"
end

local states = {}

-- Each state returns true when it made progress, nothing when it needs more bytes, nil and a message when they are bad.
function states.head(self)
  local start = self.rest:sub(self.at, self.at + 6)
  if start ~= ("HTTP/1."):sub(1, #start) then
    return nil, NOT_HTTP
  end
  local text, long = self:take("\r\n\r\n", self.head_left)
  if long then
    return nil, LONG_HEAD
  elseif not text then
    -- Lines that end in LF alone would keep the reader waiting until the deadline.
    if self.rest:find("[^\r]\n", self.at) then
      return nil, NOT_HTTP
    elseif #start == 7 then
      self:hold("\r\n\r\n")
    end
    return
  end
  self.head_left = self.head_left - #text - 4
  text = text .. "\r\n"
  local first = text:find("\r\n", 1, true)
  local version, status, reason = text:sub(1, first - 1):match("^HTTP/1%.([01]) (%d%d%d)(.*)$")
  status = tonumber(status)
  local headers = {}
  if not status or status < 100 or (reason ~= "" and not reason:find("^ ")) or not reason:find(fields.PLAIN)
    or not fields.read(text, first + 2, headers) then
    return nil, NOT_HTTP
  elseif status == 101 then
    return nil, "the server switched to a protocol that was not asked for"
  elseif status < 200 then
    return true -- an interim response: the final one follows
  end
  self.response = { status = status, headers = headers }
  local problem = frame(self, version, status, headers)
  if problem then
    return nil, problem
  end
  return true
end

function states.body(self)
  self:add(self.length - self.size)
  if self.size == self.length then
    self:finished()
    return true
  end
end

function states.open(self)
  self:add(self:unread())
  if self.size > self.max_body then
    return nil, too_long(self)
  end
end

function states.chunk(self)
  local line, long = self:take("\r\n", MAX_CHUNK_LINE)
  if not line and not long then
    return
  end
  local digits = line and line:match("^(%x+)[ \t]*$") or line and line:match("^(%x+)[ \t]*;[^%z\1-\31\127]*$")
  if not digits or #digits > 12 then
    return nil, "the response has a chunk without a valid length"
  end
  self.chunk_left = tonumber(digits, 16)
  if self.size + self.chunk_left > self.max_body then
    return nil, too_long(self)
  end
  self.state = self.chunk_left == 0 and "trailers" or "chunk_data"
  return true
end

function states.chunk_data(self)
  self.chunk_left = self.chunk_left - self:add(self.chunk_left)
  if self.chunk_left == 0 then
    self.state = "chunk_end"
    return true
  end
end

function states.chunk_end(self)
  local start = self.rest:sub(self.at, self.at + 1)
  if start == "\r\n" then
    self.at = self.at + 2
    self.state = "chunk"
    return true
  elseif start ~= ("\r\n"):sub(1, #start) then
    return nil, "the response has a chunk that is longer than its length"
  end
end

function states.trailers(self)
  local line, long = self:take("\r\n", self.head_left)
  if long then
    return nil, LONG_HEAD
  elseif not line then
    return self:hold("\r\n")
  end
  self.head_left = self.head_left - #line - 2
  if line == "" then
    self:finished()
  elseif not fields.read(line .. "\r\n", 1, {}) then
    return nil, "the response has a trailer that is not valid"
  end
  return true
end

--- Reads the next bytes. True once the response is complete: it is then in `response` ({status, headers with lower-case
-- names, body}), and `keep` tells whether the connection may be reused. False while more bytes are needed; nil and a
-- message when they are not a valid response.
function Reader:feed(data)
  if self.state == "done" then
    self.keep = false
    return true
  end
  if self.held then
    if is_held(self, data) then
      return false
    end
    data, self.held = table.concat(self.held) .. data, nil
  end
  self.rest, self.at = self:unread() > 0 and self.rest:sub(self.at) .. data or data, 1
  local moved, problem
  repeat
    moved, problem = states[self.state](self)
    if problem then
      return nil, problem
    end
  until not moved or self.state == "done"
  return self.state == "done"
end

--- The peer has closed its end. True when that completes the response; nil and a message when it was cut short.
function Reader:finish()
  if self.state == "open" then
    self:finished()
  end
  if self.state == "done" then
    return true
  elseif self.state == "head" and self:unread() == 0 then
    return nil, "the connection was closed before a response came"
  end
  return nil, "the connection was closed in the middle of the response"
end

return http1
