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
    for mode, warned in pairs{ ["600"] = 0, ["400"] = 0, ["640"] = 1, ["604"] = 1, ["700"] = 0, ["622"] = 1 } do
      home.write(".tencentcloud/credentials", "[default]\nsecret_id=a\nsecret_key=k\n", mode)
      made = context()
      credentials.profile().get(made)
      assert.equal(warned, #made.lines, mode)
    end
  end)

  it("that others can write is named like one that they can read", function()
    for mode, text in pairs{ ["622"] = "writable", ["602"] = "writable", ["620"] = "writable",
      ["666"] = "readable and writable" } do
      local made = context()
      files.read(made, home.write("keys", "k", mode))
      assert.same({ ("warn: %s/keys: this credentials file is %s by others (mode %s): run chmod 600"):format(home.path,
        text, mode) }, made.lines)
    end
  end)

  it("without secrets may be readable by others, but not writable", function()
    local made = context()
    files.read(made, home.write("token", "t", "644"), true)
    assert.same({}, made.lines)
    files.read(made, home.write("token", "t", "664"), true)
    assert.same({ "warn: " .. home.path .. "/token: this credentials file is writable by others (mode 664): run"
      .. " chmod go-w" }, made.lines)
  end)

  it("is read only if it is a regular one, without waiting for a pipe's other end", function()
    local pipe = home.path .. "/pipe"
    assert(os.execute(("LD_PRELOAD= mkfifo '%s'"):format(pipe)))
    for path, reason in pairs{ [pipe] = "not a regular file", ["/dev/zero"] = "not a regular file",
      [home.path] = "Is a directory" } do
      refused("cannot be read: " .. reason .. "$", files.read(context(), path))
      refused("cannot be read: " .. reason .. "$", credentials.profile{ file = path }.get(context()))
    end
    refused("cannot be read: its name holds a NUL byte$", files.read(context(), home.write("file", "") .. "\0x"))
    local pod = credentials.tke_oidc{ region = "ap-x", provider_id = "p", role_arn = "qcs::cam::uin/1:role/x",
      token_file = pipe }
    refused("pipe: cannot be read: not a regular file$", pod.get(context()))
    os.execute(("LD_PRELOAD= mkdir '%s/.tccli'; LD_PRELOAD= mkfifo '%s/.tccli/default.credential'"):format(home.path,
      home.path))
    refused("credential: cannot be read: not a regular file$", credentials.tccli().get(context()))
  end)

  it("of any size is read to the limit and no further", function()
    local path = home.write("large", "")
    assert(os.execute(("LD_PRELOAD= truncate -s 64G '%s'"):format(path)))
    refused("longer than 1 MiB$", files.read(context(), path))
    assert.equal(1024 * 1024, #files.read(context(), home.write("limit", ("x"):rep(1024 * 1024))))
  end)
end)

describe("files.ini", function()
  it("reads sections, comments, quotes and both separators", function()
    assert.same({ a = { x = "1", y = "2", z = " 3 " }, b = {} },
      files.ini("f", "\239\187\191; c\n[ a ]\r\nx = 1\n#c\n y:2\nz=' 3 '\n[b]"))
  end)

  it("accepts what Python's configparser accepts", function()
    for text, sections in pairs{
      ["[default] ; mine\nSECRET_ID = a ; c\nSecret_Key : b # d\n"] =
        { default = { secret_id = "a ; c", secret_key = "b # d" } },
      ["[default]# mine\rSECRET_ID=a\r"] = { default = { secret_id = "a" } },
      ["[default]\nnote = a\n  more\n\tand more\nb=1\n"] = { default = { note = "a\nmore\nand more", b = "1" } },
      ["[default]\nsecret_id=a\n  ; a comment\n  more\n\n"] = { default = { secret_id = "a\nmore" } },
      ["[default]\nsecret_id =\n    a\n\nsecret_key = b\n"] = { default = { secret_id = "a", secret_key = "b" } },
      ["[default]\nnote = a\n\n  b\n"] = { default = { note = "a\n\nb" } },
      ["[DEFAULT]\nsecret_id=z\n[a]\nsecret_key=q\n"] =
        { DEFAULT = { secret_id = "z" }, a = { secret_id = "z", secret_key = "q" } },
      ["[default]\n  secret_id=a\n  secret_key=b\n"] = { default = { secret_id = "a", secret_key = "b" } },
      [" [default]\n a=1\nb=2\n"] = { default = { a = "1", b = "2" } },
      ["[default]\nsecret id = 3\na = x = y : z\n"] = { default = { ["secret id"] = "3", a = "x = y : z" } },
      -- An indented "name: value" is a setting here, unless the section has that name already.
      ["[default]\nnote = see\n  url: a b c\n  see also: d\n  url: e\n"] =
        { default = { note = "see", url = "a b c\nsee also: d\nurl: e" } },
    } do
      assert.same(sections, files.ini("f", text))
    end
  end)

  it("names the invalid line without showing it", function()
    refused("^f: line 3 repeats secret_id$", files.ini("f", "[a]\nsecret_id=1\nSECRET_ID=2"))
    refused("^f: line 2 is neither ", files.ini("f", "[a]\n=canary"))
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
