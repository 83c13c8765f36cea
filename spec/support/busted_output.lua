-- busted's plain output, followed by the line that spec/run adds up. A pending spec counts as failed: write it or
-- remove it.
local busted = require "busted"
local plain = require "busted.outputHandlers.plainTerminal"

return function(options)
  local handler = plain(options)
  busted.subscribe({ "suite", "end" }, function()
    print(("%d passed, %d failed"):format(handler.successesCount,
      handler.failuresCount + handler.errorsCount + handler.pendingsCount))
    return nil, true
  end)
  return handler
end
