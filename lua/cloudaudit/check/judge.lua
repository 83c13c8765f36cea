-- How each posture check decides; see posture.lua. `read` has what state.lua read. No I/O.
local build = require "cloudaudit.storage.build"
local coverage = require "cloudaudit.check.coverage"
local diff = require "cloudaudit.tracks.diff"
local fixes = require "cloudaudit.check.fixes"
local history = require "cloudaudit.check.history"
local reader = require "cloudaudit.reader"

local judge = {}

-- The subject of what concerns no single set.
local ACCOUNT = "account"

local NONE = {}

local function one(subject, detail, fix, more)
  local failure = { subject = subject, detail = detail, fix = fix }
  for name, value in pairs(more or NONE) do
    failure[name] = value
  end
  return { failure }
end

local function name_of(track)
  return reader.id(track.name) or tostring(track.id)
end

-- ---- sets ----------------------------------------------------------------------------------------

function judge.exists(read)
  return read.tracks[1] and NONE or one(ACCOUNT, "there is no tracking set",
    fixes.create("all-events", read.tracks))
end

function judge.enabled(read)
  local list = read.tracks
  if coverage.enabled(list)[1] then
    return NONE
  elseif not list[1] then
    return one(ACCOUNT, "there is no tracking set", fixes.create("all-events", list))
  end
  return one(ACCOUNT, ("none of %d sets is enabled"):format(#list), fixes.enable(list[1], list))
end

function judge.writes(read)
  local list = read.details
  return coverage.covering(list, "write")[1] and NONE or one(ACCOUNT, "no enabled set records all writes",
    fixes.cover(list, "write", "all-writes", "--action write"))
end

function judge.reads(read)
  local list = read.details
  if coverage.covering(list, "read")[1] then
    return NONE
  end
  local writer, fix = coverage.covering(list, "write")[1]
  if not writer then
    fix = fixes.cover(list, "read", "all-events")
  elseif writer.filters then
    fix = fixes.set(writer, list, fixes.filters(writer, function(part)
      return part.product, part.product == "*" and "all" or part.action, part.names
    end))
  else
    fix = fixes.set(writer, list, "--action all")
  end
  return one(ACCOUNT, "no enabled set records all reads", fix)
end

local IDENTITY = { "cam", "account", "sts", "cloudaudit", "organization" }

function judge.identity(read)
  local list, missing, options = read.details, {}, {}
  if coverage.covering(list, "write")[1] then
    return nil, "all writes are covered"
  end
  for _, product in ipairs(IDENTITY) do
    if not coverage.covering(list, "write", product)[1] then
      missing[#missing + 1], options[#options + 1] = product, ("--filter %s:all"):format(product)
    end
  end
  return missing[1] and one(ACCOUNT, "no enabled set records all writes of " .. table.concat(missing, ", "),
    fixes.create("identity", list, table.concat(options, " "))) or NONE
end

function judge.unnarrowed(read)
  local found = {}
  for _, track in ipairs(coverage.enabled(read.details)) do
    local names, severity = {}, "info"
    for _, part in ipairs(coverage.parts(track)) do
      if part.names then
        names[#names + 1] = ("%s: %s"):format(part.product, table.concat(part.names, ", "))
        severity = part.product == "*" and "medium" or severity
      end
    end
    found[#found + 1] = names[1] and { subject = name_of(track), severity = severity,
      detail = "records only " .. table.concat(names, "; "), fix = fixes.set(track, read.tracks, not track.filters
        and "--event '*'" or fixes.filters(track, function(part)
          return part.product, part.action
        end)) } or nil
  end
  return found
end

-- ---- storages ------------------------------------------------------------------------------------

local STORAGE = { { "StorageType", "type" }, { "StorageRegion", "region" }, { "StorageName", "name" } }

function judge.storage(read)
  local found = {}
  for _, track in ipairs(coverage.enabled(read.details)) do
    local missing = {}
    for _, member in ipairs(STORAGE) do
      missing[#missing + 1] = not (track.storage and reader.id(track.storage[member[1]])) and member[2] or nil
    end
    found[#found + 1] = missing[1] and { subject = name_of(track),
      detail = "the storage has no " .. table.concat(missing, ", "),
      fix = fixes.set(track, read.details, "--storage URL") } or nil
  end
  return found
end

local NO_COVER = "no enabled set covers all products"

function judge.durable(read)
  local list = coverage.covering(read.details, "any")
  for _, track in ipairs(list) do
    if track.storage and track.storage.StorageType == "cos" then
      return NONE
    end
  end
  return one(ACCOUNT, list[1] and "no set that covers all products ships to COS" or NO_COVER,
    ("(a second set that ships to COS: %s)"):format(fixes.create("all-events-cos", read.details, nil,
      "cos://BUCKET@REGION/PREFIX")))
end

function judge.organization(read)
  local list = coverage.covering(read.details, "any")
  for _, track in ipairs(list) do
    if track.all_members then
      return NONE
    end
  end
  return list[1] and one(name_of(list[1]), "the set is for the own account alone",
    fixes.set(list[1], read.details, "--all-members"))
    or one(ACCOUNT, NO_COVER, fixes.create("all-events", read.details, "--all-members"))
end

local ELSEWHERE = "'cos://BUCKET@REGION/PREFIX?account_id=ACCOUNT'"

function judge.elsewhere(read)
  local list, account = coverage.covering(read.details, "any"), read.account.id
  for _, track in ipairs(list) do
    local other = track.storage and track.storage.StorageAccountId
    if other and not account then
      return nil, nil, "no event tells which account this is"
    elseif other and other ~= account then
      return NONE
    end
  end
  if not list[1] then
    return one(ACCOUNT, NO_COVER, fixes.create("all-events", read.details, nil, ELSEWHERE))
  end
  return one(name_of(list[1]), "the records stay in the account that they are about",
    fixes.set(list[1], read.details, "--storage " .. ELSEWHERE))
end

-- ---- doubles -------------------------------------------------------------------------------------

-- Groups of the tracks for which key_of gives one text, in the order of the tracks.
local function groups_of(tracks, key_of)
  local groups, by_key = {}, {}
  for _, track in ipairs(tracks) do
    local key = key_of(track)
    if key and by_key[key] then
      table.insert(by_key[key], track)
    elseif key then
      by_key[key] = { track }
      groups[#groups + 1] = by_key[key]
    end
  end
  return groups
end

-- The failures of groups of more than one: all but the best one, an enabled one if there is, can be deleted.
local function doubles(groups, text)
  local found = {}
  for _, group in ipairs(groups) do
    local kept, rest = coverage.enabled(group)[1] or group[1], {}
    for _, track in ipairs(group) do
      rest[#rest + 1] = track ~= kept and track or nil
    end
    found[#found + 1] = rest[1] and { subject = name_of(kept), detail = text:format(#group), fix = fixes.delete(rest) }
      or nil
  end
  return found
end

function judge.names(read)
  return doubles(groups_of(read.tracks, function(track)
    return reader.id(track.name)
  end), "%d sets have this name")
end

function judge.twice(read)
  return doubles(groups_of(coverage.enabled(read.details), coverage.key),
    "%d enabled sets record the same into the same place")
end

function judge.idle(read)
  local found = {}
  for _, track in ipairs(read.tracks) do
    found[#found + 1] = not track.enabled and { subject = name_of(track), detail = "the set is disabled",
      fix = ("%s, or %s"):format(fixes.delete{ track }, fixes.enable(track, read.tracks)) } or nil
  end
  return found
end

function judge.quota(read)
  return tonumber(read.quota.remaining) > 0 and NONE or one(ACCOUNT, "no tracking set can be created any more",
    "(ask Tencent Cloud for more)")
end

-- ---- declared ------------------------------------------------------------------------------------

function judge.drift(read, options)
  local report, found = read.differences, {}
  local fix = "cloudaudit tracks apply -f " .. fixes.quote(options.against_name or "FILE")
  local function add(name, detail)
    found[#found + 1] = { subject = name, detail = detail, fix = fix }
  end
  for _, name in ipairs(report.missing) do
    add(name, "declared, and missing")
  end
  for _, changed in ipairs(report.changed) do
    add(changed.name, diff.describe(changed.differences))
  end
  for _, double in ipairs(report.duplicate) do
    add(double.name, ("declared once, and %d sets have the name"):format(#double.ids))
  end
  return found
end

-- ---- events --------------------------------------------------------------------------------------

function judge.recording(read)
  return read.recent.event and NONE or one(ACCOUNT, "no event of the last 24 hours can be read",
    "(look at the permission for DescribeEvents and at --region)")
end

local WHAT = { deleted = "deleted a set", off = "turned a set off", changed = "changed a set" }

-- One failure for each actor, address and kind of change.
function judge.touched(read)
  local found, by_key = {}, {}
  for _, change in ipairs(history.changes(read.changes)) do
    local event = change.event
    local key = table.concat({ event.user or "", event.source_ip or "", change.what }, "\n")
    local failure = by_key[key]
    if not failure then
      failure = { subject = change.id or ACCOUNT, evidence = {}, severity = change.what ~= "changed" and "critical"
        or "high", fix = ("(cloudaudit who %s)"):format(fixes.quote("resource:" .. (change.id or "NAME"))),
        detail = ("%s %s"):format(history.who(event), WHAT[change.what]) }
      by_key[key], found[#found + 1] = failure, failure
    end
    table.insert(failure.evidence, event.id)
  end
  return found
end

function judge.gap(read)
  local gaps, found = history.gaps(read.details, read.changes), {}
  if not gaps then
    return nil, "no set is known that covers all writes"
  end
  for index, gap in ipairs(gaps) do
    local events = { gap.from_event and gap.from_event.id }
    events[#events + 1] = gap.to_event and gap.to_event.id
    found[index] = { subject = history.span(gap), detail = ("writes were not covered%s"):format(gap.from_event
      and ": " .. history.who(gap.from_event) or ""), evidence = events,
      fix = "(export the interval while its events are kept, 90 days)" }
  end
  return found
end

function judge.sink(read)
  local found = {}
  for index, sink in ipairs(history.sinks(read.details, read.sinks)) do
    found[index] = { subject = build.to_url("storage", sink.storage) or sink.storage.StorageName,
      detail = ("%s by %s"):format(sink.event.name, history.who(sink.event)), evidence = { sink.event.id },
      fix = ("(inspect %s and restore it)"):format(fixes.quote(sink.storage.StorageName)) }
  end
  return found
end

function judge.legacy(read)
  local found = {}
  for _, audit in ipairs(read.audits) do
    local name = reader.any_text(audit.AuditName) or "?"
    found[#found + 1] = reader.boolean(audit.AuditStatus) and { subject = name, detail = "an old-style set logs",
      fix = ("(cloudaudit call StopLogging %s)"):format(fixes.quote(reader.json{ AuditName = name })) } or nil
  end
  return found
end

return judge
