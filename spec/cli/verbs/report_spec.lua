-- cloudaudit report as a process against a served emulator. Numbers in parentheses are those of the tests in the
-- command's specification. spec/hosts/report.sh looks at the page in a browser.
local audit_log = require "support.audit_log"
local command = require "support.command"
local emulator = require "support.emulator"
local folder = require "support.folder"

local NOW = os.time()
local WITHOUT_LUV = "package.preload.luv = function() error('hidden') end"

describe("cloudaudit report", function()
  local served, env, log, place, path

  local function run(given, options)
    local words = { "report" }
    for _, word in ipairs(given) do
      words[#words + 1] = word
    end
    words[#words + 1], words[#words + 2] = "--until", tostring(NOW - 60)
    options = options or {}
    options.env = options.env or env
    return command.run(words, options)
  end

  local function read(name)
    local file = io.open(place.path .. "/" .. (name or "page.html"), "rb")
    local text = file and file:read("*a")
    if file then
      file:close()
    end
    return text
  end

  local function names()
    return command.shell("ls -A " .. command.quote(place.path)).out
  end

  local function requests()
    return #served:journal("DescribeEvents")
  end

  local function count(test)
    local number = 0
    for _, event in ipairs(log) do
      number = number + (test(event) and 1 or 0)
    end
    return number
  end

  setup(function()
    served = emulator.start{ "--rate", "0" }
    env = command.env(served)
    log = audit_log.fill(served, 330, NOW - 3600, 1500)
  end)

  teardown(function()
    served:stop()
  end)

  before_each(function()
    place = folder.new()
    path = place.path .. "/page.html"
  end)

  after_each(function()
    place:remove()
  end)

  it("writes a page about the last seven days", function()
    local result = run{ path, "--utc" }
    assert.same({ 0, "", "" }, { result.status, result.out, result.err })
    assert.equal("page.html\n", names())
    local text = read()
    local function total(name)
      return tonumber(text:match("<dt>" .. name .. "</dt><dd>(%d+)<"))
    end
    local function is(kind)
      return function(event)
        return audit_log.result(event) == kind
      end
    end
    assert.same({ #log, count(function(e) return e.ActionType == "Write" end), count(is("denied")),
      count(is("failed")), 4, 4 }, { total("Events"), total("Writes"), total("Denied"), total("Failed otherwise"),
      total("Users"), total("Products") })
    assert.truthy(text:find("<h1>Audit report</h1>", 1, true))
    assert.truthy(text:find('<dd class="query">--since 7d --until ' .. NOW - 60 .. "</dd>", 1, true))
    assert.truthy(text:find("trail.exists", 1, true))
    assert.is_nil(text:find("Cut by", 1, true))
  end)

  it("takes FILTER and a title, and names them", function()
    run{ path, "--since", "9d", "--user", "ann", "--denied", "--where", "resource_name=res-3", "--title",
      "Denied <calls>" }
    local text = read()
    assert.equal(count(function(e)
      return e.Username == "ann" and audit_log.result(e) == "denied" and e.ResourceName == "res-3"
    end), tonumber(text:match("<dt>Events</dt><dd>(%d+)<")))
    assert.truthy(text:find("<title>Denied &lt;calls&gt;</title>", 1, true))
    assert.truthy(text:find("--since 9d --until " .. NOW - 60 .. " --user ann --denied --where resource_name=res-3",
      1, true))
  end)

  it("writes to standard output, but not to a terminal", function()
    run{ path, "--utc" }
    local result = run{ "-", "--utc" }
    assert.same({ 0, "" }, { result.status, result.err })
    local function without_time(text)
      return (text:gsub("<dt>Made.-</dd>", ""):gsub("20%d%d%-%d%d%-%d%d [%d:]+ UTC", ""))
    end
    assert.equal(without_time(read()), without_time(result.out))
    local before = requests()
    result = command.on_terminal({ "report", "-" }, 100, { env = env })
    assert.equal(2, result.status)
    assert.truthy(result.out:find("FILE.html: standard output is a terminal", 1, true), result.out)
    assert.equal(before, requests())
    assert.same({ 8, "cloudaudit: standard output: No space left on device\n" }, (function(full)
      return { full.status, full.err }
    end)(run({ "-" }, { after = ">/dev/full" })))
  end)

  it("says that --max cut it, if it did", function()
    run{ path, "--max", "100" }
    assert.truthy(read():find("Cut by --max 100: only the newest 100 events", 1, true))
    assert.equal("100", read():match("<dt>Events</dt><dd>(%d+)<"))
    run{ path, "--max", tostring(#log) }
    assert.is_nil(read():find("Cut by", 1, true))
    assert.equal(tostring(#log), read():match("<dt>Events</dt><dd>(%d+)<"))
  end)

  it("writes a page when no event matches", function()
    local result = run{ path, "--user", "nobody" }
    assert.same({ 0, "", "" }, { result.status, result.out, result.err })
    assert.truthy(read():find("No events match.", 1, true))
  end)

  it("leaves no file, or the old one, when the reading fails (33)", function()
    for page, old in pairs{ [0] = "old", [2] = false, [5] = "old" } do
      if old then
        place.write("page.html", old)
      end
      served:fault{ kind = "error", code = "UnauthorizedOperation.CamNoAuth", action = "DescribeEvents", after = page,
        times = "always" }
      local result = run{ path }
      served:clear_faults()
      assert.equal(3, result.status)
      assert.truthy(result.err:find("the rest was not read", 1, true), result.err)
      assert.equal(old or nil, read())
      assert.equal(old and "page.html\n" or "", names())
      os.remove(path)
    end
  end)

  it("dies by SIGINT without a file (11)", function()
    served:fault{ kind = "delay", seconds = 3, action = "DescribeEvents", after = 2, times = "always" }
    local result = run({ path }, { interrupt = 0.5 })
    served:clear_faults()
    assert.same({ 2, "", "" }, { result.signal, result.err, names() })
    assert.is_true(result.stopped < 1, result.stopped)
  end)

  it("refuses a place that cannot be written before it reads anything", function()
    local before = requests()
    for target, expected in pairs{
      [place.path .. "/none/page.html"] = { 8, "FILE.html: ENOENT: no such file or directory" },
      [place.path] = { 2, "FILE.html: the name of a file expected, got \"" .. place.path .. '"' },
      [place.path .. "/"] = { 2, "FILE.html: the name of a file expected" },
      [""] = { 2, "FILE.html: the name of a file expected" },
      ["/dev/full"] = { 2, "FILE.html: /dev/full is not a regular file" },
    } do
      local result = run{ target }
      assert.equal(expected[1], result.status, target)
      assert.truthy(result.err:find(expected[2], 1, true), result.err)
    end
    local result = run({ place.path .. "/none/page.html" }, { env = command.env(served, { LUA_INIT = WITHOUT_LUV }) })
    assert.equal(8, result.status)
    assert.equal(before, requests())
    assert.equal(2, command.run({ "report" }, { env = env }).status)
  end)

  it("keeps a page with secrets for its owner", function()
    assert.equal(0, run{ path, "--no-redact" }.status)
    assert.equal("600\n", command.shell("stat -c %a " .. path).out)
    local result = run({ path, "--no-redact" }, { env = command.env(served, { LUA_INIT = WITHOUT_LUV }) })
    assert.same({ 2, "cloudaudit report --no-redact: needs the Lua module luv (Debian: lua-luv, LuaRocks: luv)\n" },
      { result.status, result.err })
  end)

  it("works without luv (38)", function()
    local result = run({ path }, { env = command.env(served, { LUA_INIT = WITHOUT_LUV }) })
    assert.same({ 0, "", "page.html\n" }, { result.status, result.err, names() })
    assert.truthy(read():find("</html>\n$"))
    command.shell("mkfifo " .. command.quote(place.path .. "/pipe")) -- as root, /dev/null would be replaced
    result = run({ place.path .. "/pipe" }, { env = command.env(served, { LUA_INIT = WITHOUT_LUV }) })
    assert.equal(2, result.status)
    assert.truthy(result.err:find("pipe is not a regular file", 1, true), result.err)
  end)

  it("has the findings of check, if there is one", function()
    local function with(check)
      return run({ path }, { env = command.env(served,
        { LUA_INIT = 'package.preload["cloudaudit.check"] = ' .. check }) })
    end
    local result = with([[function() return { check = function(client, options)
      return { results = { { id = "login.new_address", severity = "medium", result = "unknown", evidence = {},
        subject = type(client.events), detail = "span " .. options["until"] - options.since } }, blind = "not told" }
      end } end]])
    assert.same({ 0, "" }, { result.status, result.err })
    for _, part in ipairs{ 'class="name first">login.new_address</td><td role="cell" class="right small '
      .. 'failed-text">unknown<', 'data-title="Subject">function<', ">span 6047", ">not told<" } do
      assert.truthy(read():find(part, 1, true), part)
    end
    result = with([[function() return { check = function()
      return nil, "no", { kind = "permission", message = "no" } end } end]])
    assert.same({ 3, "cloudaudit: no\n" }, { result.status, result.err })
    result = with("function() error('broken') end")
    assert.equal(1, result.status)
    assert.truthy(result.err:find("broken", 1, true))
  end)

  it("shows every record, however broken (7)", function()
    local odd = emulator.start{}
    for index, record in ipairs{ "", "{", "not json", '{"apiErrorCode":"\\u001b[2J</td>","actionType":"Write"}',
      "[1,2]", '{"actionType":"Write","userAgent":"' .. ("x"):rep(1048576) .. '"}' } do
      odd:admin("events", { EventId = "odd-" .. index, EventTime = NOW - 600 - index, CloudAuditEvent = record,
        RequestID = "r", EventName = "</script><script>", Username = "a\27[31m\r\nb,\"审计\" \194\155",
        ResourceName = "</td>\t" })
    end
    local result = run({ path }, { env = command.env(odd) })
    odd:stop()
    assert.same({ 0, "" }, { result.status, result.err })
    local text = read()
    assert.equal("6", text:match("<dt>Events</dt><dd>(%d+)<"))
    assert.truthy(text:find("events without a readable record", 1, true))
    assert.equal(1, select(2, text:gsub("<script", "")))
    assert.is_nil(text:find("[%z\1-\9\11-\31\127]"))
    assert.is_true(#text < 60000)
  end)
end)
