-- A game that shows events of its cloud account: client:step(0) once a frame advances the calls, and no frame
-- waits for them. Run it from a clone: make LUA=luajit build, then LUA=luajit bin/try love examples/love
local cloudaudit = require "cloudaudit"

local client, headless
local ball = { x = 0, speed = 200 }
local lines = {}
local frames = { count = 0, worst = 0, worst_cpu = 0 }

local function say(text)
  lines[#lines + 1] = text
  if headless then
    print(text)
  end
end

-- The first call loads libcurl, which takes longer than a frame may.
function love.load(arguments)
  headless = arguments[1] == "--headless"
  local message
  client, message = cloudaudit.new()
  if not client then
    return say("no client: " .. message)
  end
  client.async:find_track("game"):on_done(function(track, problem)
    say(problem or track and "track " .. track.id .. " is there" or "no track yet")
  end)
  client.async:lookup{ since = "-1h" }:on_done(function(page, problem, err)
    if not page then
      return say(("events: %s (%s)"):format(problem, err.kind))
    end
    for _, event in ipairs(page.events) do
      say("event " .. event.name)
    end
  end)
end

function love.update(dt)
  local wall, cpu = love.timer.getTime(), os.clock()
  local pending = client and client:step(0) or 0
  frames.worst_cpu = math.max(frames.worst_cpu, os.clock() - cpu)
  frames.worst = math.max(frames.worst, love.timer.getTime() - wall)
  frames.count = frames.count + 1
  ball.x = (ball.x + ball.speed * dt) % 800
  if headless and pending == 0 then
    print(("%d frames, the longest step %.1f ms, %.1f ms of CPU"):format(frames.count, frames.worst * 1000,
      frames.worst_cpu * 1000))
    love.event.quit()
  end
end

function love.draw()
  love.graphics.circle("fill", ball.x, 300, 20)
  love.graphics.print(table.concat(lines, "\n"), 10, 10)
end
