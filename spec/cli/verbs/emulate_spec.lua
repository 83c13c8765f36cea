local cloudaudit = require "cloudaudit"
local signed = require "support.signed"
local support = require "support.emulator"

-- The values of variables after a shell evaluated the emulator's exports.
local function evaluate(text, names)
  local values = {}
  for _, name in ipairs(names) do
    local pipe = assert(io.popen(text .. "\nprintf %s \"$" .. name .. "\"", "r"))
    values[name] = pipe:read("*a")
    pipe:close()
  end
  return values
end

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

describe("cloudaudit emulate", function()
  it("passes its options to the emulator", function()
    local served = support.start{ "--now", "1551113065", "--quota", "1", "--rate", "0", "--duplicate-names",
      "--no-verify", "--order", "oldest" }
    local client = served:client{ secret_key = "wrong", clock = function() return 1551113065 end }
    assert(client:CreateAuditTrack(signed.track()))
    local _, _, err = client:CreateAuditTrack(signed.track())
    assert.equal("LimitExceeded.OverAmount", err.code)
    local events = assert(client:DescribeEvents{ StartTime = 1551113065, EndTime = 1551113065 }).Events
    assert.equal("CreateAuditTrack", events[1].EventName)
    assert.is_false(served:admin("state").verify)
    served:stop()
  end)

  it("writes a file for a shell to evaluate once it listens", function()
    local path = os.tmpname()
    local served = support.start{ "--tls", "--ready-file", path }
    local values = evaluate(read_file(path), { "CLOUDAUDIT_ENDPOINT", "CLOUDAUDIT_CA_FILE", "TENCENTCLOUD_SECRET_ID",
      "TENCENTCLOUD_SECRET_KEY", "CLOUDAUDIT_EMULATOR_PID" })
    assert.same({ served.endpoint, served.ca_file, served.secret_id, served.secret_key, tostring(served.pid) },
      { values.CLOUDAUDIT_ENDPOINT, values.CLOUDAUDIT_CA_FILE, values.TENCENTCLOUD_SECRET_ID,
        values.TENCENTCLOUD_SECRET_KEY, values.CLOUDAUDIT_EMULATOR_PID })
    assert.is_nil(io.open(path .. ".part", "r"))
    served:stop()
    os.remove(path)
  end)

  it("continues in the background after a shell evaluated its output", function()
    local pipe = assert(io.popen(support.command{ "--background", "--print-env" } .. " 2>/dev/null", "r"))
    local text = pipe:read("*a")
    pipe:close()
    local endpoint = assert(text:match("CLOUDAUDIT_ENDPOINT='([^']*)'"))
    local served = support.attach(endpoint)
    assert(cloudaudit.new{ endpoint = endpoint, secret_id = text:match("SECRET_ID='([^']*)'"),
      secret_key = text:match("SECRET_KEY='([^']*)'"), env = false }:ListAudits{})
    served:admin("stop", {})
    served:stop()
  end)

  -- Runs the command in a shell: its output, errors included, and its exit code. `before` is shell text.
  local function run(given, redirection, before)
    local pipe = assert(io.popen(("LD_PRELOAD=; %s { %s %s; } 2>&1; echo \"exit $?\""):format(before or "",
      support.command(given), redirection or "")))
    local text = pipe:read("*a")
    pipe:close()
    return text:match("^(.-)exit (%d+)\n$")
  end

  local function stop(text)
    local endpoint = assert(text:match("CLOUDAUDIT_ENDPOINT='([^']*)'"), text)
    local served = support.attach(endpoint)
    assert.truthy(served:admin("state").version)
    served:admin("stop", {})
    served:stop()
  end

  it("serves in the background with closed descriptors", function()
    for _, closed in ipairs{ "0<&-", "2>&-", "0<&- 2>&-" } do
      local path = os.tmpname()
      local output, code = run({ "--background", "--ready-file", path }, closed)
      assert.equal("0", code, output)
      stop(read_file(path))
      os.remove(path)
    end
  end)

  it("serves in the background until standard input ends", function()
    local fifo = os.tmpname()
    os.execute(("LD_PRELOAD=; rm %s; mkfifo %s"):format(fifo, fifo))
    local input = assert(io.popen(("LD_PRELOAD=; exec %s >%s 2>/dev/null"):format(support.command{ "--background",
      "--until-stdin-closes", "--print-env" }, fifo), "w"))
    local served = support.attach(assert(read_file(fifo):match("CLOUDAUDIT_ENDPOINT='([^']*)'")))
    assert.truthy(served:admin("state").version)
    input:close()
    local answers, tries = true, 0
    while answers and tries < 1000 do
      answers, tries = pcall(served.admin, served, "state"), tries + 1
    end
    assert.is_false(answers)
    os.remove(fifo)
  end)

  it("has written everything when the parent of the background process ends", function()
    for _ = 1, 5 do
      local path, env = os.tmpname(), os.tmpname()
      local _, code = run({ "--background", "--print-env", "--ready-file", path }, ">" .. env .. " 2>/dev/null")
      assert.equal("0", code)
      assert.equal(read_file(path), read_file(env))
      stop(read_file(env))
      os.remove(path)
      os.remove(env)
    end
  end)

  it("fails when it cannot write what was asked for", function()
    local cases = {
      { { "--ready-file", "/nowhere/x" }, "", "8", "cannot write the ready file: /nowhere/x: No such file" },
      { { "--background", "--ready-file", "/nowhere/x" }, "", "8", "cannot write the ready file: /nowhere/x: No such" },
      { { "--print-env" }, ">/dev/full", "8", "No space left" },
      { { "--print-env", "--background" }, ">/dev/full", "8", "No space left" },
      { { "--tls", "--ca-file", "/nowhere/ca" }, "", "1", "cannot write the CA: /nowhere/ca: No such file" },
    }
    for _, case in ipairs(cases) do
      local path = os.tmpname()
      local output, code = run(case[1], "2>" .. path .. " " .. case[2])
      local message = read_file(path)
      os.remove(path)
      assert.equal(case[3], code, output)
      assert.truthy(message:find(case[4], 1, true), message)
      assert.is_nil(message:find("traceback", 1, true))
    end
    local output, code = run({ "--tls" }, "", "export TMPDIR=/nowhere;")
    assert.equal("1", code)
    assert.truthy(output:find("cannot write the CA: /nowhere: No such file", 1, true), output)
  end)

  it("does not follow planted links when it writes files", function()
    local folder, victim = os.tmpname(), os.tmpname()
    os.remove(folder)
    os.execute(("LD_PRELOAD=; mkdir %s; for name in ready ready.part ca; do ln -s %s %s/$name; done"):format(folder,
      victim, folder))
    local _, code = run{ "--background", "--tls", "--ready-file", folder .. "/ready", "--ca-file", folder .. "/ca" }
    assert.equal("0", code)
    assert.equal("", read_file(victim))
    local text = read_file(folder .. "/ready")
    assert.truthy(read_file(folder .. "/ca"):find("BEGIN CERTIFICATE", 1, true))
    os.execute(("LD_PRELOAD= kill %s"):format(text:match("EMULATOR_PID='(%d+)'")))
    os.execute(("LD_PRELOAD= rm -r %s %s"):format(folder, victim))
  end)

  it("removes its CA when a signal ends it, which it tells its parent", function()
    for signal, expected in pairs{ TERM = "143", INT = "130", HUP = "129" } do
      local path = os.tmpname()
      local text, code = run({ "--tls", "--print-env", "--until-stdin-closes" },
        (">%s </dev/zero & pid=$!; while ! grep -q PID %s; do sleep 0.02; done; kill -%s $pid; wait $pid"):format(path,
          path, signal))
      assert.equal(expected, code, signal .. text)
      assert.is_nil(io.open(read_file(path):match("CA_FILE='([^']*)'")))
      os.remove(path)
    end
  end)

  it("has an option for every switch of emulator.new", function()
    local emulate = require "cloudaudit.cli.verbs.emulate"
    local names = {}
    for _, row in ipairs(emulate.options) do
      names[row.name] = true
    end
    local renamed = { verify = "no-verify", validate = "no-validate", record = "no-record", secrets = "secret",
      tokens = "token", unique_names = "duplicate-names", require_region = "no-require-region", buckets = "bucket",
      topics = "topic", cos_regions = "cos-region", roles = "role-arn", identities = "identity" }
    -- Tables of tables, which a program sets.
    local left_out = { audits = true, keys = true }
    -- What `make live` learns comes from its file, with --learned.
    local learned = require "cloudaudit.emulator.learned"
    for _, list in ipairs{ learned.ROWS, learned.FAMILIES } do
      for _, row in ipairs(list) do
        left_out[row[2]] = true
      end
    end
    local file = assert(io.open("lua/cloudaudit/types.lua"))
    local class = file:read("*a"):match("%-%-%-@class cloudaudit.EmulatorOptions\n(.-)\n\n")
    file:close()
    local count = 0
    for name in class:gmatch("%-%-%-@field ([%w_]+)") do
      count = count + 1
      assert.is_true(left_out[name] or names[renamed[name] or (name:gsub("_", "-"))] or false, name)
    end
    assert.is_true(count > 30)
  end)

  it("passes the options on, and refuses wrong ones in its own names", function()
    local served = support.start{ "--no-validate", "--no-require-region", "--bucket", "one", "--bucket", "two",
      "--compress", "2", "--secret", "AKIDx=key", "--token", "AKIDx=t-1", "--page-tokens", "strict" }
    assert.same({ "AKIDx", "key" }, { served.secret_id, served.secret_key })
    local client = served:client{ token = "t-1", validate = false }
    local track = signed.track{ Name = "审计" }
    track.Storage.StorageName = "two"
    assert(client:CreateAuditTrack(track))
    assert.equal(2, client:DescribeAuditTrack{ TrackId = 1 }.Storage.Compress)
    track.Storage.StorageName = "three"
    local _, _, err = client:CreateAuditTrack(track)
    assert.equal("ResourceNotFound.CosNotExist", err.code)
    served:stop()
    for given, expected in pairs{ edges = "--edges: closed, open", ["page-tokens"] = "--page-tokens: ingest_time",
      order = "--order: newest", compress = "--compress: 1, 2", quota = "--quota: number expected" } do
      local output, code = run{ "--" .. given, "x" }
      assert.equal("2", code)
      assert.truthy(output:find("emulate: " .. expected, 1, true), output)
    end
    for given, expected in pairs{ ["idle-timeout"] = "number from 0 to 86400",
      ["max-body"] = "number from 0 to 1073741824" } do
      local output, code = run{ "--" .. given, "-1" }
      assert.same({ "2", "cloudaudit: emulate: --" .. given .. ": " .. expected .. " expected, got -1\n" },
        { code, output })
    end
  end)

  it("adds the events of scenarios and ordinary ones, and says what to look for", function()
    local command = require "support.command"
    local path = os.tmpname()
    local result = command.shell(support.command{ "--background", "--print-env", "--scenario", "workday", "--scenario",
      "leaked_key", "--events", "100" } .. " >" .. path .. " 2>&1; . " .. path .. "; " .. command.line{ "events",
      "--since", "30d", "--user", "ci", "-o", "jsonl" } .. "; kill $CLOUDAUDIT_EMULATOR_PID")
    local text = read_file(path)
    os.remove(path)
    assert.truthy(text:find("scenario workday: 154 events; look at access key id AKID%w+, user mallory, "), text)
    assert.truthy(text:find(
      "scenario leaked_key: %d+ events; look at access key id AKID%w+, source ip 198.51.100.77"), text)
    assert.is_true(#command.lines(result.out) > 40, result.err)
    local wrong = command.run{ "emulate", "--scenario", "work_day" }
    assert.same({ 2, true }, { wrong.status, wrong.err:find("did you mean workday?", 1, true) ~= nil })
  end)
end)
