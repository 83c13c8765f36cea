-- Public names against those recorded in spec/fixtures/public_names.txt. A name that is lost or new must stand here,
-- with the reason.
local public_names = require "support.public_names"

local function set(text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    lines[line:match("^%s*(.-)%s*$")] = true
  end
  lines[""] = nil
  return lines
end

-- response and envelope replace reply and answer; a macro of model.def ends with the file; nothing set max_response of
-- the core client, and nothing used the three members of the binding; errors and time hand out their public functions
-- only; httpd's functions about processes moved into a table of their own. The fields of types are those that the
-- generator had taken from a table of another class.
local REMOVED = set[[
  libcloudaudit caudit_answer_read
  libcloudaudit caudit_answer_uint64
  libcloudaudit caudit_reply_error
  libcloudaudit caudit_reply_time
  header cloudaudit/model_undef.h
  libcloudaudit caudit_client_max_response
  binding cloudaudit.client:endpoint
  binding cloudaudit.client:raw_call
  binding cloudaudit.curl.monotonic
  member errors.failure
  member errors.misuse
  member errors.new
  member errors.of_call
  member errors.public
  member time.read
  binding cloudaudit.httpd.background
  binding cloudaudit.httpd.pid
  binding cloudaudit.httpd.release_output
  type Response.async
  type Response.exchange
  type Response.now
  type Response.sleep
  type Snapshot.get
  type Snapshot.name
  type TailQuery.cursor
  type TailQuery.since
  type TailQuery.until
]]

-- The counterparts of those, the one reader of a response's head, client.h, which call.h includes, the text of the time
-- that created_at holds as epoch seconds, the class of async drivers, and loop.luv.
local ADDED = set[[
  libcloudaudit caudit_envelope_read
  libcloudaudit caudit_envelope_uint64
  libcloudaudit caudit_response_error
  libcloudaudit caudit_response_time
  libcloudaudit caudit_response_read_head
  libcloudaudit caudit_response_add_header
  libcloudaudit caudit_head_next
  header cloudaudit/client.h
  binding cloudaudit.httpd.process
  type Track.created_at_text
  type AsyncDriver.exchange
  type AsyncDriver.fds
  type AsyncDriver.step
  lua luv.attach
  lua LuvLoop:update
  lua LuvLoop:close
]]

describe("public names", function()
  it("are those that were recorded, but for the listed differences", function()
    local wrong = public_names.compare(public_names.recorded(), public_names.list(), REMOVED, ADDED)
    assert.equal("", table.concat(wrong, "\n"))
  end)

  it("of every family are found", function()
    local counts = {}
    for _, line in ipairs(public_names.list()) do
      local family = line:match("^member cloudaudit") or line:match("^%S+")
      counts[family] = (counts[family] or 0) + 1
    end
    local least = { member = 18, method = 70, option = 25, type = 300, lua = 130, kind = 22, action = 19, binding = 45,
      emulate = 20, libcloudaudit = 60, ["libcloudaudit-curl"] = 10, header = 9, ["pkg-config"] = 3, make = 14,
      command = 1 }
    for family, number in pairs(least) do
      assert.is_true((counts[family] or 0) >= number, family)
    end
    assert.equal(12, counts["member cloudaudit"])
  end)

  it("are compared both ways", function()
    local function compare(recorded, today, removed, added)
      return table.concat(public_names.compare(recorded, today, removed, added), "; ")
    end
    assert.equal("", compare({ "a", "b" }, { "b", "c" }, { a = true }, { c = true }))
    assert.equal("missing: a; not recorded: c", compare({ "a", "b" }, { "b", "c" }, {}, {}))
    assert.equal("listed as removed, but is not: b", compare({ "b" }, { "b" }, { b = true }, {}))
    assert.equal("listed as removed, but is not: x", compare({ "b" }, { "b" }, { x = true }, {}))
    assert.equal("listed as added, but is not: b", compare({ "b" }, { "b" }, {}, { b = true }))
  end)
end)
