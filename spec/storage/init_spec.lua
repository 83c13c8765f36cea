local storage = require "cloudaudit.storage"
local wire = require "support.wire"

local function cos(more)
  local given = { region = "ap-guangzhou", bucket = "audit-logs", prefix = "cloudaudit" }
  for key, value in pairs(more or {}) do
    given[key] = value
  end
  return given
end

local COS = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit-logs",
  StoragePrefix = "cloudaudit" }
local CKAFKA = { StorageType = "ckafka", StorageRegion = "ap-tokyo", StorageName = "ckafka-abc/audit",
  StoragePrefix = "p" }

local function raised(fn, ...)
  local ok, message = pcall(fn, ...)
  assert.is_false(ok)
  return message
end

describe("a storage helper", function()
  it("returns the API's Storage", function()
    assert.same(COS, storage.cos(cos()))
    assert.same({ StorageType = "cls", StorageRegion = "ap-tokyo", StorageName = "topic-1", StoragePrefix = "logs" },
      storage.cls{ region = "ap-tokyo", topic_id = "topic-1", prefix = "logs" })
    assert.same(CKAFKA, storage.ckafka{ region = "ap-tokyo", instance = "ckafka-abc", topic = "audit", prefix = "p" })
  end)

  it("passes on the owner of the storage, and compression as the API's numbers", function()
    for value, number in pairs{ [true] = 1, [false] = 2, [1] = 1, [2] = 2 } do
      assert.equal(number, storage.cos(cos{ compress = value }).Compress)
    end
    local made = storage.cos(cos{ account_id = "100000000001", app_id = "1250000000" })
    assert.equal("100000000001", made.StorageAccountId)
    assert.equal("1250000000", made.StorageAppId)
    assert.is_nil(made.Compress)
  end)

  it("rejects a compress of 0", function()
    local made, message, err = storage.cos(cos{ compress = 0 })
    assert.is_nil(made)
    assert.equal("storage.cos.compress: true (or 1) or false (or 2) expected, got 0; not compressed is 2", message)
    assert.equal("validation", err.kind)
    assert.equal("compress", err.field)
  end)

  it("rejects a bucket with its -APPID and says how to write it", function()
    local made, message, err = storage.cos(cos{ bucket = "audit-logs-1250000000" })
    assert.is_nil(made)
    assert.truthy(message:find("^storage%.cos%.bucket: "), message)
    assert.truthy(message:find('"audit-logs"', 1, true), message)
    assert.equal("validation", err.kind)
    assert.equal("bucket", err.field)
    assert.equal('write bucket = "audit-logs", and app_id = "1250000000" if the bucket belongs to another account',
      err.hint)
    assert.truthy(storage.cos(cos{ bucket = "audit-logs-20240101" }))
  end)

  it("rejects values that break the documented rules, by our names", function()
    for _, case in ipairs{
      { cos{ bucket = "Audit" }, "bucket" }, { cos{ bucket = "-audit" }, "bucket" }, { cos{ bucket = "" }, "bucket" },
      { cos{ bucket = ("a"):rep(51) }, "bucket" }, { cos{ bucket = "audit_test" }, "bucket" },
      { cos{ prefix = "ab" }, "prefix" }, { cos{ prefix = ("a"):rep(41) }, "prefix" },
      { cos{ prefix = "audit_config" }, "prefix" },
    } do
      local made, message, err = storage.cos(case[1])
      assert.is_nil(made)
      assert.truthy(message:find("storage.cos." .. case[2] .. ": ", 1, true) == 1, message)
      assert.equal(case[2], err.field)
      assert.equal("validation", err.kind)
    end
    assert.truthy(storage.cos(cos{ bucket = ("a"):rep(50), prefix = ("a"):rep(40) }))
    assert.truthy(storage.cos(cos{ bucket = "a", prefix = "abc" }))
  end)

  it("rejects half of a CKafka topic", function()
    for _, half in ipairs{ { "", "audit", "instance" }, { "ckafka-1", "", "topic" }, { "ckafka-1", "a/b", "topic" } } do
      local made, _, err = storage.ckafka{ region = "r", instance = half[1], topic = half[2], prefix = "p" }
      assert.is_nil(made)
      assert.equal(half[3], err.field)
    end
    assert.truthy(raised(storage.ckafka, { region = "r", topic = "audit", prefix = "p" })
      :find("storage.ckafka.instance: missing", 1, true))
  end)

  it("raises for unknown fields, wrong types and missing fields, at the caller's line", function()
    local where, ok, message
    ok, message = pcall(function()
      where = wire.line(); return (storage.cos(cos{ buckt = "x" }))
    end)
    assert.is_false(ok)
    assert.equal(where .. " storage.cos.buckt: unknown field, did you mean bucket?", message)
    assert.truthy(raised(storage.cos, cos{ app_id = 1250000000 }):find("app_id: string expected, got number", 1, true))
    assert.truthy(raised(storage.cls, { region = "r", prefix = "p" }):find("storage.cls.topic_id: missing", 1, true))
    assert.truthy(raised(storage.cos, "cos://x"):find("storage.cos: table of fields expected, got string", 1, true))
  end)
end)

describe("a storage URL", function()
  it("names each kind", function()
    assert.same(COS, storage.parse("cos://audit-logs@ap-guangzhou/cloudaudit"))
    assert.same({ StorageType = "cls", StorageRegion = "ap-tokyo", StorageName = "topic-1", StoragePrefix = "logs" },
      storage.parse("cls://topic-1@ap-tokyo/logs"))
    assert.same(CKAFKA, storage.parse("ckafka://ckafka-abc/audit@ap-tokyo/p"))
    assert.same({ StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit-logs",
      StoragePrefix = "cloudaudit", StorageAccountId = "1", StorageAppId = "2", Compress = 2 },
      storage.parse("cos://audit-logs@ap-guangzhou/cloudaudit?account_id=1&app_id=2&compress=2"))
  end)

  it("survives parse and format unchanged", function()
    for _, url in ipairs{ "cos://audit-logs@ap-guangzhou/cloudaudit", "cls://topic-1@ap-tokyo/logs",
      "ckafka://ckafka-abc/audit@ap-tokyo/p", "cos://a@r/abc?account_id=1&app_id=2&compress=1",
      "cls://t%20%40%3F%25@ap-tokyo/a/b%3Fc" } do
      assert.equal(url, storage.format(storage.parse(url)))
    end
    local odd = { StorageType = "cls", StorageRegion = "ap-tokyo", StorageName = "a@b?c/d%",
      StoragePrefix = "x?y z\200", StorageAccountId = "a&b=c", Compress = 1 }
    assert.same(odd, storage.parse(storage.format(odd)))
  end)

  it("is rejected with a reason", function()
    for url, reason in pairs{
      ["audit-logs"] = "type://name@region/prefix expected",
      ["cos://audit-logs/prefix"] = "type://name@region/prefix expected",
      ["cos://audit-logs@ap-guangzhou"] = "type://name@region/prefix expected",
      ["coss://audit-logs@ap-guangzhou/abc"] = "cos, cls or ckafka expected, got coss, did you mean cos?",
      ["cos://audit-logs@ap-guangzhou/abc?compres=1"] = "compres: unknown query parameter, did you mean compress?",
      ["cos://audit-logs@ap-guangzhou/abc?compress=0"] = "compress: 1 or 2 expected",
      ["cos://audit-logs@ap-guangzhou/abc?compress"] = "unknown query parameter",
      ["cos://audit-logs-1250000000@ap-guangzhou/abc"] = "bucket: ",
      ["cos://audit-logs@ap-guangzhou/"] = "prefix: ",
      ["ckafka://ckafka-abc@ap-tokyo/p"] = "instance/topic expected",
    } do
      local made, message, err = storage.parse(url)
      assert.is_nil(made)
      assert.truthy(message:find("storage.parse", 1, true) == 1, message)
      assert.truthy(message:find(reason, 1, true), message)
      assert.equal("validation", err.kind)
    end
  end)

  it("must be a string, and format takes a Storage", function()
    assert.truthy(raised(storage.parse, nil):find("storage.parse: URL expected, got nil", 1, true))
    assert.truthy(raised(storage.format, { StorageNme = "x" }):find("did you mean StorageName?", 1, true))
    assert.truthy(raised(storage.format, { StorageType = "cos" })
      :find("storage.format.StorageRegion: missing", 1, true))
  end)
end)

describe("the public table", function()
  it("has the documented members, and no more", function()
    local names = {}
    for name in pairs(require "cloudaudit.storage") do
      names[#names + 1] = name
    end
    table.sort(names)
    assert.same({ "ckafka", "cls", "cos", "format", "parse" }, names)
  end)
end)
