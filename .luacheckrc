-- The common subset of Lua 5.1 to 5.5 and LuaJIT, and the few names that some of them lack.
std = "min"
max_line_length = 120
exclude_files = { "**/node_modules", "lua/cloudaudit/types.lua" } -- types.lua is generated
read_globals = {
  "unpack",
  table = { fields = { "unpack" } },
  math = { fields = { "type", "tointeger" } },
  ngx = { other_fields = true },
}
files["spec"] = { std = "max+busted" }
files["doc"] = { std = "max" }
files[".busted"] = { std = "max", globals = { "arg" } }
files["examples"] = { std = "max" }
-- Its shell part is a string in `_`.
files["bin"] = { std = "max", globals = { "_" } }
files["examples/haproxy"] = { read_globals = { "core" } }
files["examples/love"] = { globals = { "love" } }
files["examples/neovim"] = { globals = { "vim" } }
files["spec/hosts/neovim.lua"] = { globals = { "vim" } }
files["examples/host"] = { read_globals = { "host" } }
files["spec/hosts/nginx"] = { globals = { "ngx" } }
files["examples/nginx"] = { globals = { "ngx" } }
