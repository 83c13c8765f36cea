local exec = require "cloudaudit.cli.exec"
local folder = require "support.folder"

local EVENT = { id = "id-1", name = "Run'Instances", user = "审计 $HOME" }

describe("cloudaudit.cli.exec", function()
  local place

  before_each(function()
    place = folder.new()
  end)

  after_each(function()
    place:remove()
  end)

  local function run(words, line, values)
    values = values or {}
    values.exec = "cd '" .. place.path .. "'; " .. words
    return pcall(exec.run, { values = values }, EVENT, line or "{}")
  end

  local function content(name)
    local file = io.open(place.path .. "/" .. name, "rb")
    local text = file and file:read("*a")
    if file then
      file:close()
    end
    return text
  end

  it("gives the command the line and the variables", function()
    local line = '{"a":"' .. ("x"):rep(300000) .. "'\"\"}"
    assert(run([[cat >line; printf %s "$CLOUDAUDIT_EVENT/$CLOUDAUDIT_USER/$CLOUDAUDIT_ID" >variables]], line))
    assert.equal(line .. "\n", content("line"))
    assert.equal("Run'Instances/审计 $HOME/id-1", content("variables"))
  end)

  it("survives a command that does not read", function()
    assert(run("true", ("x"):rep(1000000)))
    assert(run("exec <&-; true"))
  end)

  it("ends the command with 8 where no temporary file can be made", function()
    local original, message = os.tmpname, "unable to generate a unique filename"
    rawset(os, "tmpname", function() error(message, 0) end)
    local _, problem = run("true")
    message = "interrupted!"
    local _, interrupt = run("true")
    rawset(os, "tmpname", original)
    assert.same({ 8, "--exec: no temporary file can be made: unable to generate a unique filename" },
      { problem.status, problem.message })
    assert.equal("interrupted!", interrupt)
  end)

  it("tries three times, then ends the command with 1", function()
    assert(run("echo x >>tries; [ $(wc -l <tries) -eq 2 ]"))
    assert.equal("x\nx\n", content("tries"))
    local _, problem = run("echo x >>more; exit 3", nil, { checkpoint = "f" })
    assert.equal("x\nx\nx\n", content("more"))
    assert.same({ 1, "--exec: failed 3 times for the event id-1", "the checkpoint stands before this event" },
      { problem.status, problem.message, problem.hint })
  end)
end)
