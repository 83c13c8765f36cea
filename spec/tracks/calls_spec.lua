-- Lists of tracks, and finding one by name.
local core = require "cloudaudit.core"
local wire = require "support.wire"

local function item(id, name)
  local text = '{"TrackId":%d,"Name":"%s","ActionType":"Read","ResourceType":"*","Status":1,"EventNames":["*"],'
    .. '"Storage":{"StorageType":"cos","StorageRegion":"r","StorageName":"b","StoragePrefix":"abc"},'
    .. '"CreateTime":"2026-01-02 03:04:05"}'
  return text:format(id, name)
end

local function page(total, ...)
  return wire.success(('"TotalCount":%d,"Tracks":[%s]'):format(total, table.concat({ ... }, ",")))
end

local function ids(iterator)
  local list = {}
  for track in iterator do
    list[#list + 1] = track.id
  end
  return list
end

local ONE = wire.success('"Name":"audit","ActionType":"Read","ResourceType":"cam","Status":1,"EventNames":["A"],'
  .. '"Storage":{"StorageType":"cos"},"CreateTime":"2026-01-02 03:04:05","TrackForAllMembers":1')

describe("tracks", function()
  it("returns every track of every page", function()
    local client, driver = wire.client{ page(3, item(1, "a"), item(2, "b")), page(3, item(3, "c")) }
    assert.same({ 1, 2, 3 }, ids(client:tracks{ page_size = 2 }))
    assert.equal(2, #driver.requests)
    assert.same({ PageNumber = 2, PageSize = 2 }, wire.body(driver))
  end)

  it("returns tracks with their request id", function()
    local client = wire.client(page(1, item(1, "a")))
    local track = client:tracks()()
    assert.equal("a", track.name)
    assert.equal("read", track.action)
    assert.equal(1767294245, track.created_at)
    assert.equal("2d4a7fba-bba8-452e-a99e-ccf11fdaa583", track.request_id)
  end)

  it("ends at an empty list and without a count", function()
    local client, driver = wire.client(page(0))
    assert.same({}, ids(client:tracks()))
    assert.equal(1, #driver.requests)
    client = wire.client{ wire.success('"Tracks":[' .. item(1, "a") .. "]"), wire.success() }
    assert.same({ 1 }, ids(client:tracks()))
  end)

  it("continues after short pages", function()
    local client = wire.client{ page(3, item(1, "a")), page(3, item(2, "b")), page(3, item(3, "c")) }
    assert.same({ 1, 2, 3 }, ids(client:tracks{ page_size = 2 }))
  end)

  it("reads again when a deletion shifted the pages, and returns each track once", function()
    local client, driver = wire.client{ page(4, item(1, "a"), item(2, "b")), page(4, item(4, "d")), page(4),
      page(3, item(2, "b"), item(3, "c")), page(3, item(4, "d")) }
    assert.same({ 1, 2, 4, 3 }, ids(client:tracks{ page_size = 2 }))
    assert.equal(5, #driver.requests)
  end)

  it("ends when the service counts more tracks than it lists", function()
    local client, driver = wire.client{ page(9, item(1, "a")) }
    local it = client:tracks()
    assert.equal(1, it().id)
    local ok, message = pcall(it)
    assert.is_false(ok)
    assert.truthy(message:find("TotalCount is 9, but two passes found 1", 1, true), message)
    assert.equal("protocol", it.err.kind)
    assert.equal(4, #driver.requests)
  end)

  it("treats a malformed response as a failure, never as the end, and does not crash", function()
    for _, answer in ipairs{ '"Tracks":5,"TotalCount":1', '"Tracks":[5],"TotalCount":1', '"Tracks":[{}],"TotalCount":1',
      '"Tracks":[null],"TotalCount":1', '"Tracks":"x"' } do
      local it = wire.client(wire.success(answer)):tracks()
      assert.is_false((pcall(it)), answer)
      assert.equal("protocol", it.err.kind)
    end
    local odd = '"Tracks":[{"TrackId":1,"CreateTime":[],"Storage":5,"EventNames":"A","Status":"x","ActionType":[],'
      .. '"Filters":[1]}]'
    local track = wire.client(wire.success(odd .. ',"TotalCount":"1"')):tracks()()
    assert.equal(1, track.id)
    assert.is_nil(track.storage)
    assert.is_nil(track.event_names)
    assert.is_nil(track.filters)
    assert.is_nil(track.created_at)
    assert.equal("1", tostring(track))
  end)

  it("raises a string when it fails, keeps the error, and raises again when called again", function()
    local client = wire.client{ page(2, item(1, "a")), wire.refusal("UnauthorizedOperation", "no") }
    local it, seen, where = client:tracks{ page_size = 1 }, {}, nil
    local ok, message = pcall(function()
      where = wire.line(); for track in it do
        seen[#seen + 1] = track.id
      end
    end)
    assert.is_false(ok)
    assert.same({ 1 }, seen)
    assert.equal(where .. " DescribeAuditTracks: no (UnauthorizedOperation)", message)
    assert.equal("permission", it.err.kind)
    assert.is_false((pcall(it)))
  end)

  it("validates its options", function()
    local client = wire.client()
    assert.error_matches(function() client:tracks{ pagesize = 1 } end,
      "tracks%.pagesize: unknown option, did you mean page_size")
    assert.error_matches(function() client:tracks{ page_size = 0 } end, "tracks%.page_size: integer of 1 or more")
  end)

  it("continues after a yield", function()
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then
      return -- for cannot yield there
    end
    local client, driver = wire.client(page(1, item(1, "a")))
    local exchange = driver.exchange
    driver.exchange = function(...) coroutine.yield("waiting") return exchange(...) end
    local co = coroutine.wrap(function() return ids(client:tracks()) end)
    assert.equal("waiting", co())
    assert.same({ 1 }, co())
  end)
end)

describe("a count that is not one", function()
  -- 45 tracks in pages of the size that is asked for; `total` is the JSON of TotalCount.
  local function service(total, count)
    return wire.client{ function(request)
      local params = core.decode(request.body)
      if not params.PageNumber then
        return { status = 200, headers = {}, body = ONE }
      end
      local items = {}
      for id = (params.PageNumber - 1) * params.PageSize + 1, math.min(params.PageNumber * params.PageSize, count) do
        items[#items + 1] = item(id, "track-" .. id)
      end
      return { status = 200, headers = {}, body = wire.success(
        ('"Tracks":[%s]%s'):format(table.concat(items, ","), total and ',"TotalCount":' .. total or "")) }
    end }
  end

  it("ends no list: only a page without a track does, or a short one", function()
    for _, total in ipairs{ "20", "0", "-1", '"20"', "45", '"45"', "44", "1.5", '"x"', "null", "[]", "true", false } do
      for _, count in ipairs{ 45, 40, 20, 19, 0 } do
        local given = total == "45" and tostring(count) or total
        local client, driver = service(given, count)
        local usable = tonumber((tostring(given):gsub('"', "")))
        if not (usable and usable > count) then
          assert.equal(count, #ids(client:tracks()), tostring(total))
          assert.is_true(#driver.requests <= 4)
        end
      end
    end
  end)

  it("hides no track from find_track", function()
    for _, total in ipairs{ "20", "0", "-1" } do
      assert.equal(33, service(total, 45):find_track("track-33").id)
    end
  end)

  it("does not make a list endless", function()
    local client, driver = wire.client({ function(_, n)
      return { status = 200, headers = {}, body = wire.success('"TotalCount":0,"Tracks":[' .. item(n, "a") .. "]") }
    end }, { rate = 1000 })
    local it = client:tracks()
    assert.is_false((pcall(ids, it)))
    assert.equal("protocol", it.err.kind)
    assert.equal(1000, #driver.requests)
  end)
end)

describe("items of a list that are no tracks", function()
  it("end the list with a failure, after all tracks that are", function()
    for _, odd in ipairs{ "null", "1", '"x"', "[]", "{}", '{"TrackId":null}', '{"TrackId":"x"}', '{"TrackId":-1}',
      '{"TrackId":1.5}', '{"TrackId":0}', '{"TrackId":{}}' } do
      local client = wire.client{ page(3, item(1, "a"), odd), page(3, item(2, "b")), page(3) }
      local it, seen = client:tracks{ page_size = 2 }, {}
      assert.is_false((pcall(function()
        for track in it do
          seen[#seen + 1] = track.id
        end
      end)))
      assert.same({ 1, 2 }, seen)
      assert.equal("protocol", it.err.kind)
      assert.truthy(it.err.field:find("^Tracks%[2%]"))
    end
  end)

  it("an id may be text", function()
    assert.same({ 7 }, ids(wire.client(wire.success('"TotalCount":"1","Tracks":[{"TrackId":"7"}]')):tracks()))
  end)
end)

describe("one track with a member of a wrong type", function()
  it("is a failure that names the member", function()
    for field, json in pairs{ Name = "{}", Status = '"on"', ActionType = "[]", Storage = '"x"', EventNames = '"A"',
      Filters = "[]", ["Storage.StorageName"] = "{}", ["Filters.ResourceFields"] = "{}",
      ["Filters.ResourceFields[1]"] = "[1]", TrackForAllMembers = "2" } do
      local outer, inner = field:match("^(%a+)%.(%a+)")
      local body = ('"%s":%s'):format(outer or field, inner and ('{"%s":%s}'):format(inner, json) or json)
      local track, _, err = wire.client(wire.success(body)):get_track(5)
      assert.is_nil(track, field)
      assert.equal("protocol", err.kind)
      assert.equal(field, err.field)
    end
  end)

  it("may have numbers as text, texts as numbers, and booleans", function()
    local client = wire.client(wire.success('"Name":17,"Status":true,"EventNames":[5],"TrackForAllMembers":"0",'
      .. '"Storage":{"StorageType":"cos","StorageAppId":1250000000,"StorageAccountId":"","Compress":"1"}'))
    local track = assert(client:get_track(5))
    assert.equal("17", track.name)
    assert.is_true(track.enabled)
    assert.is_false(track.all_members)
    assert.same({ "5" }, track.event_names)
    assert.same({ StorageType = "cos", StorageAppId = "1250000000", Compress = 1 }, track.storage)
  end)
end)

describe("find_track", function()
  it("returns the track of exactly that name, with all its members", function()
    local client, driver = wire.client{ page(3, item(1, "Audit"), item(2, "audit")), ONE }
    local track = client:find_track("audit")
    assert.equal(2, track.id)
    assert.is_true(track.all_members)
    assert.equal(2, #driver.requests)
  end)

  it("returns nil without a message when there is none", function()
    local client = wire.client(page(1, item(1, "a")))
    assert.equal(1, select("#", client:find_track("audit")))
    assert.is_nil((client:find_track("audit")))
    client = wire.client{ page(1, item(1, "audit")), wire.refusal("ResourceNotFound.AuditNotExist", "gone") }
    assert.equal(1, select("#", client:find_track("audit")))
  end)

  it("distinguishes a failure from an absent track", function()
    local client = wire.client(wire.refusal("UnauthorizedOperation", "no"))
    local track, message, err = client:find_track("audit")
    assert.is_nil(track)
    assert.equal("DescribeAuditTracks: no (UnauthorizedOperation)", message)
    assert.equal("permission", err.kind)
    assert.error_matches(function() client:find_track(5) end, "find_track%.name: string expected, got number")
  end)
end)
