-- NextToken: the position of the next page, as 17 digits above 2^53. It is always odd: a client that converts it to a
-- double sends an even one, which is refused.
local response = require "cloudaudit.emulator.response"

local next_token = {}

local PREFIX = "168"

-- After the prefix: seq in 8 digits, a counter in 3 (an empty page must still return a new token), a checksum in 3.
local function checksum(seq, counter)
  return (seq * 7919 + counter * 104729 + 271) % 500 * 2 + 1
end

--- The token of the position after the record with the number `seq` (0: before the first).
function next_token.write(seq, counter)
  counter = counter % 1000
  return ("%s%08d%03d%03d"):format(PREFIX, seq, counter, checksum(seq, counter))
end

--- The `seq` of a token and true. nil and true for the token 0, the first page; nil and false for a token that `write`
-- did not make.
function next_token.read(token)
  local digits = response.digits(token)
  if digits == "0" then
    return nil, true
  end
  local seq, counter, sum = digits:match("^" .. PREFIX .. "(%d%d%d%d%d%d%d%d)(%d%d%d)(%d%d%d)$")
  if not seq or checksum(tonumber(seq), tonumber(counter)) ~= tonumber(sum) then
    return nil, false
  end
  seq = tonumber(seq)
  return seq > 0 and seq or nil, true
end

return next_token
