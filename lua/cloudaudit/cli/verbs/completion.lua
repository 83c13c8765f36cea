-- cloudaudit completion: the script that completes words in a shell, made by argparse from the tables of options.
local completion = {}

completion.summary = "Print the completion script of a shell"
completion.examples = { "cloudaudit completion bash > /etc/bash_completion.d/cloudaudit",
  "cloudaudit completion zsh > ~/.zfunc/_cloudaudit",
  "cloudaudit completion fish > ~/.config/fish/completions/cloudaudit.fish" }
completion.common = false
completion.positionals = {
  { name = "shell", value = "SHELL", choices = { "bash", "zsh", "fish" }, doc = "bash, zsh or fish" },
}
completion.options = {}

--- The script of a shell.
function completion.script(shell)
  local options, parser, verbs = require "cloudaudit.cli.options", require "cloudaudit.cli.parser",
    require "cloudaudit.cli.verbs"
  local made = parser.argparse("completion"):name("cloudaudit"):add_help(false)
  parser.declare(made, options.of{}, nil, true)
  local groups = {}
  for _, name in ipairs(verbs.names) do
    local verb, first, second = verbs.get(name), name:match("^(%S+) ?(%S*)$")
    local command
    if second == "" then
      command = made:command(first)
    else
      groups[first] = groups[first] or made:command(first):add_help(false):description("Tracking sets")
      command = groups[first]:command(second)
    end
    command:add_help(false):description(verb.summary)
    parser.declare(command, options.of(verb), verb.positionals, true)
  end
  return made["get_" .. shell .. "_complete"](made) .. "\n"
end

--- Runs the verb; see verbs/init.lua.
function completion.run(context)
  context.out:write(completion.script(context.values.shell))
  return 0
end

return completion
