-- Calls in a libuv loop: four at once, alongside anything else that the loop does.
-- Run it from a clone: bin/try examples/luv.lua (needs luv: Debian's lua-luv)
local cloudaudit = require "cloudaudit"
local luv = require "cloudaudit.loop.luv"
local uv = require "luv"

local client = assert(cloudaudit.new())
local loop = luv.attach(client, uv)

local function show(name)
  return function(track, message, err)
    if track then
      print(name, track.id)
    else
      print(name .. " failed: " .. message .. " (" .. err.outcome .. ")")
    end
  end
end

local names = { "reads", "writes", "all" }
for index, action in ipairs{ "read", "write", "all" } do
  client.async:create_track{ name = names[index], action = action,
    storage = "cos://audit-logs@ap-guangzhou/cloudaudit" }:on_done(show(names[index]))
end
client.async:get_track(424242):on_done(show("424242"))

uv.run() -- returns when no call is under way
loop:close()
uv.run() -- lets uv close the handles
client:close()
