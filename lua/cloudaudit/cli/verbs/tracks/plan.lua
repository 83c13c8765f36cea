-- cloudaudit tracks plan
local plan = {}

plan.summary = "Compare the account with a file of specs"
plan.examples = { "cloudaudit tracks plan -f tracks.json --who || case $? in 4) page-somebody ;; esac" }
plan.text = "Rows: + is missing, ~ differs, ! cannot be changed into it, - is in no spec (with --prune). The file is "
  .. "JSON (.json) or Lua (.lua) that returns a spec or a list of them, with the fields that `tracks show` prints."
plan.formats = { "table", "jsonl", "json", "csv" }
plan.options = {
  { name = "file", short = "f", value = "FILE", doc = "the specs" },
  { name = "who", doc = "the event behind each difference" },
  { name = "prune", doc = "plan to delete what is in no spec" },
}
plan.statuses = { { 4, "there are differences" }, { 1, "one is of the other kind, or several have the name" } }

--- Runs the verb; see verbs/init.lua.
function plan.run(context)
  local status = require "cloudaudit.cli.status"
  if not context.values.file then
    status.usage("--file: missing, it is required")
  end
  local plans = require "cloudaudit.cli.plan"
  local writer = plans.writer(context) -- before anything is sent: --columns may be wrong
  local _, _, rows = plans.read(context, context.values.prune)
  plans.print(context, writer, rows)
  for _, row in ipairs(rows) do
    if row.sign == "!" then
      return 1
    end
  end
  return #rows > 0 and 4 or 0
end

return plan
