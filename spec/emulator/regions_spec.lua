local regions = require "cloudaudit.emulator.regions"

describe("cloudaudit.emulator.regions", function()
  it("knows the documented regions and no other text", function()
    for _, name in ipairs{ "ap-guangzhou", "ap-hongkong", "na-siliconvalley", "eu-frankfurt", "ap-shenzhen-fsi" } do
      assert.is_true(regions.exists(name), name)
    end
    for _, name in ipairs{ "ap-nowhere", "", "AP-GUANGZHOU", "ap-guangzhou ", "guangzhou" } do
      assert.is_false(regions.exists(name), name)
    end
  end)
end)
