-- The options of the command as data. --help, the man page, doc/command.md, the completions and the parser are made
-- from these rows and from those of the verbs.
--
-- A row: `name` (without dashes), `short` (a letter), `value` (its name in the help; nil: a switch), `type` (see
-- parser.lua), `choices`, `list` (may be repeated; the values are a list), `optional` (the value when none is given,
-- then only =VALUE gives one), `doc`.
local options = {}

--- Of every verb that reads from the service, before or after it.
options.COMMON = {
  { name = "profile", value = "NAME", doc = "profile of Tencent Cloud's tools with credentials and region" },
  { name = "region", value = "R", doc = "region of the API; default TENCENTCLOUD_REGION, then ap-guangzhou" },
  { name = "endpoint", value = "URL", doc = "address of the API; default CLOUDAUDIT_ENDPOINT, then the service's" },
  { name = "ca-file", value = "FILE", doc = "CA certificates to trust; default CLOUDAUDIT_CA_FILE, then the system's" },
  { name = "proxy", value = "URL", doc = "HTTP proxy" },
  { name = "call-timeout", value = "S", type = "seconds", doc = "deadline of a call with its retries; default 10" },
  { name = "patience", value = "T", type = "duration", doc = "how long a read waits when it is throttled; default 5m" },
  { name = "language", value = "LANG", choices = { "zh-CN", "en-US" }, doc = "language of the service's messages" },
  { name = "output", short = "o", value = "FORMAT", doc = "table, jsonl, json, csv or ocsf; default "
    .. "CLOUDAUDIT_OUTPUT, then a table on a terminal, else jsonl" },
  { name = "columns", value = "A,B", type = "names", doc = "columns of a table and of CSV" },
  { name = "color", value = "WHEN", choices = { "auto", "always", "never" }, doc = "color in tables; default auto" },
  { name = "utc", doc = "show times in UTC, and read dates without a zone as UTC" },
  { name = "progress", doc = "a line of progress every 10 s on standard error" },
  { name = "no-redact", doc = "show tokens, passwords and signatures in records" },
}

--- Of every verb.
options.ALWAYS = {
  { name = "quiet", short = "q", doc = "no notes on standard error" },
  { name = "verbose", short = "v", doc = "attempts and local filters on standard error" },
  { name = "help", short = "h", doc = "show help" },
  { name = "version", doc = "show the versions of cloudaudit, Lua, libcurl and OpenSSL" },
}

--- FILTER: which events. All must hold.
options.FILTER = {
  { name = "since", value = "T", doc = "first second: 2h or -2h (ago), 7d, today, yesterday, ISO 8601 or epoch "
    .. "seconds" },
  { name = "until", value = "T", doc = "last second; default now" },
  { name = "event", value = "NAME[,NAME]", type = "names", list = true, doc = "event names" },
  { name = "write", doc = "writes only" },
  { name = "read", doc = "reads only" },
  { name = "product", value = "P", doc = "product, such as cvm" },
  { name = "resource", value = "X", doc = "name or id of a resource" },
  { name = "key", value = "AKID", doc = "access key id" },
  { name = "user", value = "U", doc = "user name, or the digits of a UIN" },
  { name = "ip", value = "A[,A]", type = "names", list = true,
    doc = "source address or CIDR block; several, and blocks: local" },
  { name = "failed", doc = "calls that failed, denied ones included; local" },
  { name = "denied", doc = "calls that were denied; local" },
  { name = "sensitive", doc = "sensitive operations only" },
  { name = "request-id", value = "ID", doc = "id of the request" },
  { name = "where", value = "KEY=VALUE", list = true, doc = "any other condition of the library or of the service" },
  { name = "from", value = "PATH", doc = "read an export (folder, .db), a file of JSON lines (.jsonl, .jsonl.gz) or "
    .. "- in place of the service; without --since all of it" },
  { name = "max", value = "N", type = "positive", doc = "at most so many events, after all filters" },
}

--- All options of a verb, its own first: {options=, filter=, common=}. A verb's own row replaces one of the same name.
function options.of(verb)
  local rows, known = {}, {}
  local function add(list)
    for _, row in ipairs(list or {}) do
      if not known[row.name] then
        known[row.name] = true
        rows[#rows + 1] = row
      end
    end
  end
  add(verb.options)
  add(verb.filter and options.FILTER)
  add(verb.common ~= false and options.COMMON)
  add(options.ALWAYS)
  return rows
end

return options
