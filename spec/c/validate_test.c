/* The documented rules on values: what is refused, the place, and the message. */
#include "support.h"

#include <stddef.h>

static const struct caudit_Storage bucket = {
    .StorageType = CAUDIT_STR("cos"),
    .StorageRegion = CAUDIT_STR("ap-guangzhou"),
    .StorageName = CAUDIT_STR("audit-cos"),
    .StoragePrefix = CAUDIT_STR("test"),
};
static const struct caudit_str star[] = {CAUDIT_STR("*")};
static const struct caudit_CreateAuditTrackRequest good = {
    .Name = CAUDIT_STR("audit"),
    .ActionType = CAUDIT_STR("Read"),
    .ResourceType = CAUDIT_STR("cam"),
    .Status = CAUDIT_SET(1),
    .EventNames = {star, 1},
    .Storage = &bucket,
};

static int check(const char *action, const void *request, struct caudit_error *err) {
  const struct caudit_action *found = caudit_action(caudit_str(action));
  assert_non_null(found);
  return caudit_check(action, found->request, request, err);
}

static void assert_good(const struct caudit_CreateAuditTrackRequest *request) {
  struct caudit_error err;
  if (check("CreateAuditTrack", request, &err) != 0) fail_msg("%s", err.message);
}

/* Violates a rule; the message starts with the action and the place. */
static void assert_broken(const struct caudit_CreateAuditTrackRequest *request, const char *field,
                          const char *message) {
  struct caudit_error err;
  assert_int_equal(check("CreateAuditTrack", request, &err), -CAUDIT_VALIDATION);
  assert_string_equal(err.field, field);
  assert_string_equal(err.message, message);
  assert_string_equal(err.code, "InvalidParameterValue");
  assert_int_equal(err.outcome, CAUDIT_NOT_SENT);
  assert_int_equal(check("CreateAuditTrack", request, NULL), -CAUDIT_VALIDATION);
}

static void assert_missing(const struct caudit_CreateAuditTrackRequest *request, const char *field,
                           const char *message) {
  struct caudit_error err;
  assert_int_equal(check("CreateAuditTrack", request, &err), -CAUDIT_MISUSE);
  assert_string_equal(err.field, field);
  assert_string_equal(err.message, message);
  assert_string_equal(err.code, "MissingParameter");
}

static void required_members(void **state) {
  (void)state;
  struct caudit_CreateAuditTrackRequest request = good;
  assert_good(&request);
  request.Name = caudit_str(NULL);
  assert_missing(&request, "Name", "CreateAuditTrack.Name: missing");
  request = good;
  request.Status.set = false;
  assert_missing(&request, "Status", "CreateAuditTrack.Status: missing");
  request = good;
  request.EventNames.items = NULL;
  assert_missing(&request, "EventNames", "CreateAuditTrack.EventNames: missing");
  request = good;
  request.Storage = NULL;
  assert_missing(&request, "Storage", "CreateAuditTrack.Storage: missing");
  struct caudit_Storage storage = bucket;
  storage.StorageName = caudit_str(NULL);
  request = good;
  request.Storage = &storage;
  assert_missing(&request, "Storage.StorageName", "CreateAuditTrack.Storage.StorageName: missing");
  storage = bucket; /* reported before a violated rule */
  storage.StorageName = caudit_str("audit_cos");
  storage.StoragePrefix = caudit_str(NULL);
  assert_missing(&request, "Storage.StoragePrefix",
                 "CreateAuditTrack.Storage.StoragePrefix: missing");
}

static void track_names(void **state) {
  (void)state;
  char longest[50];
  memset(longest, 'x', sizeof longest);
  const struct caudit_str accepted[] = {CAUDIT_STR("abc"), CAUDIT_STR("A-z_09"), {longest, 48}};
  struct caudit_CreateAuditTrackRequest request = good;
  for (size_t i = 0; i < 3; i++) {
    request.Name = accepted[i];
    assert_good(&request);
  }
  const struct caudit_str refused[] = {CAUDIT_STR("ab"),
                                       CAUDIT_STR(""),
                                       {longest, 49},
                                       CAUDIT_STR("a b"),
                                       CAUDIT_STR("a.bc"),
                                       CAUDIT_STR("a\0bc"),
                                       CAUDIT_STR("\xC3\xA9t\xC3\xA9"),
                                       CAUDIT_STR("abc\n")};
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    struct caudit_error err;
    request.Name = refused[i];
    assert_int_equal(check("CreateAuditTrack", &request, &err), -CAUDIT_VALIDATION);
    assert_string_equal(err.field, "Name");
  }
  request.Name = caudit_str("a.b\n");
  assert_broken(&request, "Name",
                "CreateAuditTrack.Name: 3 to 48 letters, digits, hyphens or underscores expected, "
                "got \"a.b?\"");
}

static void switches_and_action_types(void **state) {
  (void)state;
  struct caudit_CreateAuditTrackRequest request = good;
  request.Status.value = 0;
  request.TrackForAllMembers = (struct caudit_uint64)CAUDIT_SET(0);
  assert_good(&request);
  request.Status.value = 2;
  assert_broken(&request, "Status", "CreateAuditTrack.Status: 0 or 1 expected");
  request = good;
  request.TrackForAllMembers = (struct caudit_uint64)CAUDIT_SET(UINT64_MAX);
  assert_broken(&request, "TrackForAllMembers",
                "CreateAuditTrack.TrackForAllMembers: 0 or 1 expected");
  static const char *const types[] = {"Read", "Write", "*"};
  request = good;
  for (size_t i = 0; i < 3; i++) {
    request.ActionType = caudit_str(types[i]);
    assert_good(&request);
  }
  request.ActionType = caudit_str("read");
  assert_broken(&request, "ActionType",
                "CreateAuditTrack.ActionType: Read, Write or * expected, got \"read\"");
}

static void event_names(void **state) {
  (void)state;
  struct caudit_str names[11];
  struct caudit_CreateAuditTrackRequest request = good;
  for (size_t i = 0; i < 11; i++) names[i] = caudit_str("DeleteAudit");
  request.EventNames = (struct caudit_strings){names, 10};
  assert_good(&request);
  request.EventNames.count = 11;
  assert_broken(&request, "EventNames",
                "CreateAuditTrack.EventNames: {\"*\"} or 1 to 10 API names expected, got 11");
  request.EventNames.count = 0;
  assert_broken(&request, "EventNames",
                "CreateAuditTrack.EventNames: {\"*\"} or 1 to 10 API names expected, got 0");
  request.EventNames.count = 2;
  names[1] = star[0];
  assert_broken(
      &request, "EventNames",
      "CreateAuditTrack.EventNames: {\"*\"} alone or 1 to 10 API names expected, got \"*\"");
  names[1] = caudit_str("");
  assert_broken(
      &request, "EventNames",
      "CreateAuditTrack.EventNames: {\"*\"} alone or 1 to 10 API names expected, got \"\"");

  request = good;
  request.ResourceType = star[0];
  assert_good(&request);
  request.EventNames = (struct caudit_strings){names, 1};
  assert_broken(&request, "EventNames",
                "CreateAuditTrack.EventNames: {\"*\"} expected, since the resource type is \"*\" "
                "(all products)");
}

struct storage_case {
  const char *type, *name, *prefix;
  const char *field; /* NULL: accepted */
};

static void storages(void **state) {
  (void)state;
  static const struct storage_case cases[] = {
      {"cos", "a", "abc", NULL},
      {"cos", "audit-logs-2024", "Logs2024", NULL},
      {"cos", "logs-20241231", "logs", NULL},
      {"cos", "1250000000", "logs", NULL},
      {"cos", "-1250000000", "logs", "Storage.StorageName"},
      {"cos", "a1250000000", "logs", NULL},
      {"cos", "audit{", "logs", "Storage.StorageName"},
      {"cos", "audit-1250000000", "logs", "Storage.StorageName"},
      {"cos", "", "logs", "Storage.StorageName"},
      {"cos", "Audit", "logs", "Storage.StorageName"},
      {"cos", "-audit", "logs", "Storage.StorageName"},
      {"cos", "audit-", "logs", "Storage.StorageName"},
      {"cos", "audit_logs", "logs", "Storage.StorageName"},
      {"cos", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "logs", NULL},
      {"cos", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "logs", "Storage.StorageName"},
      {"cos", "audit", "ab", "Storage.StoragePrefix"},
      {"cos", "audit", "a/b", "Storage.StoragePrefix"},
      {"cos", "audit", "logs-1", "Storage.StoragePrefix"},
      {"cos", "audit", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
      {"cos", "audit", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "Storage.StoragePrefix"},
      {"cls", "1c6f0f4b-0000-0000-0000-000000000000", "", NULL},
      {"cls", "", "logs", "Storage.StorageName"},
      {"cls", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "logs", "Storage.StorageName"},
      {"ckafka", "ckafka-abc/topic", "", NULL},
      {"ckafka", "topic", "", "Storage.StorageName"},
      {"ckafka", "/topic", "", "Storage.StorageName"},
      {"ckafka", "ckafka-abc/", "", "Storage.StorageName"},
      {"ckafka", "a/b/c", "", "Storage.StorageName"},
      {"ckafka", "", "", "Storage.StorageName"},
      {"future", "Anything Goes", "?", NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct caudit_error err = {0};
    struct caudit_Storage storage = bucket;
    struct caudit_CreateAuditTrackRequest request = good;
    storage.StorageType = caudit_str(cases[i].type);
    storage.StorageName = caudit_str(cases[i].name);
    storage.StoragePrefix = caudit_str(cases[i].prefix);
    request.Storage = &storage;
    int status = check("CreateAuditTrack", &request, &err);
    const char *field = cases[i].field ? cases[i].field : "";
    if (status != (cases[i].field ? -CAUDIT_VALIDATION : 0) || strcmp(err.field, field) != 0)
      fail_msg("%s %s %s: %s", cases[i].type, cases[i].name, cases[i].prefix, err.message);
  }
}

/* The rules belong to the shape and apply without a request. */
static void a_storage_without_a_request(void **state) {
  (void)state;
  const struct caudit_shape *shape = caudit_shape(caudit_str("Storage"));
  struct caudit_error err;
  struct caudit_Storage storage = bucket;
  assert_int_equal(caudit_check("storage", shape, &storage, &err), 0);
  storage.StorageName = caudit_str("audit_cos");
  assert_int_equal(caudit_check("storage", shape, &storage, &err), -CAUDIT_VALIDATION);
  assert_string_equal(err.field, "StorageName");
  assert_string_equal(err.message + err.text_at,
                      "1 to 50 lower-case letters, digits or hyphens, no hyphen at either end "
                      "expected, got \"audit_cos\"");
}

static void the_message_shows_the_bucket_without_app_id(void **state) {
  (void)state;
  struct caudit_Storage storage = bucket;
  struct caudit_CreateAuditTrackRequest request = good;
  request.Storage = &storage;
  storage.StorageName = caudit_str("audit-1250000000");
  assert_broken(&request, "Storage.StorageName",
                "CreateAuditTrack.Storage.StorageName: the bucket's name without -APPID "
                "expected (\"audit\"), got \"audit-1250000000\"");
  storage = bucket;
  storage.Compress = (struct caudit_uint64)CAUDIT_SET(0);
  assert_broken(&request, "Storage.Compress",
                "CreateAuditTrack.Storage.Compress: 1 (compressed) or 2 (not compressed) expected");
  storage.Compress.value = 3;
  assert_broken(&request, "Storage.Compress",
                "CreateAuditTrack.Storage.Compress: 1 (compressed) or 2 (not compressed) expected");
  storage.Compress.value = 2;
  assert_good(&request);
}

static void lists_are_checked_by_place(void **state) {
  (void)state;
  struct caudit_ResourceField fields[] = {
      {CAUDIT_STR("cam"), CAUDIT_STR("*"), {star, 1}},
      {CAUDIT_STR("cvm"), CAUDIT_STR("All"), {star, 1}},
  };
  const struct caudit_Filter filter = {{fields, 2}};
  const struct caudit_CreateEventsAuditTrackRequest request = {
      .Name = CAUDIT_STR("multi"), .Status = CAUDIT_SET(1), .Storage = &bucket, .Filters = &filter};
  struct caudit_error err;
  assert_int_equal(check("CreateEventsAuditTrack", &request, &err), -CAUDIT_VALIDATION);
  assert_string_equal(err.field, "Filters.ResourceFields[2].ActionType");
  fields[1].ActionType = star[0];
  assert_int_equal(check("CreateEventsAuditTrack", &request, &err), 0);
  fields[0].EventNames.items = NULL;
  assert_int_equal(check("CreateEventsAuditTrack", &request, &err), -CAUDIT_MISUSE);
  assert_string_equal(err.field, "Filters.ResourceFields[1].EventNames");
}

static void pages(void **state) {
  (void)state;
  struct caudit_error err;
  struct caudit_DescribeAuditTracksRequest page = {CAUDIT_SET(1), CAUDIT_SET(1)};
  assert_int_equal(check("DescribeAuditTracks", &page, &err), 0);
  page.PageNumber.value = 0;
  assert_int_equal(check("DescribeAuditTracks", &page, &err), -CAUDIT_VALIDATION);
  assert_string_equal(err.message, "DescribeAuditTracks.PageNumber: a number from 1 expected");
  struct caudit_DescribeEventsRequest events = {.StartTime = CAUDIT_SET(1),
                                                .EndTime = CAUDIT_SET(2)};
  static const uint64_t sizes[] = {0, 1, 50, 51};
  for (size_t i = 0; i < 4; i++) {
    events.MaxResults = (struct caudit_uint64)CAUDIT_SET(sizes[i]);
    int expected = sizes[i] == 1 || sizes[i] == 50 ? 0 : -CAUDIT_VALIDATION;
    assert_int_equal(check("DescribeEvents", &events, &err), expected);
  }
}

/* Rules belong to fields of any shape: a signed number, and a shape without the member that the
 * rule reads. */
static void rules_apply_to_any_shape(void **state) {
  (void)state;
  struct odd {
    struct caudit_int64 Page;
    struct caudit_strings EventNames;
    struct caudit_uint64 ResourceType;
  };
  static const struct caudit_field fields[] = {
      {"Page", "", "", NULL, 4, offsetof(struct odd, Page), CAUDIT_TYPE_INT64, CAUDIT_RULE_PAGE,
       false},
      {"EventNames", "", "", NULL, 10, offsetof(struct odd, EventNames), CAUDIT_TYPE_STRINGS,
       CAUDIT_RULE_EVENT_NAMES, false},
      {"ResourceType", "", "", NULL, 12, offsetof(struct odd, ResourceType), CAUDIT_TYPE_UINT64,
       CAUDIT_RULE_NONE, false}};
  for (uint16_t count = 2; count <= 3; count++) {
    const struct caudit_shape shape = {"Odd", fields, count, sizeof(struct odd)};
    struct odd value = {CAUDIT_SET(1), {star, 1}, {0, false}};
    struct caudit_error err;
    assert_int_equal(caudit_check("Odd", &shape, &value, &err), 0);
    value.Page.value = -1;
    assert_int_equal(caudit_check("Odd", &shape, &value, &err), -CAUDIT_VALIDATION);
    assert_string_equal(err.message, "Odd.Page: a number from 1 expected");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(required_members),
      cmocka_unit_test(track_names),
      cmocka_unit_test(switches_and_action_types),
      cmocka_unit_test(event_names),
      cmocka_unit_test(storages),
      cmocka_unit_test(a_storage_without_a_request),
      cmocka_unit_test(the_message_shows_the_bucket_without_app_id),
      cmocka_unit_test(lists_are_checked_by_place),
      cmocka_unit_test(pages),
      cmocka_unit_test(rules_apply_to_any_shape),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
