-- Services that answer otherwise: `differing` in every switch that learned.json has, as the documented profile with
-- other answers; `misbehaving` by faults. Used by the specs of this folder.
local personalities = {}

--- Answers by the id of their questions, none of them the documented one.
personalities.DIFFERING = {
  ["names.unique"] = false, ["list.lag"] = 2, ["get.lag"] = 1, ["list.max_page_size"] = 15,
  ["fill.compress"] = 2, ["fill.accounts"] = true, ["fill.event_names"] = "empty",
  ["modify.absent"] = "reset", ["modify.storage"] = "merge", ["clock.tolerance"] = 120, ["rate.limit"] = 12,
  ["rate.code"] = "LimitExceeded.FreqLimit", ["rate.retry_after"] = 3, ["http.date"] = false,
  ["http.keep_alive"] = false, ["http.error_status"] = 400, ["http.null_body"] = false,
  ["http.signature_v1"] = false, ["events.order"] = "oldest", ["events.edges"] = "left",
  ["events.max_results"] = 30, ["events.short_pages"] = 0.5, ["events.page_tokens"] = "strict",
  ["events.token_seconds"] = 2, ["events.delivery_lag"] = 2,
  ["events.attribute_keys"] = { "EventName", "RequestId", "ResourceType" }, ["events.most_event_names"] = 10,
  ["events.event_id"] = "own", ["events.record_without"] = { "apiVersion", "tags" },
  ["events.end_token"] = "zero", -- follows from strict tokens
  ["action.ListKeyAliasByRegion"] = "ActionOffline",
  ["refusal.value.Name"] = "accepted", ["refusal.value.StorageName"] = "accepted",
  ["refusal.value.StoragePrefix"] = "accepted", ["refusal.value.ActionType"] = "InvalidParameter",
  ["refusal.region.unknown"] = "UnsupportedRegion", ["refusal.parameter.unknown"] = "accepted",
  ["refusal.parameter.type"] = "accepted", ["refusal.parameter.missing"] = "InvalidParameter",
  ["refusal.clock.skew"] = "AuthFailure.SignatureFailure", ["refusal.track.rename"] = "UnsupportedOperation",
  ["refusal.track.missing"] = "ResourceNotFound", ["refusal.events.too_old"] = "InvalidParameterValue",
  ["refusal.lookup.too_long"] = "InvalidParameterValue.Time",
}

--- Answers that cannot be had where the others are so: without unique names no create is refused for one.
personalities.UNANSWERED = { ["refusal.track.name_taken"] = true }

--- The answers as a document of learned.json.
function personalities.document()
  local answers = {}
  for id, answer in pairs(personalities.DIFFERING) do
    answers[#answers + 1] = { id = id, answer = answer }
  end
  return { format = 1, answers = answers }
end

--- Faults of a service that loses answers, throttles and is slow. A create that is lost took effect.
personalities.MISBEHAVING = {
  { kind = "cut_after", action = "CreateAuditTrack", probability = 0.25 },
  { kind = "cut_before", action = "CreateAuditTrack", probability = 0.15 },
  { kind = "throttle", action = "CreateAuditTrack", probability = 0.2 },
  { kind = "cut_after", action = "DeleteAuditTrack", probability = 0.25 },
  { kind = "throttle", action = "DeleteAuditTrack", probability = 0.2 },
  { kind = "status", action = "DescribeAuditTracks", probability = 0.15 },
  { kind = "throttle", action = "DescribeEvents", probability = 0.15 },
  { kind = "cut_before", action = "DescribeEvents", probability = 0.15 },
}

return personalities
