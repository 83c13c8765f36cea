local output = require "cloudaudit.cli.output"
local status = require "cloudaudit.cli.status"

local function failing(message, code)
  local stream = {}
  function stream.write()
    return nil, message, code
  end
  return output.new(stream)
end

describe("cloudaudit.cli.output", function()
  it("passes on what is written", function()
    local parts, flushed = {}, 0
    local out = output.new{
      write = function(_, ...)
        for _, text in ipairs{ ... } do
          parts[#parts + 1] = text
        end
        return true
      end,
      flush = function()
        flushed = flushed + 1
        return true
      end,
    }
    out:write("a", "b"):write("c")
    out:flush()
    out:close()
    assert.same({ "abc", 2 }, { table.concat(parts), flushed })
  end)

  it("ends the command when it cannot write: silently for a closed pipe", function()
    local out = failing("No space left on device", 28)
    local done, problem = pcall(out.write, out, "x")
    assert.is_false(done)
    assert.same({ true, 8, "standard output: No space left on device" },
      { status.is_problem(problem), problem.status, problem.message })
    out = failing("Broken pipe", 32)
    done, problem = pcall(out.write, out, "x")
    assert.same({ false, 141, nil }, { done, problem.status, problem.message })
  end)

  it("sees a file that is full at the flush", function()
    local file = assert(io.open("/dev/full", "w"))
    file:setvbuf("full")
    local out = output.new(file)
    out:write("x")
    local done, problem = pcall(out.flush, out)
    assert.same({ false, 8 }, { done, problem.status })
    file:close()
  end)

  it("occupies no descriptor that is open", function()
    assert.same({}, output.reserve())
  end)
end)
