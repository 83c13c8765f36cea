local errors = require "cloudaudit.errors"

describe("an error", function()
  it("has the documented fields and no others; tostring gives the message", function()
    local message, err = errors.new{ kind = "conflict", code = "InvalidParameterValue.AliasAlreadyExists",
      message = "taken", action = "CreateAuditTrack", request_id = "r", http_status = 200, outcome = "rejected",
      attempts = 1, elapsed = 0.5, retryable = false, field = "Name", secret_key = "canary" }
    assert.equal("taken", message)
    assert.equal("taken", tostring(err))
    assert.equal("table", type(err))
    assert.equal("conflict", err.kind)
    assert.equal("r", err.request_id)
    assert.equal(200, err.http_status)
    assert.equal("rejected", err.outcome)
    assert.equal(1, err.attempts)
    assert.equal(0.5, err.elapsed)
    assert.equal("Name", err.field)
    assert.is_false(err.retryable)
    assert.truthy(err.hint:find("find_track", 1, true))
    assert.is_nil(err.secret_key)
  end)

  it("has a message even when the service sent none", function()
    assert.equal("InternalError", (errors.new{ kind = "server", code = "InternalError", message = "" }))
    assert.equal("server", (errors.new{ kind = "server" }))
  end)

  it("has a message of one line", function()
    assert.equal("a b c", (errors.new{ kind = "server", message = "a\r\nb\0c" }))
    assert.equal("a\\u009bb\\u202ec\\xffd", (errors.new{ kind = "server", message = "a\194\155b\226\128\174c\255d" }))
  end)

  it("defaults to outcome not_sent and no attempts", function()
    local _, err = errors.new{ kind = "closed", message = "x" }
    assert.equal("not_sent", err.outcome)
    assert.equal(0, err.attempts)
    assert.is_false(err.retryable)
  end)

  it("matches codes by dotted prefix", function()
    local _, err = errors.new{ kind = "not_found", code = "ResourceNotFound.AuditNotExist", message = "x" }
    assert.is_true(err:is("ResourceNotFound"))
    assert.is_true(err:is("ResourceNotFound.AuditNotExist"))
    assert.is_false(err:is("ResourceNotFound.AuditNotExist.Deeper"))
    assert.is_false(err:is("ResourceNot"))
    assert.is_false(err:is(""))
    local _, other = errors.new{ kind = "not_found", code = "ResourceNotFoundX", message = "x" }
    assert.is_false(other:is("ResourceNotFound"))
    local _, local_one = errors.new{ kind = "closed", message = "x" }
    assert.is_false(local_one:is("ResourceNotFound"))
  end)

  it("raises for is() without a code", function()
    local _, err = errors.new{ kind = "closed", message = "x" }
    assert.error_matches(function() err:is(nil) end, "err:is expects a code")
  end)

  it("is told apart from other values by is_error", function()
    local _, err = errors.new{ kind = "closed", message = "x" }
    assert.is_true(errors.is_error(err))
    assert.is_false(errors.is_error({}))
    assert.is_false(errors.is_error("x"))
  end)

  it("of an action keeps the message and names the action", function()
    local value, message, err = errors.of_action({ kind = "misuse", message = "ListAudits.X: unknown" }, "ListAudits")
    assert.is_nil(value)
    assert.equal("ListAudits.X: unknown", message)
    assert.equal("ListAudits", err.action)
  end)

  it("of a closed client has kind closed and a hint", function()
    local value, message, err = errors.closed()
    assert.is_nil(value)
    assert.equal("the client is closed", message)
    assert.same({ "closed", "not_sent", "the client was closed: make a new one" }, { err.kind, err.outcome, err.hint })
  end)

  it("of a call has the action and the code in its message", function()
    local _, message, err = errors.of_call({ kind = "server", code = "InternalError", message = "boom" }, "ListAudits")
    assert.equal("ListAudits: boom (InternalError)", message)
    assert.equal("ListAudits", err.action)
    _, message = errors.of_call({ kind = "connect", message = "refused" }, "ListAudits")
    assert.equal("ListAudits: refused", message)
    _, message = errors.of_call({ kind = "server", code = "InternalError", message = "" }, "ListAudits")
    assert.equal("ListAudits: InternalError", message)
  end)
end)

describe("a public function", function()
  local function caller_line()
    local info = debug.getinfo(2, "Sl")
    return ("%s:%d:"):format(info.short_src, info.currentline)
  end

  it("raises misuse at the caller's line", function()
    local raise = errors.public(function() return errors.misuse("f.x: wrong") end)
    local where, ok, message
    ok, message = pcall(function()
      where = caller_line(); local value = raise()
      return value
    end)
    assert.is_false(ok)
    assert.equal(where .. " f.x: wrong", message)
  end)

  it("returns all other failures unchanged", function()
    local fail = errors.public(function() return errors.failure{ kind = "closed", message = "x" } end)
    local value, message, err = fail()
    assert.is_nil(value)
    assert.equal("x", message)
    assert.equal("closed", err.kind)
  end)

  it("returns all results without trailing nils", function()
    for _, values in ipairs{ { n = 1, true }, { n = 1, false }, { n = 2, true, "deleted" }, { n = 3, 1, "created", {} },
      { n = 4, 1, nil, nil, 4 } } do
      local give = errors.public(function() return (table.unpack or unpack)(values, 1, values.n) end)
      assert.equal(values.n, select("#", give()))
      local a, b, c, d = give()
      assert.same({ values[1], values[2], values[3], values[4] }, { a, b, c, d })
    end
  end)

  it("lets its function yield", function()
    local give = errors.public(function() return coroutine.yield("out") end)
    local co = coroutine.create(give)
    local _, out = coroutine.resume(co)
    assert.equal("out", out)
    local _, back = coroutine.resume(co, "in")
    assert.equal("in", back)
  end)
end)
