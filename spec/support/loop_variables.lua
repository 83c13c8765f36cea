-- Finds assignments to the control variable of a for loop: Lua 5.5 refuses to load a file with one, and the older Luas
-- that the suite runs on do not.
local loop_variables = {}

local WORDS = "and break do else elseif end false for function goto if in local nil not or repeat return then true "
  .. "until while"

local KEYWORDS = {}
for word in WORDS:gmatch("%a+") do
  KEYWORDS[word] = true
end

-- The tokens of a text, {text=, line=, name= whether it is one}, without comments and strings.
local function tokens_of(text)
  local tokens, at, line = {}, 1, 1
  local function skip_to(position)
    line = line + select(2, text:sub(at, position - 1):gsub("\n", ""))
    at = position
  end
  local function add(token, name)
    tokens[#tokens + 1] = { text = token, line = line, name = name }
  end
  while at <= #text do
    local comment, level = text:match("^(%-?%-?)%[(=*)%[", at)
    local quote, word = text:match("^[\"']", at), text:match("^[%a_][%w_]*", at)
    if level and comment ~= "-" then
      skip_to((select(2, text:find("]" .. level .. "]", at, true)) or #text) + 1)
      if comment == "" then add("string") end
    elseif text:find("^%-%-", at) then
      skip_to(text:find("\n", at, true) or #text + 1)
    elseif quote then
      local stop = at + 1
      while text:sub(stop, stop) ~= quote do
        stop = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
      end
      skip_to(stop + 1)
      add("string")
    elseif word then
      add(word, not KEYWORDS[word])
      skip_to(at + #word)
    else
      local symbol = text:match("^[~=<>]=", at) or text:match("^%.%.?%.?", at) or text:match("^%d[%w.]*", at)
        or text:sub(at, at)
      if not symbol:find("^%s") then add(symbol) end
      skip_to(at + #symbol)
    end
  end
  return tokens
end

-- The names that stand at the end of the list at tokens[last], and the index of the token in front of the list.
local function names_before(tokens, last)
  local names = {}
  while true do
    local token, before = tokens[last], tokens[last - 1]
    if not token or not token.name then
      return names, last -- an index in brackets or a call: what stands in front of it is not looked at
    end
    local field = before and (before.text == "." or before.text == ":")
    if field then
      while tokens[last - 1] and (tokens[last - 1].text == "." or tokens[last - 1].text == ":") do
        last = last - 2
      end
    else
      names[#names + 1] = token
    end
    if not tokens[last - 1] or tokens[last - 1].text ~= "," then
      return names, last - 1
    end
    last = last - 2
  end
end

-- Declares the names of a list from tokens[at] on in a scope, as variables that may be set.
local function declare(scope, tokens, at)
  while tokens[at] and tokens[at].name do
    scope[tokens[at].text] = "local"
    at = at + 1
    if tokens[at] and tokens[at].text == "<" then at = at + 3 end
    if not tokens[at] or tokens[at].text ~= "," then return end
    at = at + 1
  end
end

--- The assignments to control variables in a text, as a list of "line: name".
function loop_variables.assigned(text)
  local tokens, found = tokens_of(text), {}
  local scopes, brackets, pending = { {} }, {}, nil
  local function kind_of(name)
    for i = #scopes, 1, -1 do
      if scopes[i][name] then return scopes[i][name] end
    end
  end
  for i, token in ipairs(tokens) do
    local word = token.text
    if word == "(" or word == "{" or word == "[" then
      brackets[#brackets + 1] = word
    elseif word == ")" or word == "}" or word == "]" then
      brackets[#brackets] = nil
    elseif word == "for" then
      pending = { [tokens[i + 1].text] = "control" }
      if tokens[i + 2].text == "," then declare(pending, tokens, i + 3) end
    elseif word == "function" then
      scopes[#scopes + 1] = {}
      brackets[#brackets + 1] = "function"
      local open = i + 1
      while tokens[open].text ~= "(" do open = open + 1 end
      declare(scopes[#scopes], tokens, open + 1)
    elseif word == "do" or word == "then" or word == "repeat" then
      scopes[#scopes + 1] = pending or {}
      brackets[#brackets + 1], pending = "block", nil
    elseif word == "elseif" or word == "end" or word == "until" or word == "else" then
      scopes[#scopes], brackets[#brackets] = nil, nil
      if word == "else" then
        scopes[#scopes + 1], brackets[#brackets + 1] = {}, "block"
      end
    elseif word == "local" then
      if tokens[i + 1].text ~= "function" then declare(scopes[#scopes], tokens, i + 1) end
    elseif word == "=" and brackets[#brackets] ~= "{" then
      local names, front = names_before(tokens, i - 1)
      local opener = tokens[front] and tokens[front].text
      for _, name in ipairs(opener ~= "local" and opener ~= "for" and names or {}) do
        if kind_of(name.text) == "control" then
          found[#found + 1] = ("%d: %s"):format(name.line, name.text)
        end
      end
    end
  end
  assert(#scopes == 1, "the blocks of the text do not match")
  return found
end

return loop_variables
