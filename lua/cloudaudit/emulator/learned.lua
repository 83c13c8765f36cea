-- Reads learned.json, the result of `make live`, and turns its answers into options of emulator.new. A question is one
-- row here: its id and the option that its answer sets.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local refusals = require "cloudaudit.emulator.refusals"

local learned = {}

--- The version of the file's format.
learned.FORMAT = 1

--- Questions whose answer is the value of an option: id, option, type of the answer. An answer "none" stands for an
-- option that is not set.
learned.ROWS = {
  { "names.unique", "unique_names", "boolean" },
  { "list.lag", "list_lag", "number" },
  { "get.lag", "get_lag", "number" },
  { "list.max_page_size", "max_page_size", "number" },
  { "fill.compress", "compress", "compress" },
  { "fill.accounts", "fill_accounts", "boolean" },
  { "fill.event_names", "all_event_names", "string" },
  { "modify.absent", "modify_absent", "string" },
  { "modify.storage", "storage_update", "string" },
  { "clock.tolerance", "clock_tolerance", "number" },
  { "rate.limit", "rate", "number" },
  { "rate.code", "throttle_code", "string" },
  { "rate.retry_after", "retry_after", "number" },
  { "http.date", "date_header", "boolean" },
  { "http.keep_alive", "keep_alive", "boolean" },
  { "http.error_status", "error_status", "number" },
  { "http.null_body", "null_body", "boolean" },
  { "http.signature_v1", "signature_v1", "boolean" },
  { "events.order", "order", "string" },
  { "events.edges", "edges", "string" },
  { "events.max_results", "max_results", "number" },
  { "events.short_pages", "short_pages", "number" },
  { "events.page_tokens", "page_tokens", "string" },
  { "events.token_seconds", "token_seconds", "number" },
  { "events.delivery_lag", "delivery_lag", "number" },
  { "events.attribute_keys", "attribute_keys", "list" },
  { "events.most_event_names", "most_event_names", "number" },
  { "events.event_id", "event_id", "string" },
  { "events.record_without", "record_without", "list" },
}

--- Families of questions, by the prefix of their ids: the rest of the id is the key in the option, a table, and the
-- answer its value.
learned.FAMILIES = {
  { "refusal.", "refusals", "accepted" }, -- the answer "accepted" switches a rule off
  { "action.", "offline", nil, "offered" }, -- the answer "offered" is not an entry
}

local function is_list(value)
  if type(value) ~= "table" then
    return false
  end
  for _, item in ipairs(value) do
    if type(item) ~= "string" then
      return false
    end
  end
  return true
end

local FITS = {
  list = is_list,
  compress = function(value) return value == 1 or value == 2 or value == false end,
}

local function failure(message, ...)
  return errors.failure{ kind = "config", field = "learned", message = "learned: " .. message:format(...) }
end

local function set_row(values, row, answer)
  local fits = FITS[row[3]]
  if answer == "none" and row[3] ~= "string" then
    return true
  elseif fits and not fits(answer) or not fits and type(answer) ~= row[3] then
    return failure("%s: answer of type %s expected", row[1], row[3])
  end
  values[row[2]] = answer
  return true
end

local function set_family(values, family, id, answer)
  local key = id:sub(#family[1] + 1)
  if type(answer) ~= "string" or not answer:find("^[0-9A-Za-z.]+$") then
    return failure("%s: an error code or \"%s\" expected", id, family[3] or family[4])
  elseif family[2] == "refusals" and not refusals.RULES[key] then
    return failure("%s: this version of the emulator does not know the rule", id)
  elseif answer ~= family[4] then
    values[family[2]] = values[family[2]] or {}
    values[family[2]][key] = answer
  end
  return true
end

local function set(values, item)
  for _, row in ipairs(learned.ROWS) do
    if row[1] == item.id then
      return set_row(values, row, item.answer)
    end
  end
  for _, family in ipairs(learned.FAMILIES) do
    if item.id:sub(1, #family[1]) == family[1] then
      return set_family(values, family, item.id, item.answer)
    end
  end
  return true -- a question without a switch, or one of a later version
end

--- The options that a decoded learned.json stands for, or a failure. Questions without an answer set nothing.
function learned.options(document)
  if type(document) ~= "table" or document.format ~= learned.FORMAT or type(document.answers) ~= "table" then
    return failure("a file of `make live` in format %d expected", learned.FORMAT)
  end
  local values = {}
  for index, item in ipairs(document.answers) do
    if type(item) ~= "table" or type(item.id) ~= "string" then
      return failure("answers[%d]: an object with an id expected", index)
    elseif item.answer ~= nil and item.answer ~= core.null then
      local ok, message, err = set(values, item)
      if not ok then
        return nil, message, err
      end
    end
  end
  return values
end

--- Reads a file, or takes a decoded document; the options that it stands for, or a failure.
function learned.read(source)
  if type(source) ~= "string" then
    return learned.options(source)
  end
  local file, problem = io.open(source, "rb")
  if not file then
    return failure("%s", problem)
  end
  local text = file:read("*a")
  file:close()
  local document = text and core.decode(text)
  if not document then
    return failure("%s is not a JSON file", source)
  end
  return learned.options(document)
end

return learned
