local html = require "cloudaudit.cli.report.html"

describe("cloudaudit.cli.report.html", function()
  it("escapes what HTML would read, and shows what cannot be seen", function()
    assert.equal("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp;amp; &#39;审计 😀&#39;",
      html.escape([[<script>alert("1")</script> &amp; '审计 😀']]))
    assert.equal("\\x00\\n\\x1b\\xff\\u{202e}\\u{0085}", html.escape("\0\n\27\255\226\128\174\194\133"))
  end)

  it("fills templates, escaping but where the template says otherwise", function()
    assert.equal('<a title="&quot;x&quot;"><b></a> {B} { a }', html.fill('<a title="{a}">{=b_c}</a> {B} { a }',
      { a = '"x"', b_c = "<b>" }))
    assert.equal("1", html.fill("{a}", { a = 1 }))
    -- What was filled in is not read again.
    assert.equal("{b}%1", html.fill("{a}", { a = "{b}%1", b = "x" }))
    assert.has_error(function()
      html.fill("{a}", {})
    end, "no value for a")
  end)

  it("shows numbers in groups that stay together, and counts", function()
    assert.equal("1\226\128\175234\226\128\175567", html.number(1234567))
    assert.equal("1 event, 0 events, 2 addresses", table.concat({ html.count(1, "event"), html.count(0, "event"),
      html.count(2, "address", "addresses") }, ", "))
  end)

  it("names a text for a policy", function()
    -- printf %s TEXT | openssl dgst -sha256 -binary | base64
    assert.equal("sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", html.source(""))
    assert.equal("sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", html.source("abc"))
  end)
end)
