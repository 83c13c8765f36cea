local build = require "cloudaudit.storage.build"

local COS = { StorageType = "cos", StorageRegion = "r", StorageName = "b", StoragePrefix = "abc" }

local function rejected(kind, fn, ...)
  local value, message, err = fn(...)
  assert.is_nil(value)
  assert.equal(kind, err.kind, message)
  return message, err.field, err
end

describe("build.make", function()
  it("begins messages with the place that it is given", function()
    local message, field = rejected("validation", build.make, "create_track.storage", "cos",
      { region = "r", bucket = "B", prefix = "abc" })
    assert.truthy(message:find("^create_track%.storage%.bucket: "), message)
    assert.equal("bucket", field)
  end)

  it("skips the rules on values on request, but not names and types", function()
    assert.same({ StorageType = "cos", StorageRegion = "r", StorageName = "A_b", StoragePrefix = "a" },
      build.make("p", "cos", { region = "r", bucket = "A_b", prefix = "a" }, false))
    assert.equal("p.buckt: unknown field, did you mean bucket?",
      (rejected("misuse", build.make, "p", "cos", { region = "r", buckt = "b", prefix = "abc" }, false)))
    assert.equal("p.prefix: string expected, got number",
      (rejected("misuse", build.make, "p", "cos", { region = "r", bucket = "b", prefix = 5 }, false)))
  end)
end)

describe("build.read_url", function()
  it("skips the rules on values on request", function()
    assert.equal("b_1", build.read_url("p", "cos://b_1@r/a_b", false).StorageName)
    local _, field = rejected("validation", build.read_url, "p", "cos://b_1@r/abc")
    assert.equal("bucket", field)
  end)

  it("has a hint for a bucket with its -APPID", function()
    local _, _, err = rejected("validation", build.read_url, "p", "cos://b-1250000000@r/abc")
    assert.truthy(err.hint:find('write bucket = "b", and app_id = "1250000000"', 1, true))
  end)
end)

describe("build.read_table", function()
  it("returns a whole Storage as it is, whatever its values", function()
    assert.equal(COS, build.read_table("p", COS))
    assert.truthy(build.read_table("p",
      { StorageType = "x", StorageRegion = "", StorageName = "A", StoragePrefix = "" }))
  end)

  it("names the first field of a helper, in alphabetical order, and how to build a storage", function()
    local message, field = rejected("misuse", build.read_table, "p", { region = "r", bucket = "b", prefix = "abc" })
    assert.truthy(message:find("p.bucket: a storage must be complete: use storage.cos{", 1, true))
    assert.equal("bucket", field)
  end)

  it("names missing members, unknown members and wrong types", function()
    local message, field = rejected("misuse", build.read_table, "p", { StorageType = "cos" })
    assert.truthy(message:find("p.StorageRegion: missing; a storage must be complete", 1, true))
    assert.equal("StorageRegion", field)
    assert.equal("p.StorageNme: unknown field, did you mean StorageName?",
      (rejected("misuse", build.read_table, "p", { StorageNme = "b" })))
    assert.equal("p.Compress: integer expected, got boolean", (rejected("misuse", build.read_table, "p",
      { StorageType = "cos", StorageRegion = "r", StorageName = "b", StoragePrefix = "abc", Compress = true })))
  end)
end)

describe("build.to_url", function()
  it("is the opposite of read_url", function()
    assert.equal("cos://b@r/abc", build.to_url("p", COS))
    assert.same(COS, build.read_url("p", build.to_url("p", COS)))
  end)

  it("fails without a required member", function()
    assert.equal("p.StorageRegion: missing", (rejected("misuse", build.to_url, "p", { StorageType = "cos" })))
    rejected("misuse", build.to_url, "p", "cos")
  end)
end)
