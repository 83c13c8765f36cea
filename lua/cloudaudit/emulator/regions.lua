-- The values of X-TC-Region that the emulator takes without the option any_region: the regions of Tencent Cloud as far
-- as its documentation and its SDKs name them.
local regions = {}

local LIST = [[
  ap-bangkok ap-beijing ap-chengdu ap-chongqing ap-guangzhou ap-hongkong ap-jakarta ap-mumbai
  ap-nanjing ap-seoul ap-shanghai ap-shenzhen ap-singapore ap-taipei ap-tokyo eu-frankfurt eu-moscow me-saudi-arabia
  na-ashburn na-siliconvalley na-toronto sa-saopaulo
  ap-beijing-fsi ap-shanghai-fsi ap-shenzhen-fsi
]]

local known = {}
for name in LIST:gmatch("%S+") do
  known[name] = true
end

--- Whether a region exists.
function regions.exists(name)
  return known[name] == true
end

return regions
