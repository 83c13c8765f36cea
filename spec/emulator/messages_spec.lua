local messages = require "cloudaudit.emulator.messages"

describe("cloudaudit.emulator.messages", function()
  it("words a failed check as the service does", function()
    assert.equal("The parameter `A` is not recognized.", messages.of_check{ code = "UnknownParameter", field = "A",
      message = "X.A: unknown field, did you mean B?" })
    assert.equal("X.A: 1 to 50 expected", messages.of_check{ code = "InvalidParameterValue", field = "A",
      message = "X.A: 1 to 50 expected" })
    assert.equal('X.A: exactly ["*"] expected', messages.of_check{ code = "InvalidParameterValue", field = "A",
      message = 'X.A: exactly {"*"} expected' })
  end)

  it("has the common texts in Chinese, with what the English text names", function()
    assert.equal("请求缺少必选参数 `Region`。",
      messages.localized("MissingParameter", "The request is missing a required parameter `Region`.", "zh-CN"))
    assert.equal("您当前每秒请求 `21` 次，超过了每秒频率上限 `20` 次，请稍后重试。",
      messages.localized("RequestLimitExceeded", messages.rate(21, 20), "zh-CN"))
  end)

  it("leaves other languages, codes and texts alone", function()
    for _, language in ipairs{ "en-US", "", "fr" } do
      assert.equal("text `a`", messages.localized("MissingParameter", "text `a`", language))
    end
    assert.equal("text", messages.localized("MissingParameter", "text", nil))
    assert.equal("text", messages.localized("MissingParameter", "text", "zh-CN"))
    assert.equal("text", messages.localized("InternalError", "text", "zh-CN"))
  end)
end)
