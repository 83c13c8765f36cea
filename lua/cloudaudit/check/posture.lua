-- The posture checks as data: is the trail sound? A row:
--
--   id, severity   the severity of its failures; `worst` is the highest, when some are graver
--   passes         when it passes
--   fix            what to do, in general; each failure has its own
--   reads          what it reads, see state.lua; a read that fails makes the check unknown
--   only           an option of check() without which it is skipped (`only_text` says so)
--   judge          function(read, options): a list of failures {subject, detail, fix, severity, evidence}; or nil and
--                  why it is skipped; or nil, nil and why the result is unknown
local judge = require "cloudaudit.check.judge"

return {
  { id = "trail.exists", severity = "critical", reads = { "tracks" }, passes = "a tracking set exists",
    fix = "create a set", judge = judge.exists },
  { id = "trail.enabled", severity = "critical", reads = { "tracks" }, passes = "a tracking set is enabled",
    fix = "enable a set", judge = judge.enabled },
  { id = "trail.writes", severity = "critical", reads = { "tracks", "details" },
    passes = "enabled sets cover the writes of all products", fix = "create a set of all writes",
    judge = judge.writes },
  { id = "trail.reads", severity = "medium", reads = { "tracks", "details" },
    passes = "enabled sets cover the reads of all products", fix = "let a set record reads too",
    judge = judge.reads },
  { id = "trail.identity", severity = "high", reads = { "tracks", "details" },
    passes = "where not all writes are covered, those of cam, account, sts, cloudaudit and organization are",
    fix = "create a set of these products", judge = judge.identity },
  { id = "trail.unnarrowed", severity = "medium", reads = { "tracks", "details" },
    passes = "no enabled set is narrowed by event names (of a set for one product: info)",
    fix = "record all event names", judge = judge.unnarrowed },
  { id = "trail.storage", severity = "high", reads = { "details" },
    passes = "the storage of every enabled set has type, region and name", fix = "set the storage",
    judge = judge.storage },
  { id = "trail.durable", severity = "medium", reads = { "details" },
    passes = "a set that covers all products ships to COS (how long cls and ckafka keep records cannot be read)",
    fix = "(a second set that ships to COS)", judge = judge.durable },
  { id = "trail.organization", severity = "high", reads = { "details" },
    passes = "a set that covers all products is for all members of the organization", only = "organization",
    only_text = "only with the option organization", fix = "include all members", judge = judge.organization },
  { id = "trail.elsewhere", severity = "low", reads = { "details", "account" },
    passes = "a set that covers all products ships to another account", fix = "ship to another account",
    judge = judge.elsewhere },
  { id = "trail.names", severity = "low", reads = { "tracks" },
    passes = "no two sets have one name (whether the service ensures it is not documented)",
    fix = "delete all but one", judge = judge.names },
  { id = "trail.twice", severity = "low", reads = { "details" },
    passes = "no two enabled sets have one selection, storage and prefix", fix = "delete all but one",
    judge = judge.twice },
  { id = "trail.idle", severity = "low", reads = { "tracks" }, passes = "no set is disabled",
    fix = "delete or enable it", judge = judge.idle },
  { id = "trail.quota", severity = "info", reads = { "quota" }, passes = "one more set can be created",
    fix = "(ask Tencent Cloud for more)", judge = judge.quota },
  { id = "trail.drift", severity = "high", reads = { "differences" }, only = "against",
    only_text = "only with the option against", passes = "the sets are as the specs declare",
    fix = "cloudaudit tracks apply -f FILE", judge = judge.drift },
  { id = "trail.recording", severity = "medium", reads = { "recent" },
    passes = "an event of the last 24 hours exists (the reads of this check are events)",
    fix = "(look at the permission and the region)", judge = judge.recording },
  { id = "trail.touched", severity = "high", worst = "critical", reads = { "changes" },
    passes = "no set was changed in the last 90 days; turned off or deleted: critical",
    fix = "(cloudaudit who resource:ID)", judge = judge.touched },
  { id = "trail.gap", severity = "high", reads = { "details", "changes" },
    passes = "writes were covered without a gap in the last 90 days, as far as events tell",
    fix = "(export the interval while its events are kept)", judge = judge.gap },
  { id = "trail.sink", severity = "high", reads = { "details", "sinks" },
    passes = "nobody changed or deleted a storage of an enabled set in the last 90 days",
    fix = "(inspect the storage and restore it)", judge = judge.sink },
  { id = "trail.legacy", severity = "info", reads = { "audits" }, passes = "no old-style tracking set logs too",
    fix = "(call StopLogging)", judge = judge.legacy },
}
