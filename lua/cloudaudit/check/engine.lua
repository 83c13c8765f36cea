-- Runs the activity rules over events, oldest first or nearly so. Findings of one rule are grouped by actor, address
-- and hour, or, where events are counted, by what they are counted under and the hour: each group is one finding.
local fact = require "cloudaudit.check.fact"
local fixes = require "cloudaudit.check.fixes"
local seen = require "cloudaudit.check.seen"
local time = require "cloudaudit.time"
local windows = require "cloudaudit.check.windows"

local engine = {}

local Engine = {}
Engine.__index = Engine

-- A finding has the ids of its first events.
local MOST_EVIDENCE = 20

-- Groups of events that are older than this before the newest are forgotten by an engine that follows.
local KEPT = 48 * 3600
local SWEEP = 1024

local OK = { ok = true }

-- ---- the memory of a rule --------------------------------------------------------------------------

local Memory = {}
Memory.__index = Memory

--- Windows of so many seconds, see windows.lua.
function Memory:windows(span)
  self.counted = self.counted or windows.new(span)
  return self.counted
end

-- ---- making ----------------------------------------------------------------------------------------

local function add_to(index, key, rule)
  index[key] = index[key] or {}
  table.insert(index[key], rule)
end

--- An engine of these rules (see activity.lua). options: since (events before it are only learned from), following
-- (findings are given as they appear and then forgotten).
function engine.new(rules, options)
  options = options or {}
  local self = setmetatable({ by_name = {}, of_writes = {}, of_any = {}, memories = {}, seen = seen.new(), groups = {},
    list = {}, since = options.since, following = options.following, newest = 0, added = 0 }, Engine)
  for _, rule in ipairs(rules) do
    self.memories[rule.id] = setmetatable({ seen = self.seen }, Memory)
    if rule.every then
      table.insert(rule.every == "write" and self.of_writes or self.of_any, rule)
    end
    for _, source in ipairs(rule.events or {}) do
      for name in source[2]:gmatch("%S+") do
        add_to(self.by_name, source[1] .. ":" .. name, rule)
      end
    end
  end
  return self
end

-- ---- findings --------------------------------------------------------------------------------------

local function fill(text, of)
  local values = { user = fixes.quote(of.user or of.actor), key = of.key and fixes.quote(of.key) or "that was used",
    address = of.address and fixes.quote(of.address) or "ADDRESS" }
  return (text:gsub("{([a-z]+)}", values))
end

local function add_evidence(finding, of, ids, from)
  local known = {}
  for _, id in ipairs(finding.evidence) do
    known[id] = true
  end
  for _, id in ipairs(ids or { of.event.id }) do
    if not known[id] and #finding.evidence < MOST_EVIDENCE then
      known[id], finding.evidence[#finding.evidence + 1] = true, id
    end
  end
  finding.count = math.max(finding.count + 1, #finding.evidence)
  finding.time = math.min(finding.time, of.time, from or of.time)
  finding.last = math.max(finding.last, of.time)
end

-- The group of a finding: one that is open for any of its keys, or the key of a new one.
local function group_of(self, rule, of, found, severity)
  local hour = math.floor(of.time / 3600)
  local keys = found.keys or { (of.actor or "") .. "\n" .. (of.address or "") }
  for _, key in ipairs(keys) do
    local name = table.concat({ rule.id, severity, key, hour }, "\n")
    if self.groups[name] then
      return name
    end
  end
  return table.concat({ rule.id, severity, found.keys and found.subject or keys[1], hour }, "\n")
end

local function subject_of(of)
  return of.address and ("%s from %s"):format(of.actor, of.address) or of.actor
end

-- Adds what a condition found to its group; returns the finding when it is a new one.
local function add_finding(self, rule, of, found)
  local severity = found.severity or rule.severity
  local name = group_of(self, rule, of, found, severity)
  local finding = self.groups[name]
  if finding then
    add_evidence(finding, of, found.evidence, found.from)
    return nil
  end
  finding = { id = rule.id, group = "activity", severity = severity, subject = found.subject or subject_of(of),
    text = ("%s: %s"):format(of.name, found.detail), evidence = {}, count = 0, time = of.time, last = of.time,
    fix = fill(rule.fix, of) }
  add_evidence(finding, of, found.evidence, found.from)
  self.groups[name] = finding
  if not self.following then
    self.list[#self.list + 1] = finding
  end
  return finding
end

-- Forgets the groups that are over.
local function sweep(self)
  for name, finding in pairs(self.groups) do
    if finding.last < self.newest - KEPT then
      self.groups[name] = nil
    end
  end
  self.added = 0
end

-- ---- events ----------------------------------------------------------------------------------------

local function apply(self, rules, of, out)
  for _, rule in ipairs(rules or {}) do
    local memory = self.memories[rule.id]
    if (rule.results or OK)[of.result] and (rule.compares ~= true or self.seen:has_history()) then
      local found = rule.judge(of, memory)
      out[#out + 1] = found and add_finding(self, rule, of, found) or nil
    end
  end
end

--- Adds an event; returns the findings that begin with it.
function Engine:add(event)
  local of, out = fact.of(event), {}
  if self.since and of.time and of.time < self.since then
    self.seen:learn(of)
    return out
  end
  -- An event without a time counts as one of now.
  of.time = of.time or self.newest
  self.newest, self.added = math.max(self.newest, of.time), self.added + 1
  apply(self, self.by_name[of.product .. ":" .. of.name], of, out)
  apply(self, of.action == "write" and self.of_writes or nil, of, out)
  apply(self, self.of_any, of, out)
  if self.following and self.added >= SWEEP then
    sweep(self)
  end
  return out
end

--- What a finding says, with the number of its events and their time.
function engine.describe(finding)
  local count = finding.count > 1 and (", %d events"):format(finding.count) or ""
  local from, to = time.iso(finding.time), finding.last > finding.time and " to " .. time.iso(finding.last) or ""
  return ("%s%s, %s%s"):format(finding.text, count, from, to)
end

--- All findings, in the order in which they began; none of an engine that follows.
function Engine:findings()
  return self.list
end

--- Whether there were events before `since` to compare with.
function Engine:has_history()
  return self.seen:has_history()
end

return engine
