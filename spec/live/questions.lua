-- All questions, in the order in which they are asked. A row: id, question, why, actions, compares (text), class (what
-- the answer may be, see live/privacy.lua), words, documented (what was documented or assumed), write (true: it makes
-- tracking sets), run(x) -> answer, evidence; or nil, the reason and perhaps a code.
local questions = {}

for _, name in ipairs{ "http", "actions", "tracks", "events", "refusals" } do
  for _, row in ipairs(require("live.questions." .. name)) do
    questions[#questions + 1] = row
  end
end

return questions
