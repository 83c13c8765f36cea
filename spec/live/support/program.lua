-- Runs the program behind `make live` as a process against a served emulator, in a temporary folder.
local core = require "cloudaudit.core"
local served = require "support.emulator"

local program = {}

local build = (os.getenv("CLOUDAUDIT_BUILD") or "5.4"):gsub("%-asan$", "")

--- A served emulator with events to read, behaving as a document of learned.json says (nil: as documented).
function program.serve(document, place, arguments)
  local words = { "--seed", "7" }
  for _, word in ipairs(arguments or {}) do
    words[#words + 1] = word
  end
  if document then
    words[#words + 1] = "--learned"
    words[#words + 1] = place.write("personality.json", core.encode(document))
  end
  local emulator = served.start(words)
  local events, now = {}, math.floor(core.time())
  for index = 1, 120 do
    events[index] = { EventTime = now - 100 * index, EventName = index % 2 == 0 and "RunInstances" or "StopInstances" }
  end
  events[121] = { EventTime = now - 90, EventName = "ConsoleLogin", SessionContext = '{"mfa":0}' }
  emulator:admin("events", { events = events })
  return emulator
end

local function assignments(emulator, place, more)
  local values = {
    CLOUDAUDIT_ENDPOINT = emulator.endpoint, TENCENTCLOUD_SECRET_ID = emulator.secret_id,
    TENCENTCLOUD_SECRET_KEY = emulator.secret_key, LIVE_OUT = place.path .. "/learned.json",
    LIVE_STORAGE = "cos://audit-logs@ap-guangzhou/cloudaudit", LIVE_WRITE = "1", LIVE_PATIENCE = "8",
    LIVE_SETTLE = "3",
  }
  for name, value in pairs(more or {}) do
    values[name] = value or nil
  end
  local out = {}
  for name, value in pairs(values) do
    out[#out + 1] = ("%s='%s'"):format(name, value)
  end
  return table.concat(out, " ")
end

--- The shell command of a run; `more` are variables, and false takes one away.
function program.command(emulator, place, more)
  return ("exec env -u LD_PRELOAD -u TENCENTCLOUD_TOKEN %s sh spec/live/run %s"):format(
    assignments(emulator, place, more), build)
end

--- Runs it to its end: what it printed, on both streams, and the exit status.
function program.run(emulator, place, more)
  local pipe = assert(io.popen("(" .. program.command(emulator, place, more) .. ") 2>&1; echo \"status $?\""))
  local text = pipe:read("*a")
  pipe:close()
  return text, tonumber(text:match("status (%d+)\n$"))
end

--- Starts it and lets it live for some seconds, then sends a signal; what it printed.
function program.kill(emulator, place, seconds, signal, more)
  local script = "exec 2>&1; set -m; (%s) & sleep %.2f; kill -%s $! 2>/dev/null; wait $!; echo \"status $?\""
  local pipe = assert(io.popen(script:format(program.command(emulator, place, more), seconds, signal)))
  local text = pipe:read("*a")
  pipe:close()
  return text, tonumber(text:match("status (%d+)\n$"))
end

function program.read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  return text
end

--- The answers of a run by id, and its document.
function program.answers(place)
  local document = assert(core.decode(assert(program.read(place.path .. "/learned.json"))))
  local answers = {}
  for _, entry in ipairs(document.answers) do
    answers[entry.id] = entry.answer == nil and { unanswered = entry.unanswered } or entry.answer
  end
  return answers, document
end

--- How many tracking sets with the program's prefix the emulator has, and the number of all.
function program.tracks(emulator)
  local all, own = emulator:admin("state").tracks, 0
  for _, track in ipairs(all) do
    own = own + (track.Name:find("^cloudaudit%-live%-") and 1 or 0)
  end
  return own, #all
end

return program
