-- Several processes that ensure the same track concurrently, and one that is killed while it creates.
local core = require "cloudaudit.core"
local served = require "support.emulator"

local build = os.getenv("CLOUDAUDIT_BUILD")

local function worker(emulator, what)
  return assert(io.popen(("exec env -u LD_PRELOAD sh spec/with %s lua spec/support/ensure_worker.lua %s %s %s %s 2>&1")
    :format(build:gsub("%-asan$", ""), emulator.endpoint, emulator.secret_id, emulator.secret_key, what or "")))
end

-- The output of eight processes: counts by their first word, and the lines.
local function eight(emulator)
  local pipes, lines, counts = {}, {}, {}
  for index = 1, 8 do
    pipes[index] = worker(emulator)
  end
  for index, pipe in ipairs(pipes) do
    lines[index] = pipe:read("*a")
    pipe:close()
    local word = lines[index]:match("^%w+") or ""
    counts[word] = (counts[word] or 0) + 1
  end
  return counts, table.concat(lines)
end

describe("eight processes at once", function()
  it("create one track where names are unique", function()
    local emulator = served.start{ "--rate", "0" }
    local counts, lines = eight(emulator)
    assert.equal(1, counts.created, lines)
    assert.equal(7, counts.unchanged, lines)
    assert.equal(1, #emulator:admin("state").tracks)
    local effects = 0
    for _, entry in ipairs(emulator:journal("CreateAuditTrack")) do
      effects = effects + (entry.effect and 1 or 0)
    end
    assert.equal(1, effects)
    emulator:stop()
  end)

  it("report every track but one where names are not unique", function()
    local emulator = served.start{ "--rate", "0", "--duplicate-names", "--quota", "20" }
    -- Each lists before any creates: the responses to the lists are delayed until all have asked.
    emulator:fault{ kind = "delay", seconds = 3, action = "DescribeAuditTracks", times = 8 }
    local counts, lines = eight(emulator)
    local tracks = #emulator:admin("state").tracks
    assert.is_true(tracks > 1, lines)
    -- Each process that finds another track reports it; the first to list after its own create may find no other.
    assert.is_true((counts.conflict or 0) >= tracks - 1, lines)
    assert.is_true((counts.created or 0) <= 1, lines)
    assert.truthy(lines:find("tracking sets have the name shared", 1, true))
    local client = emulator:client()
    local track, _, err = client:ensure_track{ name = "shared", action = "all",
      storage = "cos://audit-logs@ap-guangzhou/cloudaudit" }
    assert.is_nil(track)
    assert.equal(tracks, #err.ids)
    client:close()
    emulator:stop()
  end)
end)

describe("a process that is killed while it creates", function()
  for _, case in ipairs{ { "delay", "created" }, { "cut_before", "absent" } } do
    it("leaves an intent for reconcile: " .. case[2], function()
      local emulator = served.start{ "--no-verify" }
      emulator:fault{ kind = case[1], seconds = case[1] == "delay" and 20 or nil, action = "CreateAuditTrack" }
      local pipe = worker(emulator, "intent")
      local pid = assert(tonumber(pipe:read("*l")))
      local intent = core.decode(pipe:read("*l"))
      -- on_request has returned: the request is being sent, or waits for its response.
      local until_then = core.monotonic() + 20
      while #emulator:journal("CreateAuditTrack") == 0 do
        assert(core.monotonic() < until_then, "no create arrived")
      end
      assert(os.execute(("kill -9 %d"):format(pid)))
      pipe:close()
      local client = emulator:client()
      if case[2] == "absent" then
        assert.equal("unknown", (client:reconcile(intent, { wait = 0.1 })))
        emulator:admin("clock", { advance = 320 })
      end
      local outcome, detail = client:reconcile(intent)
      assert.equal(case[2], outcome)
      assert.equal(case[2] == "created" and 1 or nil, detail.id)
      assert.equal(1, #emulator:journal("CreateAuditTrack"))
      client:close()
      emulator:stop()
    end)
  end
end)
