-- doc/cloudaudit.1 and the tables of doc/command.md are those that `make types` writes.
local command = require "gen.command"

describe("the manual of the command", function()
  it("has a current man page", function()
    assert.equal(command.man(), command.read(command.MAN), "run make types")
  end)

  it("has a current chapter", function()
    local text = command.read(command.CHAPTER)
    assert.equal(command.chapter(text), text, "run make types")
  end)

  it("would notice a change", function()
    local text = command.read(command.CHAPTER):gsub("ending", "x"):gsub("%-%-since T", "--sinse T")
    assert.is_true(command.chapter(text) ~= text)
    assert.has_error(function()
      command.chapter((command.read(command.CHAPTER):gsub("<!%-%- generated: who %-%->", "")))
    end)
  end)

  it("has a man page without a warning of mandoc (36)", function()
    local pipe = assert(io.popen("env -u LD_PRELOAD mandoc -Tlint -Wwarning " .. command.MAN .. " 2>&1; echo done"))
    local text = pipe:read("*a")
    pipe:close()
    assert.equal("done\n", text)
  end)
end)
