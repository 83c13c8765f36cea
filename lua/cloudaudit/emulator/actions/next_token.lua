-- NextToken: where the next page starts, as 17 digits beyond 2^53. It is always odd, so that a client
-- that passes it through a double sends an even one, which is refused instead of believed.
local cursor = {}

local PREFIX = "168"

-- seq in 8 digits, a counter in 3 (so that an empty page still gives a new token), a check in 3.
local function check(seq, counter)
  return (seq * 7919 + counter * 104729 + 271) % 500 * 2 + 1
end

--- The token after the event numbered `seq` (0: before the first).
function cursor.write(seq, counter)
  counter = counter % 1000
  return ("%s%08d%03d%03d"):format(PREFIX, seq, counter, check(seq, counter))
end

--- The seq of a token and true; nil and false when it was not made here. A token of 0 or "" means
-- the first page: nil and true.
function cursor.read(token)
  local digits = require("cloudaudit.emulator.response").digits(token)
  if digits == "0" then
    return nil, true
  end
  local seq, counter, sum = digits:match("^" .. PREFIX .. "(%d%d%d%d%d%d%d%d)(%d%d%d)(%d%d%d)$")
  if not seq or check(tonumber(seq), tonumber(counter)) ~= tonumber(sum) then
    return nil, false
  end
  seq = tonumber(seq)
  return seq > 0 and seq or nil, true
end

return cursor
