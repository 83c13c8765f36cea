-- Checks the number of requests in an emulator's journal, and within any one second. Arguments: endpoint, CA file,
-- action, the expected number, the largest number in a second.
local emulator = require "support.emulator"

local endpoint, ca_file, action, expected, rate = arg[1], arg[2], arg[3], tonumber(arg[4]), tonumber(arg[5])

local served = emulator.attach(endpoint)
served.ca_file = ca_file
local times = {}
for index, entry in ipairs(served:journal(action)) do
  times[index] = entry.time
end
table.sort(times)
local most, first = 0, 1
for last = 1, #times do
  while times[last] - times[first] >= 1 do
    first = first + 1
  end
  most = math.max(most, last - first + 1)
end
local took = times[#times] - times[1]
print(("%d requests in %.1f s, at most %d in a second, %d allowed"):format(#times, took, most, rate))
assert(#times == expected, "not as many requests as calls")
assert(most <= rate, "too many in a second")
assert(took < 1.5 * expected / rate, "the rate was not used")
