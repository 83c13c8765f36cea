-- Checkpoints: the resume position of a tail as one line of text. Holds no query, no function and no secret.
-- The state behind it: {since, high = last second that was read, floor = first second to read again, nil in texts of
-- earlier versions, seen = {[identity of an event] = second}}.
local ascii = require "cloudaudit.ascii"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local time = require "cloudaudit.time"

local checkpoint = {}

local VERSION = 1

--- The text of a state; equal states are equal texts.
function checkpoint.write(state)
  local seen = setmetatable({}, core.list)
  for id, second in pairs(state.seen) do
    seen[#seen + 1] = { id, second }
  end
  table.sort(seen, function(a, b) return ascii.before(a[1], b[1]) end)
  local text = ('{"v":%d,"since":%.0f,"high":%.0f'):format(VERSION, state.since, state.high)
  local floor = state.floor and (',"floor":%.0f'):format(state.floor) or ""
  return text .. floor .. ',"seen":' .. core.encode(seen) .. "}" -- core.encode has no order of members
end

local function is_second(value)
  return type(value) == "number" and value >= 0 and value % 1 == 0 and value <= time.LAST
end

--- The state of a text; nil, message, err when the text is not a checkpoint.
function checkpoint.read(method, text)
  local held = core.decode(text)
  local valid = type(held) == "table" and held.v == VERSION and is_second(held.since) and is_second(held.high)
    and (held.floor == nil or is_second(held.floor)) and type(held.seen) == "table"
  local state = valid and { since = held.since, high = held.high, floor = held.floor, seen = {} }
  for _, pair in ipairs(valid and held.seen or {}) do
    if type(pair) ~= "table" or type(pair[1]) ~= "string" or not is_second(pair[2]) then
      state = nil
      break
    end
    state.seen[pair[1]] = pair[2]
  end
  if not state then
    return errors.failure{ kind = "validation", field = "checkpoint",
      message = method .. ".checkpoint: invalid checkpoint: pass the text of tail:checkpoint() unchanged" }
  end
  return state
end

return checkpoint
