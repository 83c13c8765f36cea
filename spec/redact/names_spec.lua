local names = require "cloudaudit.redact.names"

describe("secret names", function()
  it("do not depend on case, hyphens, underscores and dots", function()
    for _, name in ipairs{ "SESSION_TOKEN", "session-token", "sessionToken", "x.api.key", "TmpSecretKey" } do
      assert.is_true(names.is_secret(name, "secrets"), name)
    end
  end)

  it("end with the word pass, in any writing, but not with a word that ends so", function()
    for _, name in ipairs{ "Pass", "pass", "PASS", "DbPass", "UserPass", "userpass", "MYSQL_PASS", "smtp-pass",
      "SSLPass", "db2pass" } do
      assert.is_true(names.is_secret(name, "secrets"), name)
    end
    for _, name in ipairs{ "bypass", "Bypass", "ByPass", "COMPASS", "compass", "Passed", "PassRole", "ass" } do
      assert.is_false(names.is_secret(name, "all"), name)
    end
  end)

  it("are access key ids at level all alone", function()
    for _, name in ipairs{ "SecretId", "accessKeyId" } do
      assert.is_false(names.is_secret(name, "secrets"))
      assert.is_true(names.is_secret(name, "all"))
    end
  end)

  it("are not what only looks like one", function()
    for _, name in ipairs{ "NextToken", "ClientToken", "tokenizer", "SecretName", "SignatureMethod", "keyId",
      "publicKey", "passwordPolicy", "" } do
      assert.is_false(names.is_secret(name, "all"), name)
    end
  end)

  it("have their values in pairs and headers", function()
    assert.is_true(names.is_pair_name("ParameterName"))
    assert.is_true(names.is_pair_value("value"))
    assert.is_false(names.is_pair_value("Key"))
    assert.is_true(names.is_header("Set-Cookie"))
    assert.is_false(names.is_header("token"))
  end)

  it("keep an access key id under a secret's name at level secrets", function()
    assert.is_true(names.is_kept("AKIDabc", "secrets"))
    assert.is_false(names.is_kept("AKIDabc", "all"))
    assert.is_false(names.is_kept("xAKIDabc", "secrets"))
  end)
end)
