-- Changes one member of a JSON text and leaves every other byte as it was, so that a response can hold what no encoder
-- would write: invalid bytes, a wrong type, a member that is missing. Reads well-formed JSON only.
local core = require "cloudaudit.core"

local mutate = {}

--- The change that removes a member or an item.
mutate.ABSENT = {}

--- The steps of a path such as `Events[2].Username` or `Events[*].EventId`: names, indexes from 1, or "*" for every
-- item. nil if it is malformed. A leading `Response` stands for the envelope itself.
function mutate.parse(path)
  local steps, at = {}, 1
  while at <= #path do
    local name, after = path:match("^%.?([A-Za-z0-9_@%-]+)()", at)
    local index, behind = path:match("^%[(%d+)%]()", at)
    local every = path:match("^%[%*%]()", at)
    if name and (path:sub(at, at) == ".") == (at > 1) then
      steps[#steps + 1], at = name, after
    elseif index and tonumber(index) > 0 then
      steps[#steps + 1], at = tonumber(index), behind
    elseif every then
      steps[#steps + 1], at = "*", every
    else
      return nil
    end
  end
  if steps[1] == "Response" then
    table.remove(steps, 1)
  elseif not steps[1] then
    return nil
  end
  return steps
end

-- The index behind the string that starts at `at`.
local function skip_string(text, at)
  at = at + 1
  while true do
    local found = text:find('["\\]', at)
    if text:sub(found, found) == '"' then
      return found + 1
    end
    at = found + 2
  end
end

-- The index behind the value that starts at `at`.
local function skip(text, at)
  local first = text:sub(at, at)
  if first == '"' then
    return skip_string(text, at)
  elseif first ~= "{" and first ~= "[" then
    return text:match("^[^,%]}%s]*()", at)
  end
  local depth = 0
  repeat
    at = text:find('["%[%]{}]', at)
    local found = text:sub(at, at)
    if found == '"' then
      at = skip_string(text, at)
    else
      depth = depth + ((found == "{" or found == "[") and 1 or -1)
      at = at + 1
    end
  until depth == 0
  return at
end

-- The members of an object as {key (JSON text), value (JSON text)}, or the items of a list without a key.
local function children(text)
  local list, at = {}, 2
  local object = text:sub(1, 1) == "{"
  while true do
    at = text:match("^[%s,]*()", at)
    local first = text:sub(at, at)
    if first == "}" or first == "]" or first == "" then
      return list
    end
    local child = {}
    if object then
      local after = skip(text, at)
      child.key = text:sub(at, after - 1)
      at = text:match("^%s*:%s*()", after)
    end
    local after = skip(text, at)
    child.value = text:sub(at, after - 1)
    list[#list + 1] = child
    at = after
  end
end

local function join(list, object)
  local out = {}
  for _, child in ipairs(list) do
    if child.value ~= mutate.ABSENT then
      out[#out + 1] = object and child.key .. ":" .. child.value or child.value
    end
  end
  local text = table.concat(out, ",")
  return object and "{" .. text .. "}" or "[" .. text .. "]"
end

-- A text, which may hold any bytes, as a JSON string with these bytes.
local function quote(text)
  return '"' .. text:gsub('[%z\1-\31"\\]', function(char)
    return (char == '"' or char == "\\") and "\\" .. char or ("\\u%04x"):format(char:byte())
  end) .. '"'
end

local edit

-- The value of a child that `step` names, changed; true if there was one.
local function edit_children(list, object, steps, at, change)
  local step, done = steps[at], false
  for index, child in ipairs(list) do
    local named = object and core.decode(child.key) == step
    if named or not object and (step == "*" or step == index) then
      local value = edit(child.value, steps, at + 1, change)
      child.value, done = value or child.value, done or value ~= nil
    end
  end
  if not done and object and at == #steps and type(step) == "string" and change ~= mutate.ABSENT then
    list[#list + 1], done = { key = quote(step), value = change }, true
  end
  return done
end

-- The changed text of a value, or nil if the path leads nowhere in it.
function edit(text, steps, at, change)
  if at > #steps then
    return change
  end
  local first = text:sub(1, 1)
  if first == "{" or first == "[" then
    local list = children(text)
    return edit_children(list, first == "{", steps, at, change) and join(list, first == "{") or nil
  elseif first == '"' then
    -- A document inside a string, such as CloudAuditEvent.
    local inner = core.decode(text)
    local valid = type(inner) == "string" and inner:find("^[%[{]") and core.decode(inner)
    inner = type(valid) == "table" and edit(inner, steps, at, change)
    return inner and quote(inner) or nil
  end
end

--- The body with the value at `steps` (of mutate.parse, inside of `Response` where there is one) replaced by `change`:
-- a JSON text, any other bytes, or mutate.ABSENT. A member that an object lacks is added. nil if the path leads
-- nowhere.
function mutate.apply(body, steps, change)
  local decoded = core.decode(body)
  if type(decoded) ~= "table" then
    return nil
  end
  local path = {}
  if decoded.Response then
    path[1] = "Response"
  end
  for _, step in ipairs(steps) do
    path[#path + 1] = step
  end
  return edit(body, path, 1, change)
end

return mutate
