-- The choice of a driver. What nginx's own does is tested inside nginx (spec/hosts/nginx.sh).
local drivers = require "cloudaudit.driver"

describe("the driver", function()
  it("is libcurl's outside of nginx, made once for each session", function()
    local made = {}
    local driver = drivers.choose(made, {})
    assert.equal(driver, made.curl)
    assert.equal("function", type(driver.send_call))
    assert.equal(driver, drivers.choose(made, {}))
    assert.is_not.equal(driver, drivers.choose({}, {}))
    driver.close()
  end)

  it("does not take a rate_dict outside of nginx", function()
    local made = {}
    local driver, message, err = drivers.choose(made, { rate_dict = "audit" })
    assert.is_nil(driver)
    assert.equal("rate_dict: shared dictionaries exist only inside nginx", message)
    assert.same({ "config", "rate_dict" }, { err.kind, err.field })
    assert.same({}, made)
  end)

  it("has neither phases nor timers outside of nginx", function()
    assert.is_nil(drivers.phase())
    assert.is_falsy(drivers.detach(error))
  end)

  it("is libcurl's with a table named ngx that imitates nginx's, as unit tests have it", function()
    local nothing = function() end
    local raising = setmetatable({}, { __index = function(_, name) error("not stubbed: " .. name) end })
    local phase = function() return "content" end
    for _, stub in ipairs{ {}, { log = nothing, ERR = 4, null = {} }, { get_phase = phase },
      { get_phase = phase, shared = {}, timer = { at = nothing } },
      { get_phase = phase, socket = { tcp = nothing }, sleep = os.time, timer = { at = nothing },
        thread = { spawn = coroutine.wrap, wait = nothing, kill = nothing },
        config = { subsystem = "http", nginx_version = 1025000 } },
      { get_phase = phase, thread = true }, raising, "ngx" } do
      rawset(_G, "ngx", stub)
      package.loaded["cloudaudit.driver"] = nil
      local ok, beside = pcall(require, "cloudaudit.driver")
      rawset(_G, "ngx", nil)
      assert(ok, beside)
      assert.is_nil(beside.phase())
      assert.is_falsy(beside.detach(error))
      local made = {}
      local driver = beside.choose(made, {})
      assert.equal(driver, made.curl)
      driver.close()
    end
    package.loaded["cloudaudit.driver"] = drivers
  end)

  describe("with nginx's global ngx", function()
    local phase, timers, inside

    setup(function()
      rawset(_G, "ngx", { shared = {}, get_phase = function() return phase end,
        thread = { spawn = print, wait = print, kill = print }, -- functions in C, as nginx's
        timer = { at = function(_, fn) timers[#timers + 1] = fn return true end } })
      for _, name in ipairs{ "cloudaudit.driver", "cloudaudit.driver.nginx" } do
        package.loaded[name] = nil
      end
      inside = require "cloudaudit.driver"
    end)

    teardown(function()
      rawset(_G, "ngx", nil)
      for _, name in ipairs{ "cloudaudit.driver", "cloudaudit.driver.nginx" } do
        package.loaded[name] = nil
      end
    end)

    before_each(function()
      timers = {}
    end)

    it("is nginx's, with a rate_dict too", function()
      phase = "content"
      local made = {}
      local driver = inside.choose(made, { rate_dict = "audit" })
      assert.equal("content", inside.phase())
      assert.equal(driver, made.nginx)
      assert.equal("function", type(driver.throttled))
      assert.is_nil(made.curl)
      assert.equal(driver, inside.choose(made, { rate_dict = "audit" }))
    end)

    it("is refused in a phase without cosockets, also after one that has them", function()
      local made = {}
      phase = "content"
      assert.truthy(inside.choose(made, {}))
      phase = "log"
      local driver, message, err = inside.choose(made, {})
      assert.is_nil(driver)
      assert.equal('nginx cannot make calls in its phase "log"', message)
      assert.equal("context", err.kind)
    end)

    it("has timers in the phases that make calls", function()
      phase = "content"
      local ran = 0
      assert.is_true(inside.detach(function(...) ran = ran + 1 assert.equal(0, select("#", ...)) end))
      assert.equal(0, ran)
      timers[1](false)
      assert.equal(1, ran)
      phase = "log"
      assert.is_false(inside.detach(error))
      assert.equal(1, #timers)
    end)
  end)
end)
