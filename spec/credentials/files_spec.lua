-- Files of credentials: how they are read, and their two formats.
local cloudaudit = require "cloudaudit"
local files = require "cloudaudit.credentials.files"
local folder = require "support.folder"

local credentials = cloudaudit.credentials

local home
before_each(function() home = folder.new() end)
after_each(function() home.remove() end)

local function context(environment, now)
  return home.provider_context(environment, now)
end

local function refused(pattern, snapshot, message, err)
  assert.is_nil(snapshot)
  assert.equal("credentials", err and err.kind)
  assert.truthy(message:find(pattern), message)
  assert.is_nil(message:find("canary", 1, true))
end

describe("a file of credentials", function()
  it("is absent, broken, or a text", function()
    local none, message, err = files.read(context(), home.path .. "/none")
    assert.same({ nil, home.path .. "/none: not found", nil }, { none, message, err })
    none, message, err = files.read(context(), home.write("file", "") .. "/below")
    assert.same({ nil, home.path .. "/file/below: not found", nil }, { none, message, err })
    assert.equal("", files.read(context(), home.path .. "/file"))
    assert.equal("a\0b\n", files.read(context(), home.write("text", "a\0b\n")))
  end)

  it("that cannot be read is broken", function()
    local path = home.write(".tencentcloud/credentials", ("x"):rep(1024 * 1024 + 1))
    refused("longer than 1 MiB$", credentials.profile().get(context()))
    os.remove(path)
    home.write(".tencentcloud/credentials/inside", "") -- a folder of that name
    refused("cannot be read: Is a directory$", credentials.profile().get(context()))
  end)

  it("that others can read causes one warning", function()
    home.write(".tencentcloud/credentials", "[default]\nsecret_id=a\nsecret_key=k\n", "644")
    local made = context()
    credentials.profile().get(made)
    credentials.profile().get(made)
    assert.same({ "warn: " .. home.path .. "/.tencentcloud/credentials: this credentials file is readable by"
      .. " others (mode 644): run chmod 600" }, made.lines)
    for mode, warned in pairs{ ["600"] = 0, ["400"] = 0, ["640"] = 1, ["604"] = 1, ["700"] = 0, ["622"] = 0 } do
      home.write(".tencentcloud/credentials", "[default]\nsecret_id=a\nsecret_key=k\n", mode)
      made = context()
      credentials.profile().get(made)
      assert.equal(warned, #made.lines, mode)
    end
  end)

  it("without secrets may be readable by others", function()
    local made = context()
    files.read(made, home.write("token", "t", "644"), true)
    assert.same({}, made.lines)
  end)
end)

describe("files.ini", function()
  it("reads sections, comments, quotes and both separators", function()
    assert.same({ a = { x = "1", y = "2", z = " 3 " }, b = {} },
      files.ini("f", "\239\187\191; c\n[ a ]\r\nx = 1\n#c\n y:2\nz=' 3 '\n[b]"))
  end)

  it("names the invalid line without showing it", function()
    refused("^f: line 2 is neither ", files.ini("f", "[a]\ncanary"))
    refused("^f: line 1 comes before any ", files.ini("f", "canary=1"))
    refused("^f: line 3 repeats a name$", files.ini("f", "[a]\ncanary=1\ncanary=2"))
  end)
end)

describe("files.json", function()
  it("reads an object and nothing else", function()
    assert.same({ a = 1 }, files.json("f", '\239\187\191{"a":1}'))
    for _, text in ipairs{ "", "[]", "canary", '"canary"', "{" } do
      refused("^f: not a JSON object$", files.json("f", text))
    end
  end)
end)

describe("files.snapshot", function()
  it("needs both halves and drops an empty token", function()
    assert.same({ secret_id = "i", secret_key = "k" },
      files.snapshot("f", { secret_id = "i", secret_key = "k", token = "" }))
    refused("^f: secret_id is missing$", files.snapshot("f", { secret_id = "", secret_key = "canary" }))
    refused("^f: secret_key is missing$", files.snapshot("f", { secret_id = "i" }))
  end)
end)
