local emulator = require "cloudaudit.emulator"
local journal = require "cloudaudit.emulator.journal"
local signed = require "support.signed"

describe("cloudaudit.emulator.journal", function()
  it("records each request and its result", function()
    local emu = emulator.new{ now = signed.NOW }
    local response = signed.send(emu, "CreateAuditTrack", signed.track())
    signed.send(emu, "CreateAuditTrack", signed.track())
    signed.send(emu, "CreateAuditTrack", signed.track(), { secret_key = "wrong" })
    local entries = emu:journal()
    assert.equal(3, #entries)
    local first = entries[1]
    assert.same({ 1, signed.NOW, "POST", "/", "CreateAuditTrack", "ap-guangzhou", true, 200, "created", 1 },
      { first.number, first.time, first.method, first.path, first.action, first.region, first.signed, first.status,
        first.effect, first.track_id })
    assert.equal(response.RequestId, first.request_id)
    assert.equal(#first.body, first.bytes)
    assert.same(signed.track(), first.params)
    assert.is_nil(first.code)
    assert.same({ "InvalidParameterValue.AliasAlreadyExists", nil, true },
      { entries[2].code, entries[2].effect, entries[2].signed })
    assert.same({ "AuthFailure.SignatureFailure", false }, { entries[3].code, entries[3].signed })
    assert.same({ 3, 1, 2 }, { emu:count("CreateAuditTrack") })
  end)

  it("keeps the last entries and counts all requests", function()
    local book = journal.new(3)
    for i = 1, 10 do
      book:add{ action = i % 2 == 0 and "Even" or "Odd", effect = i == 4 and "created" or nil,
        code = i == 5 and "X" or nil }
    end
    local numbers = {}
    for i, entry in ipairs(book:list()) do
      numbers[i] = entry.number
    end
    assert.same({ 8, 9, 10 }, numbers)
    assert.equal(1, #book:list("Odd"))
    assert.same({ 10, 1, 1 }, { book:count() })
    assert.same({ 5, 1, 0 }, { book:count("Even") })
    assert.same({ 0, 0, 0 }, { book:count("None") })
  end)

  it("keeps at most 64 MiB of texts, and the last entry", function()
    local book, mebibyte = journal.new(100), ("x"):rep(1024 * 1024)
    for _ = 1, 70 do
      book:add{ body = mebibyte }
    end
    assert.same({ 64, 7 }, { #book:list(), book:list()[1].number })
    book:add{ body = ("x"):rep(65 * 1024 * 1024) }
    assert.same({ 1, 71, { 71, 0, 0 } }, { #book:list(), book:list()[1].number, { book:count() } })
    book:add{}
    assert.equal(72, book:list()[1].number)
    book = journal.new(-1)
    book:add{ body = "x" }
    assert.same({}, book:list())
  end)
end)
