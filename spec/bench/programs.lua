-- The programs of the bench by name; they run under `spec/with 5.4-bench lua`.
local BUILD = "build/5.4-bench/bench/"

local programs = {}

local function lua(path)
  return "lua5.4 spec/bench/" .. path .. ".lua"
end

programs.sign = BUILD .. "sign"
programs.blocks = BUILD .. "blocks"
programs.easy = BUILD .. "easy $BENCH_URL"
programs.multi = BUILD .. "multi $BENCH_URL"
programs.frames = BUILD .. "frames $BENCH_URL"
programs.server = BUILD .. "server"
programs.start = BUILD .. "start"

for _, name in ipairs{ "prepare", "encode", "cjson_encode", "decode", "cjson_decode", "push", "jansson", "call",
  "calls_in_flight", "steps", "first_call", "page_events", "lines", "command", "export" } do
  programs[name] = lua("work/" .. name)
end
for _, name in ipairs{ "luaossl_sign", "luasocket_call" } do
  programs[name] = lua("peers/" .. name)
end
for _, name in ipairs{ "sdk_sign", "sdk_call", "sdk_load" } do
  programs[name] = "node spec/bench/peers/" .. name .. ".js"
end
programs.python_export = "python3 spec/bench/peers/export.py"
programs.sdk_calls_in_flight = "env BENCH_IN_FLIGHT=16 " .. programs.sdk_call

return programs
