-- Which names stand for secrets: of JSON members, form fields, URL parameters and headers. Compares ASCII letters
-- without regard to case, hyphens, underscores, dots and blanks, in any locale.
local names = {}

-- How the names of secrets end.
local ENDINGS = {
  "token", "secret", "secretkey", "accesskey", "apikey", "apikeys", "privatekey", "signingkey", "sessionkey",
  "masterkey", "encryptionkey", "password", "passwords", "passwd", "pwd", "passphrase", "passcode", "adminpass",
  "rootpass", "userpass", "dbpass", "authorization", "signature", "assertion", "cookie", "cookies", "kubeconfig",
  "userdata", "credential", "credentials", "secretdata", "otp", "mfacode", "pincode",
}
-- How they begin, whatever follows.
local BEGINNINGS = { "privatekey", "passwordhash", "secretstring", "secretbinary", "secretvalue" }
-- Names of access key ids: secret at level "all" alone.
local KEY_IDS = { "secretid", "accesskeyid", "akid" }

-- Names that end like a secret's and are none.
local HARMLESS = { nexttoken = true, pagetoken = true, clienttoken = true, continuationtoken = true }

-- Members of a pair such as {"Key": "DB_PASSWORD", "Value": "…"}.
local PAIR_NAMES = { key = true, name = true, parametername = true, paramname = true, envname = true, field = true,
  header = true, tagkey = true, variable = true }
local PAIR_VALUES = { value = true, parametervalue = true, paramvalue = true, envvalue = true, defaultvalue = true,
  currentvalue = true, data = true, content = true, tagvalue = true }

local HEADERS = { authorization = true, proxyauthorization = true, cookie = true, setcookie = true }

local function plain(name)
  return (name:gsub("[%-_%. ]", ""):gsub("[A-Z]", function(letter)
    return string.char(letter:byte() + 32)
  end))
end

local function ends_in(name, endings)
  for _, ending in ipairs(endings) do
    if name:sub(-#ending) == ending then
      return true
    end
  end
  return false
end

-- Whether a name ends with the word "pass", as in Pass, DbPass and MYSQL_PASS: not with that of bypass or compass.
local function ends_in_pass(name)
  local before, word = name:match("^(.-)([Pp][Aa][Ss][Ss])$")
  return before ~= nil and not before:find("[Bb][Yy]$")
    and (before == "" or word == "Pass" or not before:find("[A-Za-z]$"))
end

--- Whether the value of that name is to be hidden at a level ("secrets" or "all").
function names.is_secret(name, level)
  if ends_in_pass(name) then
    return true
  end
  name = plain(name)
  if ends_in(name, ENDINGS) then
    return not HARMLESS[name]
  end
  for _, beginning in ipairs(BEGINNINGS) do
    if name:sub(1, #beginning) == beginning then
      return true
    end
  end
  return level == "all" and ends_in(name, KEY_IDS)
end

--- Whether a value stays although its name is a secret's: an access key id, at level "secrets".
function names.is_kept(value, level)
  return level == "secrets" and value:find("^AKID[0-9A-Za-z_%-]*$") ~= nil
end

--- Whether the member of that name holds the name of a pair.
function names.is_pair_name(name)
  return PAIR_NAMES[plain(name)] or false
end

--- Whether the member of that name holds the value of a pair.
function names.is_pair_value(name)
  return PAIR_VALUES[plain(name)] or false
end

--- Whether the value of that name is a header's: the rest of its line.
function names.is_header(name)
  return HEADERS[plain(name)] or false
end

return names
