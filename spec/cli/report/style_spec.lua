local style = require "cloudaudit.cli.report.style"

-- The colors of a scheme, by name.
local function colors(text)
  local found = {}
  for name, value in text:gmatch("%-%-([a-z-]+):#(%x+)") do
    if #value == 3 then
      value = value:gsub("%x", "%0%0")
    end
    found[name] = value
  end
  return found
end

-- Relative luminance as WCAG 2 defines it.
local function luminance(color)
  local sum = 0
  for index, weight in ipairs{ 0.2126, 0.7152, 0.0722 } do
    local value = tonumber(color:sub(index * 2 - 1, index * 2), 16) / 255
    sum = sum + weight * (value <= 0.03928 and value / 12.92 or ((value + 0.055) / 1.055) ^ 2.4)
  end
  return sum
end

local function contrast(a, b)
  local first, second = luminance(a), luminance(b)
  return (math.max(first, second) + 0.05) / (math.min(first, second) + 0.05)
end

describe("cloudaudit.cli.report.style", function()
  it("has enough contrast in both schemes", function()
    assert.is_true(contrast("000000", "ffffff") > 20.9)
    local light, dark = style.CSS:match("^:root(.-})\n(@media.-})\n")
    for scheme, text in pairs{ light = light, dark = dark } do
      local found = colors(text)
      for _, name in ipairs{ "text", "soft", "failed-text", "denied-text", "ok-text" } do
        for _, ground in ipairs{ "card", "page", "mark" } do
          local value = contrast(found[name], found[ground])
          assert.is_true(value >= 4.5, ("%s: %s on %s: %.2f"):format(scheme, name, ground, value))
        end
      end
      -- WCAG asks for 3 of what is not text.
      for _, name in ipairs{ "other", "denied", "focus" } do
        assert.is_true(contrast(found[name], found.card) >= 3, scheme .. ": " .. name)
      end
    end
  end)

  it("cannot end its element, and loads nothing", function()
    for _, text in ipairs{ style.CSS, style.SCRIPT } do
      for _, word in ipairs{ "</", "<!--", "url(", "@import", "http", "fetch", "innerHTML", "eval" } do
        assert.is_nil(text:find(word, 1, true), word)
      end
    end
  end)
end)
