-- What the specs of the refresher share: a core client that counts, and providers that answer from a list.
local refreshing = {}

--- Stands for the core's client: counts what it is handed, and refuses what it is told to.
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

--- What a refresher needs of a client: a clock (a number stands still; 1000 by default), and more members.
function refreshing.context(now, more)
  local made = { clock = type(now) == "function" and now or function() return now or 1000 end }
  for key, value in pairs(more or {}) do
    made[key] = value
  end
  return made
end

--- A provider that gives answers[1], answers[2]…, the last one again and again; an answer is what get returns.
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

--- An answer of a provider: keys that expire then.
function refreshing.keys(id, expires_at)
  return { { secret_id = id, secret_key = "k", token = "t", expires_at = expires_at } }
end

return refreshing
