-- A process whose OPENSSL_CONF leaves libcrypto without SHA-256: every function fails with a reason and a hint.
local HEAD = "openssl_conf = init\n[init]\n"
local CONFIGS = {
  ["the legacy provider alone"] = HEAD
    .. "providers = providers\n[providers]\nlegacy = legacy\n[legacy]\nactivate = 1\n",
  ["FIPS without its provider"] = HEAD .. "alg_section = algorithms\n[algorithms]\ndefault_properties = fips=yes\n",
}

local SCRIPT = [[
local cloudaudit = require "cloudaudit"
local function out(name, value, message, err)
  print(name, value, err and err.kind, err and err.outcome, err and err.hint and "hint" or message)
end
local client = assert(cloudaudit.new{ secret_id = "AKIDEXAMPLE", secret_key = "example", env = false,
  endpoint = "http://127.0.0.1:1" })
out("call", client:quota())
out("again", client:quota())
out("prepare", client:prepare("ListAudits"))
out("async", client.async:quota():await())
out("sign", cloudaudit.sign{ secret_id = "i", secret_key = "k", host = "h", payload = "", timestamp = 1 })
out("emulator", cloudaudit.emulator.new():client():quota())
client:close()
]]

describe("libcrypto without SHA-256", function()
  for name, config in pairs(CONFIGS) do
    it("is a failure of kind config: " .. name, function()
      local path = os.tmpname()
      for suffix, text in pairs{ [".cnf"] = config, [".lua"] = SCRIPT } do
        local file = assert(io.open(path .. suffix, "w"))
        file:write(text)
        file:close()
      end
      local pipe = io.popen(("env -u LD_PRELOAD OPENSSL_CONF=%s.cnf sh spec/with %s lua %s.lua 2>&1"):format(path,
        os.getenv("CLOUDAUDIT_BUILD"), path))
      local output = pipe:read("*a")
      pipe:close()
      for _, suffix in ipairs{ "", ".cnf", ".lua" } do os.remove(path .. suffix) end
      local expected = {}
      for _, call in ipairs{ "call", "again", "prepare", "async", "sign", "emulator" } do
        expected[#expected + 1] = call .. "\tnil\tconfig\tnot_sent\thint\n"
      end
      assert.equal(table.concat(expected), output)
    end)
  end
end)
