/* The writer: the model's structs as JSON text, byte for byte. */
#include "json_cases.h"
#include "support.h"

static const struct caudit_shape *shape(const char *name) {
  const struct caudit_shape *found = caudit_shape(caudit_str(name));
  assert_non_null(found);
  return found;
}

static const struct caudit_shape *request(const char *action) {
  const struct caudit_action *found = caudit_action(caudit_str(action));
  assert_non_null(found);
  return found->request;
}

static void assert_written(const struct caudit_shape *of, const void *value, const char *expected) {
  struct caudit_buf out;
  struct caudit_error err;
  caudit_buf_init(&out, NULL, 100000);
  assert_int_equal(caudit_json_write(&out, of, value, &err), 0);
  assert_text(&out, expected);
  caudit_buf_free(&out);
}

/* The input example in the service's documentation of CreateAuditTrack. */
static const struct caudit_Storage page_storage = {
    .StorageType = CAUDIT_STR("cos"),
    .StorageRegion = CAUDIT_STR("ap-guangzhou"),
    .StorageName = CAUDIT_STR("audit-cos"),
    .StoragePrefix = CAUDIT_STR("test"),
};
static const struct caudit_str page_events[] = {CAUDIT_STR("LookUpEvents"),
                                                CAUDIT_STR("DeleteAudit")};
static const struct caudit_CreateAuditTrackRequest page_request = {
    .Name = CAUDIT_STR("audit"),
    .ActionType = CAUDIT_STR("Read"),
    .ResourceType = CAUDIT_STR("audit"),
    .Status = CAUDIT_SET(1),
    .TrackForAllMembers = CAUDIT_SET(1),
    .EventNames = {page_events, 2},
    .Storage = &page_storage,
};
static const char page_text[] =
    "{\"Name\":\"audit\",\"ActionType\":\"Read\",\"ResourceType\":\"audit\",\"Status\":1,"
    "\"TrackForAllMembers\":1,\"EventNames\":[\"LookUpEvents\",\"DeleteAudit\"],"
    "\"Storage\":{\"StorageType\":\"cos\",\"StorageRegion\":\"ap-guangzhou\","
    "\"StorageName\":\"audit-cos\",\"StoragePrefix\":\"test\"}}";

static void the_documented_example(void **state) {
  (void)state;
  assert_written(request("CreateAuditTrack"), &page_request, page_text);
}

static void absent_members_are_left_out(void **state) {
  (void)state;
  struct caudit_ModifyAuditTrackRequest modify = {.TrackId = CAUDIT_SET(0)};
  assert_written(request("ModifyAuditTrack"), &modify, "{\"TrackId\":0}");
  struct caudit_DescribeEventsRequest nothing = {0};
  assert_written(request("DescribeEvents"), &nothing, "{}");
  struct caudit_InquireAuditCreditRequest empty = {0};
  assert_written(request("InquireAuditCredit"), &empty, "{}");
}

static void zero_false_and_empty_are_not_absent(void **state) {
  (void)state;
  static const struct caudit_str no_names[1];
  static const struct caudit_Event no_events[1];
  struct caudit_ModifyAuditTrackRequest modify = {
      .ActionType = CAUDIT_STR(""), .Status = CAUDIT_SET(0), .EventNames = {no_names, 0}};
  assert_written(request("ModifyAuditTrack"), &modify,
                 "{\"ActionType\":\"\",\"Status\":0,\"EventNames\":[]}");
  struct caudit_DescribeEventsResponse page = {.ListOver = CAUDIT_SET(false),
                                               .Events = {no_events, 0}};
  assert_written(shape("DescribeEventsResponse"), &page, "{\"ListOver\":false,\"Events\":[]}");
  page.ListOver.value = true;
  assert_written(shape("DescribeEventsResponse"), &page, "{\"ListOver\":true,\"Events\":[]}");
}

static void nested_lists(void **state) {
  (void)state;
  static const struct caudit_str all[] = {CAUDIT_STR("*")};
  const struct caudit_ResourceField fields[] = {
      {CAUDIT_STR("cam"), CAUDIT_STR("Write"), {all, 1}},
      {CAUDIT_STR("cvm"), CAUDIT_STR("*"), {all, 0}},
  };
  const struct caudit_Filter filter = {{fields, 2}};
  const struct caudit_CreateEventsAuditTrackRequest create = {.Name = CAUDIT_STR("multi"),
                                                              .Filters = &filter};
  assert_written(request("CreateEventsAuditTrack"), &create,
                 "{\"Name\":\"multi\",\"Filters\":{\"ResourceFields\":["
                 "{\"ResourceType\":\"cam\",\"ActionType\":\"Write\",\"EventNames\":[\"*\"]},"
                 "{\"ResourceType\":\"cvm\",\"ActionType\":\"*\",\"EventNames\":[]}]}}");
  const struct caudit_Filter none = {{fields, 0}}, absent = {{NULL, 0}};
  assert_written(shape("Filter"), &none, "{\"ResourceFields\":[]}");
  assert_written(shape("Filter"), &absent, "{}");
}

static void integers_are_exact(void **state) {
  (void)state;
  static const struct {
    uint64_t value;
    const char *text;
  } naturals[] = {
      {0, "{\"NextToken\":0}"},
      {9, "{\"NextToken\":9}"},
      {10, "{\"NextToken\":10}"},
      {9007199254740993u, "{\"NextToken\":9007199254740993}"},
      {16805138109322956u, "{\"NextToken\":16805138109322956}"},
      {9223372036854775808u, "{\"NextToken\":9223372036854775808}"},
      {UINT64_MAX, "{\"NextToken\":18446744073709551615}"},
  };
  for (size_t i = 0; i < sizeof naturals / sizeof naturals[0]; i++) {
    struct caudit_DescribeEventsRequest page = {.NextToken = CAUDIT_SET(naturals[i].value)};
    assert_written(request("DescribeEvents"), &page, naturals[i].text);
  }
  static const struct {
    int64_t value;
    const char *text;
  } integers[] = {
      {0, "{\"Limit\":0}"},
      {-1, "{\"Limit\":-1}"},
      {-9007199254740993, "{\"Limit\":-9007199254740993}"},
      {INT64_MAX, "{\"Limit\":9223372036854775807}"},
      {INT64_MIN, "{\"Limit\":-9223372036854775808}"},
  };
  for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
    struct caudit_ListKeyAliasByRegionRequest keys = {.Limit = CAUDIT_SET(integers[i].value)};
    assert_written(request("ListKeyAliasByRegion"), &keys, integers[i].text);
  }
}

static void numbers_are_exact_or_as_long_as_asked(void **state) {
  (void)state;
  static const struct {
    double value;
    const char *written, *text;
  } cases[] = {
      {0, "0", "0"},
      {-0.0, "0", "-0"},
      {-7, "-7", "-7"},
      {0.1, "0.10000000000000001", "0.1"},
      {-2.5, "-2.5", "-2.5"},
      {9007199254740992.0, "9007199254740992", "9007199254740992"},
      {1e18, "1e+18", "1000000000000000000"},
      {-9223372036854775808.0, "-9.2233720368547758e+18", "-9223372036854775808"},
      {9223372036854775808.0, "9.2233720368547758e+18", "9.2233720368548e+18"},
      {1e300, "1.0000000000000001e+300", "1e+300"},
      {-1.7976931348623157e308, "-1.7976931348623157e+308", "-1.7976931348623e+308"},
      {5e-324, "4.9406564584124654e-324", "4.9406564584125e-324"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[CAUDIT_NUMBER_TEXT];
    struct caudit_buf out;
    caudit_buf_init(&out, NULL, 100);
    caudit_json_write_double(&out, cases[i].value);
    assert_text(&out, cases[i].written);
    caudit_buf_free(&out);
    assert_int_equal(caudit_number_text(text, cases[i].value, 14), strlen(cases[i].text));
    assert_string_equal(text, cases[i].text);
  }
}

static void every_ascii_character(void **state) {
  (void)state;
  for (unsigned c = 0; c < 0x80; c++) {
    char byte = (char)c, expected[16];
    static const char names[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    const char *name = NULL;
    for (size_t i = 0; i < sizeof names - 1; i += 2)
      if (names[i] == byte) name = &names[i + 1];
    if (name)
      (void)snprintf(expected, sizeof expected, "\"\\%c\"", *name);
    else
      (void)snprintf(expected, sizeof expected, c < 0x20 ? "\"\\u%04x\"" : "\"%c\"", c);
    struct caudit_buf out;
    caudit_buf_init(&out, NULL, 100);
    caudit_json_write_string(&out, (struct caudit_str){&byte, 1});
    assert_text(&out, expected);
    caudit_buf_free(&out);
  }
}

static size_t encode(char *out, unsigned long c) {
  if (c < 0x80) return out[0] = (char)c, 1;
  size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = len; i-- > 1; c >>= 6) out[i] = (char)(0x80 | (c & 0x3F));
  out[0] = (char)((0xF00u >> len & 0xFF) | c);
  return len;
}

/* Every Unicode character, 256 at a time, is the same after writing, reading and resolving. */
static void every_character_survives_a_round_trip(void **state) {
  (void)state;
  char text[1024], back[2048];
  struct caudit_buf out;
  caudit_buf_init(&out, NULL, 4096);
  for (unsigned long first = 0; first < 0x110000; first += 256) {
    if (first >= 0xD800 && first < 0xE000) continue;
    size_t len = 0;
    for (unsigned long c = first; c < first + 256; c++) len += encode(text + len, c);
    caudit_buf_clear(&out);
    caudit_json_write_string(&out, (struct caudit_str){text, len});
    assert_int_equal(out.status, 0);
    struct caudit_json_reader reader;
    struct caudit_json_value value;
    caudit_json_read(&reader, (struct caudit_str){out.data, out.len});
    assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_STRING);
    assert_true(value.text.len <= sizeof back);
    assert_int_equal(caudit_json_unescape(value.text, back), len);
    assert_memory_equal(back, text, len);
    assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_END);
  }
  caudit_buf_free(&out);
}

static void only_utf8_is_written(void **state) {
  (void)state;
  for (size_t i = 0; i < UTF8_GOOD + UTF8_BAD; i++) {
    struct caudit_str bytes = i < UTF8_GOOD ? utf8_good[i] : utf8_bad[i - UTF8_GOOD];
    char *copy = exact_copy(bytes);
    struct caudit_buf out;
    caudit_buf_init(&out, NULL, 100);
    caudit_json_write_string(&out, (struct caudit_str){copy, bytes.len});
    if (out.status != (i < UTF8_GOOD ? 0 : -CAUDIT_VALIDATION)) fail_msg("sequence %zu", i);
    caudit_buf_free(&out);
    free(copy);
  }
}

static void assert_refused(const struct caudit_shape *of, const void *value, const char *field) {
  struct caudit_buf out;
  struct caudit_error err;
  caudit_buf_init(&out, NULL, 100000);
  assert_int_equal(caudit_json_write(&out, of, value, &err), -CAUDIT_VALIDATION);
  assert_int_equal(err.kind, CAUDIT_VALIDATION);
  assert_int_equal(err.outcome, CAUDIT_NOT_SENT);
  assert_string_equal(err.field, field);
  caudit_buf_free(&out);
}

static void the_error_names_a_refused_string(void **state) {
  (void)state;
  const struct caudit_str bad = CAUDIT_STR("caf\xE9");
  struct caudit_CreateAuditTrackRequest create = page_request;
  create.Name = bad;
  assert_refused(request("CreateAuditTrack"), &create, "Name");

  create = page_request;
  struct caudit_Storage storage = page_storage;
  storage.StoragePrefix = bad;
  create.Storage = &storage;
  assert_refused(request("CreateAuditTrack"), &create, "Storage.StoragePrefix");

  const struct caudit_str names[] = {CAUDIT_STR("LookUpEvents"), bad};
  create = page_request;
  create.EventNames.items = names;
  assert_refused(request("CreateAuditTrack"), &create, "EventNames[2]");

  const struct caudit_ResourceField fields[] = {
      {CAUDIT_STR("cam"), CAUDIT_STR("*"), {names, 1}},
      {CAUDIT_STR("cvm"), CAUDIT_STR("*"), {names, 2}},
  };
  const struct caudit_Filter filter = {{fields, 2}};
  const struct caudit_CreateEventsAuditTrackRequest events = {.Filters = &filter};
  assert_refused(request("CreateEventsAuditTrack"), &events,
                 "Filters.ResourceFields[2].EventNames[2]");
}

static void a_full_buffer_is_a_quota_error(void **state) {
  (void)state;
  struct caudit_error err;
  for (size_t max = 0; max < sizeof page_text; max++) {
    struct caudit_buf out;
    caudit_buf_init(&out, NULL, max);
    memset(&err, 'x', sizeof err); /* callers do not initialise the error */
    int expected = max < sizeof page_text - 1 ? -CAUDIT_QUOTA : 0;
    assert_int_equal(caudit_json_write(&out, request("CreateAuditTrack"), &page_request, &err),
                     expected);
    if (expected) assert_int_equal(err.kind, CAUDIT_QUOTA);
    caudit_buf_free(&out);
  }
}

static void *no_memory(void *ud, void *ptr, size_t osize, size_t nsize) {
  (void)ud, (void)ptr, (void)osize, (void)nsize;
  return NULL;
}

static void a_failed_allocation_is_a_memory_error(void **state) {
  (void)state;
  const struct caudit_allocator allocator = {no_memory, NULL};
  struct caudit_error err;
  struct caudit_buf out;
  caudit_buf_init(&out, &allocator, 1000);
  assert_int_equal(caudit_json_write(&out, request("CreateAuditTrack"), &page_request, &err),
                   -CAUDIT_MEMORY);
  assert_int_equal(err.kind, CAUDIT_MEMORY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_documented_example),
      cmocka_unit_test(absent_members_are_left_out),
      cmocka_unit_test(zero_false_and_empty_are_not_absent),
      cmocka_unit_test(nested_lists),
      cmocka_unit_test(integers_are_exact),
      cmocka_unit_test(numbers_are_exact_or_as_long_as_asked),
      cmocka_unit_test(every_ascii_character),
      cmocka_unit_test(every_character_survives_a_round_trip),
      cmocka_unit_test(only_utf8_is_written),
      cmocka_unit_test(the_error_names_a_refused_string),
      cmocka_unit_test(a_full_buffer_is_a_quota_error),
      cmocka_unit_test(a_failed_allocation_is_a_memory_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
