-- Shared by the specs of the refresher: a core client that counts, and providers that answer from a list.
local refreshing = {}

--- Replaces the core's client: collects the credentials that it is handed; `refuse` is the message of its refusals.
function refreshing.core_client(refuse)
  local handed = {}
  return { handed = handed, credentials = function(_, keys)
    handed[#handed + 1] = keys
    if refuse then
      return nil, { kind = "credentials", message = refuse }
    end
    return true
  end }
end

--- The context of a refresher: a clock (a number is a clock that stands still; default 1000), and more members.
function refreshing.context(now, more)
  local made = { clock = type(now) == "function" and now or function() return now or 1000 end }
  for key, value in pairs(more or {}) do
    made[key] = value
  end
  return made
end

--- A provider that returns its arguments one after the other, the last one repeatedly; each is a list of results.
function refreshing.provider(...)
  local answers, calls = { ... }, { count = 0 }
  return { name = "mine", calls = calls, get = function()
    calls.count = calls.count + 1
    local answer = answers[math.min(calls.count, #answers)]
    if type(answer) == "function" then
      return answer()
    end
    return answer[1], answer[2], answer[3]
  end }
end

--- Results of a provider: credentials that expire at `expires_at`.
function refreshing.keys(id, expires_at)
  return { { secret_id = id, secret_key = "k", token = "t", expires_at = expires_at } }
end

return refreshing
