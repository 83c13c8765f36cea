-- What a client says and writes while a server misbehaves holds no eight bytes of its secrets: its logs,
-- hooks, errors and streams, and every byte that leaves the process but for two headers.
local faults = require "faults.rig"
local scripts = require "faults.scripts"

local WINDOW = 8

describe("a client whose server misbehaves", function()
  local rig, folder

  setup(function()
    rig = faults.start()
    folder = os.tmpname()
    os.remove(folder)
    os.execute("mkdir " .. folder)
  end)

  teardown(function()
    os.execute("rm -r " .. folder)
    rig.stop()
  end)

  local function read(name)
    local file = assert(io.open(folder .. "/" .. name))
    local content = file:read("*a")
    file:close()
    return content
  end

  -- The secrets that were in use: what was given, and every signature that was made of it.
  local function secrets_of(listeners)
    local secrets = { faults.SECRET_KEY, faults.TOKEN }
    for _, listener in ipairs(listeners) do
      for _, connection in ipairs(listener:journal(true).connections) do
        for signature in connection.bytes:gmatch("Signature=(%x+)") do
          secrets[#secrets + 1] = signature
        end
      end
      listener:close()
    end
    return secrets
  end

  local function windows(secrets)
    local set = {}
    for _, secret in ipairs(secrets) do
      for at = 1, #secret - WINDOW + 1 do
        local window = secret:sub(at, at + WINDOW - 1)
        -- Digits alone are in printed times too; a leak of more shows by what stands beside them.
        set[window] = window:find("%D") and true or nil
      end
    end
    return set
  end

  local function find(text, set)
    for at = 1, #text - WINDOW + 1 do
      if set[text:sub(at, at + WINDOW - 1)] then
        return text:sub(math.max(at - 60, 1), at + 60)
      end
    end
  end

  it("gives none of its secrets away", function()
    local listeners = {}
    local list = assert(io.open(folder .. "/list", "w"))
    for _, row in ipairs(scripts) do
      if not row.tls then
        listeners[#listeners + 1] = rig.server:listen{ row[2], again = true }
        list:write(("%s %s\n"):format(row.timeout and 0.05 or 3, listeners[#listeners].url))
      end
    end
    list:close()
    local output = faults.child("secrets", { args = { folder .. "/list" }, before =
      ("strace -f -s 4096 -e trace=write,writev,pwrite64,sendto,sendmsg,sendmmsg -o %s/trace"):format(folder) })
    assert.truthy(output:find("\nend\nstatus 0\n"), output:sub(-500))
    local trace = read("trace")
    local set = windows(secrets_of(listeners))
    local _, requests = trace:gsub("Authorization: TC3%-HMAC%-SHA256 [^\\]*\\r\\n", "")
    local rest = trace:gsub("Authorization: TC3%-HMAC%-SHA256 [^\\]*\\r\\n", ""):gsub("X%-TC%-Token: [^\\]*\\r\\n", "")
    assert.is_true(requests >= 2 * #listeners, requests)
    assert.truthy(find(trace, set), "the search finds nothing at all")
    assert.is_nil(find(rest, set))
    assert.is_nil(find(output, set))
    faults.measured("%d bytes said and %d bytes written over %d scripts hold no secret", #output, #rest, #listeners)
  end)
end)
