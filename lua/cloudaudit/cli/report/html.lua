-- Texts of HTML. Everything goes through `fill`, which escapes unless the template says otherwise.
local core = require "cloudaudit.core"
local grouped = require "cloudaudit.cli.grouped"
local width = require "cloudaudit.cli.width"

local html = {}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- The text for an element or an attribute. Control characters, characters that reorder text and bytes that are not
-- UTF-8 become visible: \n, \u{202e}, \xff.
function html.escape(text)
  return (width.escape(text):gsub("[&<>\"']", ENTITIES))
end

--- The template with {name} replaced by the escaped text of values.name, and {=name} by values.name as it is.
function html.fill(template, values)
  return (template:gsub("{(=?)([a-z_]+)}", function(raw, name)
    local value = values[name]
    if value == nil then
      error("no value for " .. name, 0)
    end
    return raw == "=" and value or html.escape(tostring(value))
  end))
end

-- Digits in groups, which do not part at the end of a line.
local NARROW_BLANK = "\226\128\175"

--- A whole number for people.
function html.number(number)
  return (grouped(number):gsub(" ", NARROW_BLANK))
end

--- "1 event", "12 events"; `plural` is the noun with an s unless it is given.
function html.count(number, noun, plural)
  return html.number(number) .. " " .. (number == 1 and noun or plural or noun .. "s")
end

local LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(bytes)
  return (bytes:gsub("..?.?", function(part)
    local a, b, c = part:byte(1, 3)
    local bits = a * 65536 + (b or 0) * 256 + (c or 0)
    local out = {}
    for index = 4, 1, -1 do
      local value = bits % 64
      out[index] = LETTERS:sub(value + 1, value + 1)
      bits = (bits - value) / 64
    end
    return table.concat(out, "", 1, #part + 1) .. ("="):rep(3 - #part)
  end))
end

--- The source of a Content-Security-Policy that allows this very text: sha256-….
function html.source(text)
  local digest = core.sha256(text):gsub("%x%x", function(digits)
    return string.char(tonumber(digits, 16))
  end)
  return "sha256-" .. base64(digest)
end

return html
