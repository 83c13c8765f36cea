-- How `cloudaudit emulate` tells other programs where it listens: shell exports, a file of them, the background.
-- Everything that is written is checked: the parent of a background process reports success only when it serves.
local announce = {}

local TOKENS = { "TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN" }

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Shell code that directs clients to a served emulator. It unsets tokens of a real account, which would not match the
-- key.
function announce.exports(emulator, server, pid)
  local id, key, token = emulator:credential()
  local lines = { "unset " .. table.concat(TOKENS, " ") }
  local function export(name, value)
    lines[#lines + 1] = ("export %s=%s"):format(name, quote(value))
  end
  export("TENCENTCLOUD_SECRET_ID", id)
  export("TENCENTCLOUD_SECRET_KEY", key)
  if token then
    export("TENCENTCLOUD_TOKEN", token)
  end
  export("CLOUDAUDIT_ENDPOINT", server.endpoint)
  if server.ca_file then
    export("CLOUDAUDIT_CA_FILE", server.ca_file)
  end
  export("CLOUDAUDIT_EMULATOR_PID", ("%d"):format(pid))
  return table.concat(lines, "\n") .. "\n"
end

-- True, or nil and a message. `stream` is a file, or raises by itself.
local function write(stream, text)
  local _, message = stream:write(text)
  if not message then
    _, message = stream:flush()
  end
  return not message or nil, message
end

--- Announces a server: goes into the background, writes the ready file, prints the exports. `options`: background,
-- ready_file, print_env, until_stdin_closes; `out`: the stream for the exports. true, or nil and a message.
function announce.run(emulator, server, options, out)
  local process = require("cloudaudit.httpd").process
  if options.background then
    local child, message = process.background()
    if not child then
      return nil, message
    end
  end
  local text = announce.exports(emulator, server, process.pid())
  if options.ready_file then
    local done, message = process.write_file(options.ready_file, text)
    if not done then
      return nil, "cannot write the ready file: " .. message
    end
  end
  if options.print_env then
    local done, message = write(out, text)
    if not done then
      return nil, "cannot print the exports: " .. tostring(message)
    end
  end
  if options.background then
    return process.release_output(options.until_stdin_closes)
  end
  return true
end

--- Opens what a process that serves needs open; call it before the server exists.
function announce.prepare()
  local loaded, httpd = pcall(require, "cloudaudit.httpd")
  if loaded then
    httpd.process.open_standard()
  end
end

--- Serves until the server is asked to stop or a signal ends the process, and closes it in both cases.
function announce.serve(server)
  local process = require("cloudaudit.httpd").process
  server:run()
  server:close()
  process.end_by_signal()
end

--- From now on SIGTERM, SIGINT and SIGHUP stop the server; true, or nil and a message.
function announce.catch_signals(server)
  local fd, message = require("cloudaudit.httpd").process.catch_signals()
  if not fd then
    return nil, message
  end
  server:wake_by(fd)
  return true
end

return announce
