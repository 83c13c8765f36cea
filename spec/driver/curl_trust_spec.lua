-- Whom the libcurl driver trusts: a file, a directory under hashed names, or both, as they are at each exchange.
local certificates = require "support.certificates"
local driver_rig = require "support.driver_rig"
local folders = require "support.folder"
local misbehave = require "support.misbehave"

local OK = misbehave.response(200, "{}")

local function run(command)
  local done = os.execute("LD_PRELOAD= " .. command)
  assert(done == 0 or done == true, command)
end

local function text_of(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

describe("the trust store of the libcurl driver", function()
  local rig, other, folder, ours, theirs

  local function serve(certificate)
    return rig.listen{ { "tls", "request", { "send", OK }, "again" }, tls = certificate, again = true }
  end

  setup(function()
    rig = driver_rig.start()
    other = certificates.authority("other CA")
  end)

  teardown(function()
    rig.stop()
    other.remove()
  end)

  before_each(function()
    folder = folders.new()
    ours, theirs = serve(rig.certificate), serve(other.make("IP:127.0.0.1"))
  end)

  after_each(function()
    rig.clean()
    folder.remove()
  end)

  -- As openssl rehash does it: a file of any name and a link under the hashed one.
  local function add(name, authority)
    folder.write(name .. ".pem", text_of(authority.ca_file))
    run(("ln -sf %s.pem %s/%s"):format(name, folder.path, certificates.hashed_name(authority.ca_file)))
  end

  local function withdraw(authority)
    assert(os.remove(folder.path .. "/" .. certificates.hashed_name(authority.ca_file)))
  end

  local function trusts(made, listener)
    assert.equal(200, rig.succeeds(made, rig.request(listener.url)).status)
  end

  local function refuses(made, listener)
    local before = listener:journal().requests
    local info, message = rig.fails(made, rig.request(listener.url))
    assert.same({ kind = "tls", sent = false }, info)
    assert.equal(before, listener:journal().requests)
    return message
  end

  it("is the directory ca_path alone, without the system's", function()
    add("ours", rig.authority)
    run(("touch -d 2020-01-01 %s"):format(folder.path))
    local made = rig.new{ ca_path = folder.path }
    trusts(made, ours)
    assert.truthy(refuses(made, theirs):find("ca_path", 1, true))
    trusts(made, ours)
    assert.equal(1, #ours:journal().connections)
  end)

  it("is ca_file and ca_path together, and none of them can be missing unseen", function()
    add("ours", rig.authority)
    local made = rig.new{ ca_path = folder.path, ca_file = other.ca_file }
    trusts(made, ours)
    trusts(made, theirs)
    assert.truthy(refuses(rig.new{ ca_path = folder.path, ca_file = "/no/such/file.pem" }, ours)
      :find("/no/such/file.pem", 1, true))
  end)

  it("follows a change of either, from the next exchange on", function()
    add("ours", rig.authority)
    local path = folder.write("bundle", text_of(other.ca_file))
    for _, options in ipairs{ { ca_path = folder.path }, { ca_path = folder.path, ca_file = path } } do
      local made = rig.new(options)
      trusts(made, ours)
      withdraw(rig.authority)
      add("theirs", other)
      refuses(made, ours)
      trusts(made, theirs)
      add("ours", rig.authority)
      withdraw(other)
      trusts(made, ours)
      if options.ca_file then
        trusts(made, theirs)
        run(("cp %s %s.new && mv %s.new %s"):format(rig.authority.ca_file, path, path, path))
      end
      refuses(made, theirs)
      folder.write("bundle", text_of(other.ca_file))
    end
  end)

  it("is what openssl rehash has made of a directory", function()
    add("ours", rig.authority)
    local made = rig.new{ ca_path = folder.path }
    refuses(made, theirs)
    folder.write("theirs.pem", text_of(other.ca_file))
    refuses(made, theirs)
    run(("openssl rehash %s"):format(folder.path))
    trusts(made, theirs)
    trusts(made, ours)
    os.remove(folder.path .. "/ours.pem")
    run(("openssl rehash %s"):format(folder.path))
    trusts(made, theirs)
    refuses(made, ours)
  end)

  it("keeps up with paths that are relative", function()
    local here = io.popen("pwd")
    local up = here:read("*l"):gsub("[^/]+", "..")
    here:close()
    add("ours", rig.authority)
    local made = rig.new{ ca_path = up:sub(2) .. folder.path }
    trusts(made, ours)
    withdraw(rig.authority)
    add("theirs", other)
    refuses(made, ours)
    trusts(made, theirs)
  end)

  it("is no directory that holds nothing to find, and says so by the option's name", function()
    local HASHED = 'ca_path: the directory holds no certificate under a hashed name such as 9d66eef0.0: run "openssl'
      .. ' rehash" on it, or name a PEM file in ca_file'
    local function says(text, path)
      local info, message = rig.fails(rig.new{ ca_path = path }, rig.request(ours.url))
      assert.same({ kind = "config", sent = false, field = "ca_path" }, info)
      assert.equal(text, message)
    end
    says(HASHED, folder.path)
    folder.write("ours.pem", text_of(rig.authority.ca_file))
    folder.write("9d66eef0.pem", "")
    folder.write("9D66EEF0.0", "")
    folder.write("9d66eef0.0x", "")
    folder.write("9d66eef0.0/file", "")
    run(("ln -s nowhere.pem %s/%s"):format(folder.path, certificates.hashed_name(rig.authority.ca_file)))
    says(HASHED, folder.path)
    says("ca_path: a directory that can be read expected: No such file or directory", folder.path .. "/none")
    says("ca_path: a directory that can be read expected: Not a directory", rig.authority.ca_file)
    says("ca_path: a directory that can be read expected: No such file or directory", "")
    says("ca_path: one directory without a colon in its path expected", folder.path .. ":" .. folder.path)
    withdraw(rig.authority)
    add("ours", rig.authority)
    trusts(rig.new{ ca_path = folder.path }, ours)
  end)
end)
