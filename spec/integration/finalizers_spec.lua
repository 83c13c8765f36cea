-- Finalizers that lua_close runs last may still call the library: its modules stay loaded.
describe("a finalizer that runs after all others", function()
  it("may call every module", function()
    -- What such a finalizer makes is not finalized any more: Lua has closed its list.
    local pipe = io.popen(("env -u LD_PRELOAD ASAN_OPTIONS=detect_leaks=0 sh spec/with %s lua "
      .. "spec/support/late_finalizer.lua 2>&1; echo status $?"):format(os.getenv("CLOUDAUDIT_BUILD")))
    local output = pipe:read("*a")
    pipe:close()
    assert.equal("quota true\ninner true\nclose true\njson true\nsign true\ncurl true\nhttpd true\nend\nstatus 0\n",
      output)
  end)
end)
