-- `love examples/love --headless` runs without a window and ends when all results have been printed.
function love.conf(t)
  for _, argument in ipairs(arg or {}) do
    if argument == "--headless" then
      t.modules.window, t.modules.graphics, t.modules.audio, t.modules.joystick = false, false, false, false
    end
  end
end
