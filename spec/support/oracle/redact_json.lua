-- Rewrites a JSON text without the values of secret members, in place: nothing else changes, so that numbers keep
-- their digits and the text stays the same JSON. A pull over the bytes, linear in their number.
local core = require "cloudaudit.core"
local names = require "support.oracle.secret_names"

local json = {}

-- As deep as the core reads; deeper nesting counts as a text that is not JSON.
local MAX_DEPTH = 256
local LOOKS = 4

-- What the inside of a JSON string stands for.
local function unescape(inside)
  return inside:find("\\", 1, true) and core.decode('"' .. inside .. '"') or inside
end

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(text)
  return (text:gsub('[%z\1-\31"\\]', function(byte)
    return ESCAPES[byte] or ("\\u%04x"):format(byte:byte())
  end))
end

-- text, the place that is reached (at), and the new text: out, and what stands from `from` on.
local Rewriter = {}
Rewriter.__index = Rewriter

function Rewriter:char()
  self.at = self.text:find("[^ \t\r\n]", self.at) or #self.text + 1
  return self.text:sub(self.at, self.at)
end

-- First and last byte inside of the string whose opening quote is at self.at; nil when it has no end.
function Rewriter:string()
  local first, at = self.at + 1, self.at + 1
  while true do
    local stop = self.text:find('["\\]', at)
    if not stop then
      return nil
    elseif self.text:byte(stop) == 34 then
      self.at = stop + 1
      return first, stop - 1
    end
    at = stop + 2
  end
end

function Rewriter:replace(first, last, new)
  self.out[#self.out + 1] = self.text:sub(self.from, first - 1)
  self.out[#self.out + 1] = new
  self.from = last + 1
end

-- A string: hidden whole, or rewritten inside.
function Rewriter:string_value(hide)
  local first, last = self:string()
  if not first then
    return false
  elseif first <= last then
    local inside = self.text:sub(first, last)
    local value = unescape(inside)
    local new = self.clean(value, hide)
    if new ~= value then
      self:replace(first, last, escape(new))
    end
  end
  return true
end

-- A number, true, false or null. A number can be a secret; the words cannot.
function Rewriter:word(hide)
  local first, last = self.at, (self.text:find("[^0-9A-Za-z+%-%.]", self.at) or #self.text + 1) - 1
  if last < first then
    return false
  end
  self.at = last + 1
  if hide and self.text:find("^[0-9%-]", first) then
    self:replace(first, last, '"' .. self.mark .. '"')
  end
  return true
end

-- What stands between brackets, separated by commas: read() each.
function Rewriter:between(closing, read)
  self.at = self.at + 1
  if self:char() == closing then
    self.at = self.at + 1
    return true
  end
  while read() do
    local c = self:char()
    self.at = self.at + 1
    if c == closing then
      return true
    elseif c ~= "," then
      return false
    end
  end
  return false
end

-- The name of the member at hand and the colon behind it; nil when there is none.
function Rewriter:name()
  local first, last
  if self:char() == '"' then
    first, last = self:string()
  end
  if not first or self:char() ~= ":" then
    return nil
  end
  self.at = self.at + 1
  return unescape(self.text:sub(first, last))
end

function Rewriter:object(hide)
  local pair
  return self:between("}", function()
    local name = self:name()
    if not name then
      return false
    elseif names.is_pair_name(name) then
      pair = pair or self:names_a_secret()
    elseif names.is_pair_value(name) and pair == nil then
      pair = self:look_ahead()
    end
    return self:value(hide or names.is_secret(name, self.level) or pair and names.is_pair_value(name))
  end)
end

function Rewriter:list(hide)
  return self:between("]", function()
    return self:value(hide)
  end)
end

function Rewriter:value(hide)
  local c = self:char()
  if c == '"' then
    return self:string_value(hide)
  elseif c ~= "{" and c ~= "[" then
    return self:word(hide)
  elseif self.depth == MAX_DEPTH then
    return false
  end
  self.depth = self.depth + 1
  local whole
  if c == "{" then
    whole = self:object(hide)
  else
    whole = self:list(hide)
  end
  self.depth = self.depth - 1
  return whole
end

-- ---- pairs: {"Key": "DB_PASSWORD", "Value": "…"} in either order -------------------------------

-- Whether the string at hand, left unread, is the name of a secret.
function Rewriter:names_a_secret()
  local at, secret = self.at, false
  if self:char() == '"' then
    local first, last = self:string()
    secret = first ~= nil and names.is_secret(unescape(self.text:sub(first, last)), self.level)
  end
  self.at = at
  return secret
end

-- Reads over a value. A value's own brackets are all that is counted: whether they fit is seen when it is read.
function Rewriter:skip()
  local depth = 0
  repeat
    local c = self:char()
    if c == "" then
      return false
    elseif c == '"' then
      if not self:string() then
        return false
      end
    else
      depth = depth + ((c == "{" or c == "[") and 1 or (c == "}" or c == "]") and -1 or 0)
      self.at = self.at + 1
      if c ~= "{" and c ~= "[" and c ~= "}" and c ~= "]" then
        self.at = self.text:find('[%[%]{}",:]', self.at) or #self.text + 1
      end
    end
  until depth <= 0
  return true
end

-- Whether a later member of the object at hand names a secret. Looks from a value on, and leaves it unread. All looks
-- ahead of a document may read over LOOKS times its length; after that every value of a pair counts as a secret.
function Rewriter:look_ahead()
  local at, secret = self.at, false
  if self.looked > LOOKS * #self.text then
    return true
  end
  while self:skip() and self:char() == "," do
    self.at = self.at + 1
    local name = self:name()
    if not name then
      break
    elseif names.is_pair_name(name) then
      secret = self:names_a_secret()
      break
    end
  end
  self.looked = self.looked + self.at - at
  self.at = at
  return secret
end

--- The text without what is secret in it, or nil when it is not JSON throughout. `level` is "secrets" or "all";
-- `mark` stands in place of a hidden number; clean(value, hide) gives what a string is to be: hidden, or without
-- what is secret inside of it.
function json.rewrite(text, level, mark, clean)
  local self = setmetatable({ text = text, at = 1, from = 1, out = {}, depth = 0, looked = 0, level = level,
    mark = mark, clean = clean }, Rewriter)
  if not self:value(false) or self:char() ~= "" then
    return nil
  end
  self.out[#self.out + 1] = text:sub(self.from)
  return table.concat(self.out)
end

return json
