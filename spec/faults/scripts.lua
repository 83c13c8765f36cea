-- What a server may do to a request, as data: each row is a script for support/misbehave.lua and what
-- must come of it. The scripts are run as they are, over TLS, and on a connection that served before.
--
-- {name, steps (what follows the connection), kind ("ok": a success), outcome, tries =}
-- tries: how often it is tried. "reads": a read three times, a write once; "all": both three times;
-- nil: once. unsent = true: no request reaches the server whole, so that none is counted.
-- tls = true / false: only over TLS, or never. fresh = true: not on a connection that served before.
-- timeout: of the call, in seconds.
-- Inside nginx: strict = true: its reader takes it for no answer, once. untold = true: nginx does not tell a reset
-- below TLS from an end, so that only the answer itself says whether it is whole.
local scripts = {}

for _, part in ipairs{ "connections", "heads", "bodies", "answers" } do
  for _, row in ipairs(require("faults.scripts." .. part)) do
    scripts[#scripts + 1] = row
  end
end

return scripts
