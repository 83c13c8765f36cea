-- Takes credentials out of events before they leave the program: session tokens, keys and access key
-- ids, in every member and inside the record, at any depth of JSON in JSON. Works on the text, so that
-- broken JSON is covered too, and JSON stays JSON.
local errors = require "cloudaudit.errors"
local event = require "cloudaudit.events.event"

local redact = {}

local MARK = "[redacted]"

-- Tencent's access key ids, permanent and temporary, wherever they stand.
local KEY_ID = "AKID[%w_%-]+"

-- How the names of secret members end, in lower case without - and _.
local SECRET = {
  "token", "secret", "secretid", "secretkey", "accesskey", "accesskeyid", "apikey", "privatekey", "signingkey",
  "password", "passwd", "pwd", "passphrase", "authorization", "signature", "assertion",
}
local PAGING = { nexttoken = true, pagetoken = true, clienttoken = true, continuationtoken = true }

local LONGEST_NAME = 64

-- Shorter values are common words as well, and are taken out only where they are named.
local TELLING = 8

local BACKSLASH = 92

-- How many backslashes end at `at`, counted down to `first`.
local function backslashes(text, at, first)
  local count = 0
  while at - count >= first and text:byte(at - count) == BACKSLASH do
    count = count + 1
  end
  return count
end

local function is_secret(name)
  name = name:lower():gsub("[-_]", "")
  for _, ending in ipairs(SECRET) do
    if name:sub(-#ending) == ending then
      return not PAGING[name]
    end
  end
  return false
end

-- The last character of a value that begins at `first` and whose quotes have `slashes` backslashes. In
-- JSON that is nested k deep a closing quote has 2^k - 1, and one that belongs to the value has more.
local function last_of(text, first, slashes)
  local at = first
  while true do
    local quote = text:find('"', at, true)
    if not quote then
      return #text
    elseif backslashes(text, quote - 1, first) % (2 * (slashes + 1)) == slashes then
      return quote - slashes - 1
    end
    at = quote + 1
  end
end

-- The text without the values of secret members; these are added to `found`.
local function without_members(text, found)
  local out, from, at = {}, 1, 1
  while true do
    local quote, opening, slashes = text:find('"%s*:%s*(\\*)"', at)
    if not quote then
      break
    end
    at = opening + 1
    local name_end = quote - 1 - backslashes(text, quote - 1, 1)
    local name = text:sub(math.max(1, name_end - LONGEST_NAME + 1), name_end):match("[%w_%-]*$")
    if is_secret(name) then
      local last = last_of(text, at, #slashes)
      if last >= at then
        found[#found + 1] = text:sub(at, last)
        out[#out + 1] = text:sub(from, opening)
        out[#out + 1] = MARK
        from, at = last + 1, last + 1
      end
    end
  end
  out[#out + 1] = text:sub(from)
  return table.concat(out)
end

local function without(text, secrets)
  for _, secret in ipairs(secrets) do
    if #secret >= TELLING and secret ~= MARK then
      text = text:gsub(secret:gsub("%W", "%%%0"), MARK)
    end
  end
  return (text:gsub(KEY_ID, MARK))
end

--- A copy of an event without session tokens, secret keys and access key ids, in its members, its raw
-- and its detail; the event itself stays as it is. What is taken out reads "[redacted]".
--: cloudaudit.redact(event: Event) -> Event
redact.event = errors.public(function(given)
  if not event.is(given) then
    return errors.misuse("redact: event expected, got " .. type(given))
  end
  local copy, found = {}, {}
  if given.access_key_id and given.access_key_id ~= "" then
    found[1] = given.access_key_id
  end
  local raw = type(given.raw) == "string" and without_members(given.raw, found) or nil
  for name, value in pairs(given) do
    if name ~= "detail" and name ~= "raw" then
      copy[name] = type(value) == "string" and without(value, found) or value
    end
  end
  copy.raw = raw and without(raw, found)
  if copy.access_key_id and copy.access_key_id ~= "" then
    copy.access_key_id = MARK
  end
  return event.new(copy)
end)

return redact
