-- Finalizers that lua_close runs last may still call the library: its modules stay loaded.
describe("a finalizer that runs after all others", function()
  it("may call every module", function()
    local pipe = io.popen(("env -u LD_PRELOAD sh spec/with %s lua spec/support/late_finalizer.lua 2>&1; echo status $?")
      :format(os.getenv("CLOUDAUDIT_BUILD")))
    local output = pipe:read("*a")
    pipe:close()
    assert.equal("quota true\ninner true\nclose true\njson true\nsign true\ncurl true\nhttpd true\nend\nstatus 0\n",
      output)
  end)
end)
