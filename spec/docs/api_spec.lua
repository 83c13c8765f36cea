-- The tables of README and doc under <!-- api: Class --> have the members of that class in lua/cloudaudit/types.lua:
-- none is missing and none is extra.
local manual = require "support.manual"
local types = require "gen.types"

local text = types.read()

-- Methods of the service's own actions are documented by the model, see doc/api-actions.md.
local function is_action(name)
  return name:find("^%u") ~= nil
end

-- The fields of a class and its parents, and the functions of its owner, as a set.
local function members_of(class)
  local full = class == "cloudaudit" and class or "cloudaudit." .. class
  local head, body = text:match("\n%-%-%-@class " .. full:gsub("%.", "%%.") .. "(:?[^\n]*)\n(.-)\n\n")
  assert(head, "types.lua has no class " .. full)
  local names = {}
  for name in body:gmatch("%-%-%-@field ([%w_]+)") do
    names[name] = true
  end
  for name in text:gmatch("\nfunction " .. class .. "[.:]([%w_]+)%(") do
    names[name] = not is_action(name) or nil
  end
  local parent = head:match("^: cloudaudit%.([%w_]+)$")
  for name in pairs(parent and members_of(parent) or {}) do
    names[name] = true
  end
  return names
end

-- The tables of the files, those of one class put together: class -> {names, place}.
local function classes_of(paths)
  local classes = {}
  for _, path in ipairs(paths) do
    for _, found in ipairs(manual.api_tables(path)) do
      local class = classes[found.class] or { names = {}, place = ("%s:%d"):format(path, found.line) }
      classes[found.class] = class
      for name in pairs(found.names) do
        class.names[name] = true
      end
    end
  end
  return classes
end

local function assert_same(class, table_of_class)
  local members = members_of(class)
  for name in pairs(members) do
    assert.is_true(table_of_class.names[name] or false, ("%s: %s misses %s"):format(table_of_class.place, class, name))
  end
  for name in pairs(table_of_class.names) do
    assert.is_true(members[name] or false, ("%s: %s has no %s"):format(table_of_class.place, class, name))
  end
end

describe("the API tables", function()
  local chapters, names = classes_of(manual.chapters()), {}
  for class in pairs(chapters) do
    names[#names + 1] = class
  end
  table.sort(names)

  for _, class in ipairs(names) do
    it("have the members of " .. class, function()
      assert_same(class, chapters[class])
    end)
  end

  it("cover every class that users hold or write", function()
    for _, class in ipairs{ "cloudaudit", "Client", "Options", "RequestInfo", "ResponseInfo", "TrackSpec",
      "TrackFilter", "Track", "EnsureOptions", "DiffReport", "Intent", "EventQuery", "TailQuery", "EventWhere",
      "Event", "EventPage", "EventIterator", "Tail", "Error", "Future", "storage", "CosStorage", "ClsStorage",
      "CkafkaStorage", "credentials", "AssumeRoleCredentials", "TkeOidcCredentials", "Snapshot", "Provider", "Driver",
      "AsyncDriver", "Request", "Response", "Emulator", "EmulatorOptions", "Fault", "ServeOptions", "EmulatorServer",
      "JournalEntry", "CheckOptions", "CheckReport", "CheckResult", "WatchOptions", "Watch" } do
      assert.truthy(chapters[class], class)
    end
  end)

  it("of README link every method of a client to its section", function()
    assert_same("Client", assert(classes_of{ manual.README }.Client))
  end)
end)
