-- Misbehaviour of servers, as data: each row is a script for support/misbehave.lua and the required result.
-- The scripts run without TLS, over TLS, and on a reused connection.
--
-- {name, steps (what follows the connection), kind ("ok": a success), outcome, tries =}
-- tries: the number of attempts. "reads": three for a read, one for a write; "all": three for both;
-- nil: one. unsent = true: no complete request reaches the server, so none is counted.
-- tls = true / false: only over TLS, or never. fresh = true: not on a reused connection.
-- timeout: of the call, in seconds.
-- Inside nginx: strict = true: its reader refuses the response, after one attempt. untold = true: nginx does not
-- distinguish a reset below TLS from an end, so only the response itself shows whether it is complete.
local scripts = {}

for _, part in ipairs{ "connections", "heads", "bodies", "answers" } do
  for _, row in ipairs(require("faults.scripts." .. part)) do
    scripts[#scripts + 1] = row
  end
end

return scripts
