-- Tracking sets of the experiments. Every name begins with a random prefix; the file says what may exist, and each line
-- is in it before the request is sent, so that the next run can remove what a killed one left. Nothing else is ever
-- deleted: a set must have an id that a create of this ledger returned, or a name with its prefix.
local ledger = {}

local Ledger = {}
Ledger.__index = Ledger

local PREFIX = "^cloudaudit%-live%-%x%x%x%x%x%x%x%x%x%x%x%x%-$"
local PAGE = 10
local MOST_PAGES = 1000

--- Whether a text is a prefix that this module made: no other is ever searched for.
function ledger.is_prefix(text)
  return type(text) == "string" and text:find(PREFIX) ~= nil
end

local function new_prefix(random)
  local digits = {}
  for index = 1, 12 do
    digits[index] = ("%x"):format(math.floor(random() * 16) % 16)
  end
  return "cloudaudit-live-" .. table.concat(digits) .. "-"
end

-- Randomness of the system, not of a clock: two runs must never have the same prefix.
local function system_random()
  local file = assert(io.open("/dev/urandom", "rb"))
  local bytes = file:read(12)
  file:close()
  local at = 0
  return function()
    at = at + 1
    return bytes:byte(at) / 256
  end
end

--- Options: wire, path (of the file), storage (members of Storage), settle (seconds after which a list shows every
-- set), random.
function ledger.new(options)
  return setmetatable({ wire = options.wire, path = options.path, storage = options.storage,
    settle = options.settle, prefix = new_prefix(options.random or system_random()), count = 0, open = {} }, Ledger)
end

local function note(self, ...)
  local file = assert(io.open(self.path, "ab"))
  assert(file:write(table.concat({ ... }, " "), "\n"))
  assert(file:close())
end

--- The state in the file, nil without one: {prefixes = set, ids = {[id] = prefix}, last = time of the last create,
-- unknown = number of creates whose outcome is not known}. A line cut short by a crash counts for nothing: its request
-- was not sent yet.
function ledger.state(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local state = { prefixes = {}, ids = {}, last = 0, unknown = 0 }
  for line in file:lines() do
    local word, first, second = line:match("^(%a+) (%S+) (%S+)$")
    if word == "create" and ledger.is_prefix(first) then
      state.prefixes[first] = true
      state.last = math.max(state.last, tonumber(second) or 0)
      state.unknown = state.unknown + 1
    elseif word == "made" and ledger.is_prefix(first) and second:find("^%d+$") then
      state.ids[second] = first
      state.unknown = state.unknown - 1
    elseif word == "refused" then
      state.unknown = state.unknown - 1
    elseif word == "gone" then
      state.ids[second] = nil
    end
  end
  file:close()
  return state
end

local function digits_of(value)
  if type(value) == "string" then
    return value:match("^%d+$")
  end
  return type(value) == "number" and ("%.0f"):format(value) or nil
end

--- The TrackId of an answer, exactly: as text of digits.
function ledger.id_of(answer)
  return answer.body and answer.body:match('"TrackId"%s*:%s*"?(%d+)') or digits_of((answer.members or {}).TrackId)
end

local function copy(members, changes)
  local out = {}
  for name, value in pairs(members) do
    out[name] = value
  end
  for name, value in pairs(changes or {}) do
    out[name] = value
  end
  return out
end

--- A new name, with an ending if one is given.
function Ledger:name(ending)
  self.count = self.count + 1
  return self.prefix .. self.count .. (ending or "")
end

--- The parameters of a disabled set of all products, with changes of its members and of its storage.
function Ledger:params(changes, storage)
  local params = copy({ Status = 0, ActionType = "Read", ResourceType = "*", EventNames = { "*" } }, changes)
  params.Name = params.Name or self:name()
  params.Storage = copy(params.Storage or self.storage, storage)
  return params
end

--- Creates a set; `params` as of `params`, `action` by default CreateAuditTrack. Returns the answer, the id if one is
-- known, and the name. A lost answer is looked for in the list.
function Ledger:create(params, action)
  assert(params.Name:sub(1, #self.prefix) == self.prefix, "a name without the prefix")
  note(self, "create", self.prefix, ("%d"):format(math.floor(self.wire:time())))
  local answer = self.wire:write(action or "CreateAuditTrack", params)
  local id = not answer.code and ledger.id_of(answer) or nil
  if answer.lost then
    id = self:find(params.Name)
    answer.found = id ~= nil
  end
  if id then
    note(self, "made", self.prefix, id)
    self.open[id] = true
  elseif answer.code then
    note(self, "refused", self.prefix, "-")
  end
  return answer, id, params.Name
end

--- All sets whose name begins with a prefix of the set `prefixes`, {id =, name =}; nil and the code of a failure.
function Ledger:list(prefixes)
  local found = {}
  for page = 1, MOST_PAGES do
    local answer = self.wire:read("DescribeAuditTracks", { PageNumber = page, PageSize = PAGE })
    local items = answer.members and not answer.code and answer.members.Tracks
    if type(items) ~= "table" then
      return nil, answer.code or answer.lost
    end
    local ids = {}
    for id in answer.body:gmatch('"TrackId"%s*:%s*"?(%d+)') do
      ids[#ids + 1] = id
    end
    for index, item in ipairs(items) do
      local name = type(item) == "table" and type(item.Name) == "string" and item.Name or ""
      local prefix = name:match("^(cloudaudit%-live%-%x+%-)")
      if prefix and prefixes[prefix] and #ids == #items then
        found[#found + 1] = { id = ids[index], name = name, prefix = prefix }
      end
    end
    if #items == 0 then
      return found
    end
  end
  return found
end

--- The id of the set with a name, waiting until the list has to show it; nil when there is none.
function Ledger:find(name)
  local until_then = self.wire:now() + self.settle
  repeat
    for _, item in ipairs(self:list{ [self.prefix] = true } or {}) do
      if item.name == name then
        return item.id
      end
    end
    self.wire:sleep(0.5)
  until self.wire:now() > until_then
  return nil
end

local function id_text(id)
  return '{"TrackId":' .. id .. "}"
end

--- Deletes a set by id; true once it is gone, else nil and a code. Repeated after a lost answer: a second delete of the
-- same id deletes nothing else.
function Ledger:delete(id, prefix)
  local answer
  for _ = 1, 8 do
    answer = self.wire:write("DeleteAuditTrack", id_text(id))
    local gone = answer.code and answer.code:find("NotExist") or answer.code and answer.code:find("^ResourceNotFound")
    if not answer.lost and not answer.code or gone then
      note(self, "gone", prefix or self.prefix, id)
      self.open[id] = nil
      return true
    elseif answer.code and not answer.code:find("^InternalError") then
      return nil, answer.code
    end
    self.wire:sleep(0.2)
  end
  return nil, answer.code or answer.lost
end

--- Calls fn(id, name, answer) with a new set, which is deleted afterwards (after an error, by `clean`). Without a set:
-- nil and why.
function Ledger:with(params, fn, action)
  local answer, id, name = self:create(params, action)
  if not id then
    return nil, "the create was " .. (answer.code and "refused: " .. answer.code or "lost")
  end
  local result, reason = fn(id, name, answer)
  self:delete(id)
  return result, reason
end

--- Removes every set of every prefix in the file, this run's or an earlier one's. Returns the number of sets removed,
-- and a list of what is left as texts; the file is removed when nothing is.
function Ledger:clean()
  local state, removed, left = ledger.state(self.path), 0, {}
  if not state then
    return 0, left
  end
  local function remove(id, prefix)
    local ok, code = self:delete(id, prefix)
    if ok then
      removed = removed + 1
    else
      left[#left + 1] = ("tracking set %s (%s): %s"):format(id, prefix, tostring(code))
    end
    return ok
  end
  for id, prefix in pairs(state.ids) do
    remove(id, prefix)
  end
  local settled = next(state.prefixes) == nil
  while not settled and #left == 0 do
    local items, code = self:list(state.prefixes)
    if not items then
      left[#left + 1] = "the list of tracking sets: " .. tostring(code)
      break
    end
    for _, item in ipairs(items) do
      remove(item.id, item.prefix)
    end
    settled = #items == 0 and (state.unknown <= 0 or self.wire:time() > state.last + self.settle)
    if not settled and #left == 0 then
      self.wire:sleep(0.5)
    end
  end
  if #left == 0 then
    os.remove(self.path)
  end
  return removed, left
end

ledger.encode_id = id_text

return ledger
