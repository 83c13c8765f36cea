-- Numbers in parentheses are those of the tests in the command's specification.
local command = require "support.command"
local completion = require "cloudaudit.cli.verbs.completion"
local folder = require "support.folder"
local generator = require "gen.command"

local WHOLE = (os.getenv("CLOUDAUDIT_BUILD") or "5.4") == "5.4"

-- What is typed, and what may follow.
local CASES = {
  { "cloudaudit t", "tail tracks" },
  { "cloudaudit tracks ", "apply create delete disable enable list plan set show" },
  { "cloudaudit tracks cr", "create" }, { "cloudaudit tracks set --act", "--action" },
  { "cloudaudit events --order ", "newest oldest" }, { "cloudaudit tracks set x --action ", "all read write" },
}

local function sorted(text)
  local words = {}
  for word in text:gmatch("%S+") do
    words[#words + 1] = word
  end
  table.sort(words)
  return table.concat(words, " ")
end

describe("cloudaudit completion", function()
  local place

  setup(function()
    place = folder.new()
  end)

  teardown(function()
    place.remove()
  end)

  it("prints the scripts that are installed (36)", function()
    for shell, path in pairs(generator.COMPLETIONS) do
      local result = command.run({ "completion", shell })
      assert.same({ 0, "" }, { result.status, result.err })
      assert.equal(generator.read(path), result.out, "run make types")
      assert.equal(result.out, completion.script(shell))
    end
    local result = command.run({ "completion", "zhs" })
    assert.equal(2, result.status)
    assert.equal('cloudaudit: completion: SHELL: bash, zsh, fish expected, got "zhs"\n  hint: did you mean zsh?\n',
      result.err)
  end)

  it("works in bash (36)", function()
    local lines = { ". doc/completions/cloudaudit", "try() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($#-1)); COMPREPLY=(); "
      .. "_cloudaudit; echo \"${COMPREPLY[*]}\"; }" }
    for _, case in ipairs(CASES) do
      lines[#lines + 1] = "try " .. case[1] .. (case[1]:find(" $") and "''" or "")
    end
    local path = place.write("t.bash", table.concat(lines, "\n"))
    local found = command.lines(command.shell("exec bash --norc " .. path, { env = { LD_PRELOAD = "" } }).out)
    for index, case in ipairs(CASES) do
      assert.equal(case[2], sorted(found[index] or ""), case[1])
    end
  end)

  it("works in fish (36)", function()
    local lines = { "source doc/completions/cloudaudit.fish" }
    for _, case in ipairs(CASES) do
      lines[#lines + 1] = ("echo (complete -C '%s' | cut -f1)"):format(case[1])
    end
    local path = place.write("t.fish", table.concat(lines, "\n"))
    local found = command.lines(command.shell("exec fish --no-config " .. path, { env = { LD_PRELOAD = "",
      HOME = place.path } }).out)
    for index, case in ipairs(CASES) do
      -- fish 4 adds words that hold what was typed further on.
      local typed, matching = case[1]:match("[^ ]*$"), {}
      for word in (found[index] or ""):gmatch("[^ ]+") do
        matching[#matching + 1] = word:sub(1, #typed) == typed and word or nil
      end
      assert.equal(case[2], sorted(table.concat(matching, " ")), case[1])
    end
  end)

  it("works in zsh on a terminal (36)", function()
    if not WHOLE then
      return -- the script is the same for every Lua, and the shell does not run Lua
    end
    place.write(".zshrc", ("fpath=(%s/doc/completions $fpath); autoload -Uz compinit; compinit -u -d %s/dump\n"):format(
      command.ROOT, place.path) .. "PS1='> '; cloudaudit() { print -r \"GOT:$*\" }\n")
    local typed = {}
    for _, text in ipairs{ "tra\\tcr\\t", "tracks set x --act\\tre\\t", "events --order new\\t" } do
      typed[#typed + 1] = "printf 'cloudaudit " .. text .. "'; sleep 0.8; printf '\\n'; sleep 0.3"
    end
    local result = command.shell(("{ sleep 2; %s; printf 'exit\\n'; } | script -qec 'exec zsh -i' /dev/null"):format(
      table.concat(typed, "; ")), { env = { ZDOTDIR = place.path, TERM = "dumb", LD_PRELOAD = "" } })
    local got = {}
    for line in result.out:gmatch("GOT:([^\r\n]*)") do
      got[#got + 1] = line:gsub("%s+$", "")
    end
    assert.same({ "tracks create", "tracks set x --action read", "events --order newest" }, got)
  end)
end)
