local width = require "cloudaudit.cli.width"

describe("cloudaudit.cli.width", function()
  it("counts cells: wide characters are two, marks none", function()
    assert.same({ 5, 4, 6, 1, 2, 3 }, { width.of("abcde"), width.of("审计"), width.of("a审计b"), width.of("e\204\129"),
      width.of("😀"), width.of("é…ß") })
  end)

  it("makes control characters, bidirectional overrides and bad UTF-8 visible", function()
    assert.equal("a\\nb\\t\\x1b[31m\\x7f", width.escape("a\nb\t\27[31m\127"))
    assert.equal("\\u{009b}2J \\u{202e} \\u{2028}", width.escape("\194\1552J \226\128\174 \226\128\168"))
    assert.equal("\\xff\\xc3 \\xed\\xa0\\x80 \\xc0\\x80", width.escape("\255\195 \237\160\128 \192\128"))
    assert.equal("\\u{200e}\\u{200f}\\u{061c}\\u{feff}", width.escape("\226\128\142\226\128\143\216\156\239\187\191"))
    assert.equal("审计 😀", width.escape("审计 😀"))
    assert.equal("a\\x1b\n  \\u{009b}\n", width.escape_lines("a\27\n  \194\155\n"))
  end)

  it("cuts by cells and never through a character", function()
    assert.same({ "审…", "审计", "审计日…", "abc…", "…" }, { width.cut("审计日志", 4), width.cut("审计", 4),
      width.cut("审计日志", 7), width.cut("abcdef", 4), width.cut("审计", 1) })
    assert.same({ "审", "计" }, { width.split("审计", 3) })
    assert.same({ "ab", "cd" }, { width.split("abcd", 2) })
    assert.equal("审  ", width.pad("审", 4))
  end)
end)
