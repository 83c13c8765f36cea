-- The row of an event: the members that tables, CSV, JSON lines and databases share. Adding a member raises VERSION;
-- none changes its meaning. The core makes it.
local core = require "cloudaudit.core"

local rows = {}

--- Version of the schema.
rows.VERSION = 1

--- The members, in order.
rows.MEMBERS = core.row_names()

--: class EventRow  an event as a row: text but where noted; cloudaudit.null where the event has no such value
--:   id string|userdata
--:   time integer|userdata
--:   time_iso string|userdata
--:   name string|userdata
--:   product string|userdata
--:   action "read"|"write"|userdata
--:   user string|userdata
--:   user_type "root"|"user"|"role"|"unknown"
--:   principal_id string|userdata
--:   account_id string|userdata
--:   access_key_id string|userdata
--:   source_ip string|userdata
--:   location string|userdata
--:   region string|userdata
--:   resource string|userdata
--:   resource_region string|userdata
--:   via "console"|"api"|"miniprogram"|userdata
--:   sensitive boolean|userdata
--:   mfa boolean|userdata
--:   result "ok"|"denied"|"failed"|"unknown"
--:   error_code string|userdata
--:   error_message string|userdata
--:   user_agent string|userdata
--:   request_id string|userdata

--- The row of an event, with every member; absent ones are null.
function rows.of(event)
  return core.row(event)
end

return rows
