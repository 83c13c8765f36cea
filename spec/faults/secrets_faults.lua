-- While a server misbehaves, no eight bytes of a secret appear in a client's logs, hooks, errors and streams, nor in
-- any byte that leaves the process, except in two headers.
local faults = require "faults.rig"
local scripts = require "faults.scripts"
local text = require "faults.scripts.text"

local BYTES = 8

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

  -- Every substring of a secret that is `width` long.
  local function add_pieces(pieces, secret, width)
    pieces[width] = pieces[width] or {}
    for at = 1, #secret - width + 1 do
      local piece = secret:sub(at, at + width - 1)
      -- Printed times also hold runs of digits; a longer leak shows by the characters beside them.
      pieces[width][piece] = piece:find("%D") and true or nil
    end
  end

  -- Those of the secrets in use: the credentials, and every signature made with them, whose bytes are two digits each
  -- (eight digits occur in a printed address by chance).
  local function pieces_of(listeners)
    local pieces = {}
    add_pieces(pieces, faults.SECRET_KEY, BYTES)
    add_pieces(pieces, faults.TOKEN, BYTES)
    for _, listener in ipairs(listeners) do
      for _, connection in ipairs(listener:journal(true).connections) do
        for signature in connection.bytes:gmatch("Signature=(%x+)") do
          add_pieces(pieces, signature, 2 * BYTES)
        end
      end
      listener:close()
    end
    return pieces
  end

  local function find(bytes, pieces, width)
    for at = 1, #bytes - width + 1 do
      if pieces[width][bytes:sub(at, at + width - 1)] then
        return bytes:sub(math.max(at - 60, 1), at + 60)
      end
    end
  end

  it("reveals none of its secrets", function()
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
    local pieces = pieces_of(listeners)
    local _, requests = trace:gsub("Authorization: TC3%-HMAC%-SHA256 [^\\]*\\r\\n", "")
    local rest = trace:gsub("Authorization: TC3%-HMAC%-SHA256 [^\\]*\\r\\n", ""):gsub("X%-TC%-Token: [^\\]*\\r\\n", "")
    assert.is_true(requests >= 2 * #listeners, requests)
    for width in pairs(pieces) do
      assert.truthy(find(trace, pieces, width), "the search finds nothing at all")
      assert.is_nil(find(rest, pieces, width))
      assert.is_nil(find(output, pieces, width))
    end
    faults.measured("%d bytes printed and %d bytes written over %d scripts hold no secret", #output, #rest, #listeners)
  end)

  -- spec/c/curl_memory_test.c proves that the core and the driver keep none; these copies are Lua's and libcurl's,
  -- which nothing can erase. A number that grows tells of a new one.
  it("leaves few copies of them in freed memory after close", function()
    local service = rig.serve("http", { "request", { "send", text.response(200, text.SUCCESS) }, "again" })
    local output = faults.child("secrets_left", { args = { service.url } })
    local keys, tokens = output:match("open (%d+) (%d+)")
    local keys_left, tokens_left = output:match("closed (%d+) (%d+)\nstatus 0\n$")
    assert.truthy(keys_left, output)
    assert.is_true(tonumber(keys) > 0 and tonumber(tokens) > 0, output)
    assert.is_true(tonumber(keys_left) <= 2, output)
    assert.is_true(tonumber(tokens_left) <= 4, output)
    faults.measured("freed memory of Lua and libcurl holds the key %s times and the token %s times", keys_left,
      tokens_left)
  end)
end)
