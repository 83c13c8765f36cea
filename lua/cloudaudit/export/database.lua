-- An export as one SQLite file, through luasql, which is optional: the tables `events`, whose columns are the row and
-- `raw`, and `export_state`. A transaction holds some events and the state after them, so that the file always agrees
-- with itself.
local core = require "cloudaudit.core"
local files = require "cloudaudit.export.files"
local lock = require "cloudaudit.export.lock"
local optional = require "cloudaudit.optional"
local redact = require "cloudaudit.events.redact"
local rows = require "cloudaudit.events.row"
local state = require "cloudaudit.export.state"

local database = {}

--- Columns of `events`, in order.
database.COLUMNS = {}
for index, name in ipairs(rows.MEMBERS) do
  database.COLUMNS[index] = name
end
table.insert(database.COLUMNS, "raw")

local INTEGERS = { time = true, sensitive = true, mfa = true }
local BOOLEANS = { sensitive = true, mfa = true }
local INDEXES = { "time", "user", "access_key_id", "source_ip", "resource", "name" }

-- Rows of a statement, bytes of a statement, and rows of a transaction.
local STATEMENT, LONGEST, TRANSACTION = 50, 1e6, 1000

local Database = {}
Database.__index = Database

local function luasql()
  return optional.module("luasql.sqlite3")
end

--- Whether luasql with SQLite is installed.
function database.is_there()
  return luasql() ~= nil
end

local function reason(path, message)
  return ("%s: %s"):format(path, (tostring(message):gsub("^LuaSQL: ", "")))
end

--- Connects to a file that exists: {query(sql), close()}; nil, message. query returns a cursor or a number of rows;
-- nil, message.
function database.connect(path)
  local environment = luasql().sqlite3()
  local connection, message = environment:connect(path)
  if not connection then
    environment:close()
    return nil, reason(path, message)
  end
  local self = { connection = connection }
  function self.query(sql)
    local result, problem = connection:execute(sql)
    if not result then
      return nil, reason(path, problem)
    end
    return result
  end
  function self.close()
    connection:close()
    environment:close()
  end
  -- Another program may read or write the file.
  local cursor = self.query("PRAGMA busy_timeout = 5000")
  if type(cursor) == "userdata" then
    cursor:close()
  end
  return self
end

-- Runs statements until one fails; closes the cursors of those that return rows.
local function run(connection, statements)
  for _, sql in ipairs(statements) do
    local result, message = connection.query(sql)
    if not result then
      return nil, message
    elseif type(result) == "userdata" then
      result:close()
    end
  end
  return true
end

-- The state's text; nil when the file has none; nil, message when it cannot be read.
local function stored_text(connection)
  local cursor, message = connection.query("SELECT value FROM export_state WHERE name = 'state'")
  if not cursor then
    local absent = message:find("no such table", 1, true) or message:find("not a database", 1, true)
    return nil, not absent and message or nil
  end
  local text = cursor:fetch()
  cursor:close()
  return text
end

local function stored_state(path, connection)
  local text, message = stored_text(connection)
  if not text then
    return nil, message
  end
  local held
  held, message = state.decode(text)
  return held, message and ("%s: export_state: %s"):format(path, message)
end

--- Reads the state of the export in a file: nil when there is none; nil, message when it cannot be read.
function database.read(path)
  local found = files.luv().fs_stat(path)
  if not found or found.type ~= "file" then -- opening a pipe would wait
    return nil
  end
  local connection, message = database.connect(path)
  if not connection then
    return nil, message
  end
  local held
  held, message = stored_state(path, connection)
  connection.close()
  return held, message
end

-- The condition on times of a query; see source.lua.
local function time_range(query)
  local since, to = query.since or 0, query["until"]
  local timeless = not query.since and not query.ends
  return ('("time" BETWEEN %.0f AND %.0f%s)'):format(since, to, timeless and ' OR "time" IS NULL' or "")
end

--- The rows of the events of a query, in its order: a function that returns a row; nil at the end; nil, message.
function database.rows(path, query)
  local connection, message = database.connect(path)
  if not connection then
    return nil, message
  end
  local order = query.oldest and "" or " DESC"
  local cursor
  cursor, message = connection.query(('SELECT * FROM events WHERE %s ORDER BY "time" IS NULL, "time"%s, "id"%s'):format(
    time_range(query), order, order))
  if not cursor then
    connection.close()
    local absent = message:find("no such table", 1, true)
    return nil, absent and path .. ": it is not an export" or message
  end
  return function()
    local row = cursor and cursor:fetch({}, "a")
    if row then
      for name in pairs(BOOLEANS) do
        row[name] = row[name] and row[name] == 1
      end
      return row
    elseif cursor then
      cursor:close()
      connection.close()
      cursor = nil
    end
    return nil
  end
end

-- Whether a file is a database without a table, as a killed run can leave it.
local function is_bare(path)
  local connection = database.connect(path)
  local cursor = connection and connection.query("SELECT count(*) FROM sqlite_master")
  local count = cursor and cursor:fetch()
  if cursor then
    cursor:close()
  end
  if connection then
    connection.close()
  end
  return count == 0
end

--- Whether a new export can begin in a file: it does not exist, or has nothing. Otherwise what is wrong with it.
function database.is_free(path)
  local found = files.luv().fs_stat(path)
  local free = not found or found.type == "file" and (found.size == 0 or is_bare(path))
  return free, not free and "it is not a database of an export" or nil
end

--- Opens a file for writing and takes its lock; nil, message.
function database.open(path)
  local held, message = lock.acquire(path .. ".lock")
  if not held then
    return nil, message
  end
  return setmetatable({ path = path, lock = held, values = {}, bytes = 0, count = 0 }, Database)
end

--- The state of the last commit; nil when there is none; nil, message.
function Database:read()
  return database.read(self.path)
end

local function hex(byte)
  return ("%02x"):format(byte:byte())
end

-- A value as SQL. A statement ends at a NUL.
local function literal(value)
  if value == nil or value == core.null then
    return "NULL"
  elseif type(value) == "boolean" then
    return value and "1" or "0"
  elseif type(value) == "number" then
    return ("%d"):format(value)
  elseif value:find("%z") then
    return "CAST(x'" .. value:gsub(".", hex) .. "' AS TEXT)"
  end
  return "'" .. value:gsub("'", "''") .. "'"
end

-- The statements that make the tables, with the state that they begin with.
local function tables(held)
  local columns = {}
  for index, name in ipairs(database.COLUMNS) do
    columns[index] = ('"%s" %s'):format(name, INTEGERS[name] and "INTEGER" or name == "id" and "TEXT PRIMARY KEY"
      or "TEXT")
  end
  local out = { "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "BEGIN IMMEDIATE",
    ("CREATE TABLE IF NOT EXISTS events (%s)"):format(table.concat(columns, ", ")),
    "CREATE TABLE IF NOT EXISTS export_state (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    ("PRAGMA user_version = %d"):format(rows.VERSION) }
  for _, name in ipairs(INDEXES) do
    out[#out + 1] = ('CREATE INDEX IF NOT EXISTS events_%s ON events ("%s")'):format(name, name)
  end
  out[#out + 1] = ("INSERT OR REPLACE INTO export_state VALUES ('state', %s)"):format(literal(held:encode()))
  out[#out + 1] = "COMMIT"
  return out
end

--- Prepares for writing after the state `held`, which read() gave, or that of a new export. true, or nil and a message.
function Database:begin(held)
  lock.sweep(self.lock.path)
  if not held.redacted and not files.exists(self.path) then
    local file, message = files.create(self.path, true)
    if file then
      file, message = file:close()
    end
    if not file then
      return nil, message
    end
  end
  local message
  self.connection, message = database.connect(self.path)
  if not self.connection then
    return nil, message
  end
  return run(self.connection, tables(held))
end

local function insert(self)
  if #self.values == 0 then
    return true
  end
  local sql = "INSERT OR IGNORE INTO events VALUES " .. table.concat(self.values, ",")
  self.values, self.bytes = {}, 0
  return run(self.connection, { sql })
end

--- Adds an event, without the secrets of a level (nil: with all). true, or nil and a message.
function Database:add(_, event, level)
  if self.count == 0 then
    local done, message = run(self.connection, { "BEGIN IMMEDIATE" })
    if not done then
      return nil, message
    end
  end
  if level then
    event = redact.event(event, { level = level })
  end
  local row, cells = event:row(), {}
  row.raw = event.raw
  for index, name in ipairs(database.COLUMNS) do
    cells[index] = literal(row[name])
  end
  local text = "(" .. table.concat(cells, ",") .. ")"
  self.values[#self.values + 1] = text
  self.bytes, self.count = self.bytes + #text, self.count + 1
  if #self.values == STATEMENT or self.bytes >= LONGEST then
    return insert(self)
  end
  return true
end

--- As Folder:fits: rows have no order.
function Database.fits()
  return true
end

--- Whether the transaction should be committed.
function Database:is_full()
  return self.count >= TRANSACTION
end

--- Commits what was added with its state. true, or nil and a message: then the command must end.
function Database:commit(held)
  if not self.lock:is_held() then
    return nil, self.lock.path .. ": another process has taken it"
  end
  local done, message = true, nil
  if self.count == 0 then
    done, message = run(self.connection, { "BEGIN IMMEDIATE" })
  end
  if done then
    done, message = insert(self)
  end
  if done then
    done, message = run(self.connection, { ("INSERT OR REPLACE INTO export_state VALUES ('state', %s)"):format(
      literal(held:encode())), "COMMIT" })
  end
  if done then
    self.count = 0
  end
  return done, message
end

--- Drops the transaction in flight.
function Database:discard()
  if self.connection then
    run(self.connection, { "ROLLBACK" })
  end
  self.values, self.bytes, self.count = {}, 0, 0
end

--- Closes the file, without what was not committed, and releases it.
function Database:close()
  if self.connection then
    pcall(self.connection.close) -- luasql raises when SIGINT has left a cursor open
    self.connection = nil
  end
  self.lock:release()
end

return database
