/* The pull reader: every token, strict grammar, any bytes in strings, depth, exact integers. */
#include "json_cases.h"
#include "support.h"

#include <dirent.h>
#include <float.h>

/* The tokens of a document as one line: { } [ ] null true false, k:name s:string i:integer
 * n:number, then END or ERROR(problem). */
static void trace_with(struct caudit_buf *out, struct caudit_str document, char *scratch) {
  struct caudit_json_reader reader;
  struct caudit_json_value value;
  char *copy = exact_copy(document), text[64];
  caudit_buf_init(out, NULL, (size_t)1 << 22);
  caudit_json_read(&reader, (struct caudit_str){copy, document.len});
  reader.scratch = scratch;
  enum caudit_token token;
  do {
    static const char *const names[] = {
        "ERROR", "END", "null", "false", "true", "i:", "n:", "s:", "k:", "[", "]", "{", "}"};
    token = caudit_json_next(&reader, &value);
    if (out->len > 0) caudit_buf_append(out, " ", 1);
    caudit_buf_append(out, names[token], strlen(names[token]));
    if (token == CAUDIT_JSON_INTEGER) {
      int len = snprintf(text, sizeof text, "%s%llu", value.negative ? "-" : "",
                         (unsigned long long)value.magnitude);
      caudit_buf_append(out, text, (size_t)len);
    } else if (token == CAUDIT_JSON_NUMBER) {
      caudit_buf_append(out, value.text.data, value.text.len);
    } else if (token == CAUDIT_JSON_STRING || token == CAUDIT_JSON_KEY) {
      char *room = caudit_buf_reserve(out, value.text.len);
      assert_non_null(room);
      size_t len = value.text.len;
      if (scratch)
        memcpy(room, value.text.data, len);
      else
        len = caudit_json_unescape(value.text, room);
      assert_true(value.escaped && !scratch ? len < value.text.len : len == value.text.len);
      if (!value.escaped) assert_true(value.text.data > copy && value.text.data < reader.at);
      out->len += len;
    }
  } while (token != CAUDIT_JSON_END && token != CAUDIT_JSON_ERROR);
  assert_true((token == CAUDIT_JSON_ERROR) == (reader.problem != NULL));
  assert_int_equal(caudit_json_next(&reader, &value), token); /* the same again */
  if (token == CAUDIT_JSON_ERROR) {
    int len = snprintf(text, sizeof text, "(%s at %d)", reader.problem, (int)(reader.at - copy));
    caudit_buf_append(out, text, (size_t)len);
  }
  free(copy);
}

/* The same whether the reader or the caller resolves escapes. */
static void trace(struct caudit_buf *out, struct caudit_str document) {
  struct caudit_buf resolved;
  char *scratch = exact_copy(document);
  trace_with(out, document, NULL);
  trace_with(&resolved, document, scratch);
  assert_int_equal(out->len, resolved.len);
  assert_memory_equal(out->data, resolved.data, out->len);
  caudit_buf_free(&resolved);
  free(scratch);
}

static void assert_tokens(struct caudit_str document, const char *expected) {
  struct caudit_buf out;
  trace(&out, document);
  assert_text(&out, expected);
  caudit_buf_free(&out);
}

static bool is_valid(struct caudit_str document) {
  struct caudit_buf out;
  trace(&out, document);
  bool valid = out.len >= 3 && memcmp(out.data + out.len - 3, "END", 3) == 0;
  caudit_buf_free(&out);
  return valid;
}

static void every_token(void **state) {
  (void)state;
  assert_tokens(caudit_str(" {\"a\" : [null,true , false,-7,1.5,\"x\\ty\",{},[]],\"\":\"\"} "),
                "{ k:a [ null true false i:-7 n:1.5 s:x\ty { } [ ] ] k: s: } END");
  assert_tokens(caudit_str("0"), "i:0 END");
  assert_tokens(caudit_str("\"\""), "s: END");
  assert_tokens(caudit_str("[[[1],2],{\"k\":{\"l\":3}},4]"),
                "[ [ [ i:1 ] i:2 ] { k:k { k:l i:3 } } i:4 ] END");
}

static void errors_name_the_problem_and_its_place(void **state) {
  (void)state;
  static const struct {
    const char *document, *tokens;
  } cases[] = {
      {"", "ERROR(unexpected end at 0)"},
      {"  ", "ERROR(unexpected end at 2)"},
      {"[1,]", "[ i:1 ERROR(invalid value at 3)"},
      {"[1 2]", "[ i:1 ERROR(',' or ']' expected at 3)"},
      {"[1}", "[ i:1 ERROR(',' or ']' expected at 2)"},
      {"{\"a\":1,}", "{ k:a i:1 ERROR(a name in quotes expected at 7)"},
      {"{\"a\" 1}", "{ ERROR(':' expected at 5)"},
      {"{\"a\":1]", "{ k:a i:1 ERROR(',' or '}' expected at 6)"},
      {"{\"a\":", "{ k:a ERROR(unexpected end at 5)"},
      {"[\"ab", "[ ERROR(string without a closing quote at 4)"},
      {"[\"a\\x\"]", "[ ERROR(invalid escape in a string at 3)"},
      {"[\"a\xFF\\x\"]", "[ ERROR(invalid escape in a string at 4)"},
      {"\xEF\xBB\xBF[\x80]", "[ ERROR(invalid value at 4)"},
      {"\xEF\xBB", "ERROR(invalid value at 0)"},
      {"{} {}", "{ } ERROR(text after the end of the document at 3)"},
      {"[nul]", "[ ERROR(invalid value at 1)"},
      {"[-]", "[ ERROR(invalid number at 1)"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_tokens(caudit_str(cases[i].document), cases[i].tokens);
}

/* spec/fixtures/json: y_*.json is valid; l_*.json is not, but is accepted, since its strings alone
 * are at fault; n_*.json is refused. */
static void case_files(void **state) {
  (void)state;
  DIR *folder = opendir(FIXTURES "/json");
  assert_non_null(folder);
  int good = 0, bad = 0, lenient = 0;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    char path[1024];
    bool faulty = strncmp(entry->d_name, "l_", 2) == 0;
    bool valid = faulty || strncmp(entry->d_name, "y_", 2) == 0;
    if (!valid && strncmp(entry->d_name, "n_", 2) != 0) continue;
    (void)snprintf(path, sizeof path, FIXTURES "/json/%s", entry->d_name);
    struct caudit_str document = read_file(path);
    if (is_valid(document) != valid) fail_msg("%s", entry->d_name);
    free((void *)(uintptr_t)document.data);
    *(faulty ? &lenient : valid ? &good : &bad) += 1;
  }
  (void)closedir(folder);
  assert_true(good >= 40);
  assert_true(bad >= 114);
  assert_true(lenient >= 20);
}

/* No proper prefix of a document is valid, and none is read beyond the end. */
static void cut_documents(void **state) {
  (void)state;
  static const char document[] =
      "{\"a\\u00e9\\ud83d\\ude00\":[null,true,false,-12.5e+3,\"\xE2\x82\xAC\\n\",{\"b\":[]}]}";
  for (size_t len = 0; len < sizeof document - 1; len++)
    if (is_valid((struct caudit_str){document, len})) fail_msg("valid when cut at %zu", len);
  assert_true(is_valid(caudit_str(document)));
}

static void depth_has_a_bound(void **state) {
  (void)state;
  for (int objects = 0; objects < 3; objects++) {
    for (size_t depth = CAUDIT_JSON_MAX_DEPTH - 1; depth <= CAUDIT_JSON_MAX_DEPTH + 1; depth++) {
      char text[(CAUDIT_JSON_MAX_DEPTH + 1) * 7 + 2] = "";
      for (size_t i = 0; i < depth; i++)
        strcat(text, objects == 0 || (objects == 2 && i % 2) ? "[" : "{\"a\":");
      strcat(text, "1");
      for (size_t i = depth; i-- > 0;)
        strcat(text, objects == 0 || (objects == 2 && i % 2) ? "]" : "}");
      assert_int_equal(is_valid(caudit_str(text)), depth <= CAUDIT_JSON_MAX_DEPTH);
    }
  }
}

static void integers_are_exact(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"0", "i:0"},
      {"-0", "i:-0"},
      {"9007199254740993", "i:9007199254740993"},   /* 2^53 + 1 */
      {"16805138109322956", "i:16805138109322956"}, /* a documented NextToken */
      {"9223372036854775807", "i:9223372036854775807"},
      {"9223372036854775808", "i:9223372036854775808"},
      {"18446744073709551615", "i:18446744073709551615"},
      {"18446744073709551616", "n:18446744073709551616"},
      {"18446744073709551620", "n:18446744073709551620"},
      {"36893488147419103232", "n:36893488147419103232"}, /* 2^65 wraps to 0 */
      {"184467440737095516150", "n:184467440737095516150"},
      {"-9223372036854775807", "i:-9223372036854775807"},
      {"-9223372036854775808", "i:-9223372036854775808"},
      {"-9223372036854775809", "n:-9223372036854775809"},
      {"-18446744073709551616", "n:-18446744073709551616"},
      {"1.0", "n:1.0"},
      {"1e2", "n:1e2"},
      {"-0.0", "n:-0.0"},
      {"1E-2", "n:1E-2"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char expected[64], inside[64];
    (void)snprintf(expected, sizeof expected, "%s END", cases[i][1]);
    assert_tokens(caudit_str(cases[i][0]), expected);
    (void)snprintf(inside, sizeof inside, "[%s]", cases[i][0]);
    (void)snprintf(expected, sizeof expected, "[ %s ] END", cases[i][1]);
    assert_tokens(caudit_str(inside), expected);
  }
}

static void doubles(void **state) {
  (void)state;
  double value;
  assert_true(caudit_json_double(caudit_str("0.1"), &value) && value == (double)0.1);
  assert_true(caudit_json_double(caudit_str("-12.5e+3"), &value) && value == -12500.0);
  assert_true(caudit_json_double(caudit_str("1.7976931348623157e308"), &value) && value == DBL_MAX);
  assert_true(caudit_json_double(caudit_str("18446744073709551616"), &value) &&
              value == 18446744073709551616.0);
  assert_true(caudit_json_double(caudit_str("1e-400"), &value) && value == 0.0);
  assert_false(caudit_json_double(caudit_str("1e309"), &value));
  assert_false(caudit_json_double(caudit_str("-1e309"), &value));
}

static void escapes(void **state) {
  (void)state;
  assert_tokens(caudit_str("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "s:\"\\/\b\f\n\r\t END");
  assert_tokens(caudit_str("\"\\u0041\\u00e9\\u20AC\\uffff\""),
                "s:A\xC3\xA9\xE2\x82\xAC\xEF\xBF\xBF END");
  assert_tokens(caudit_str("\"\\ud83d\\ude00\\uD800\\uDC00\\udbff\\udfff\""),
                "s:\xF0\x9F\x98\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF END");
  /* Unpaired surrogates. */
  assert_tokens(
      caudit_str("{\"\\ud83d\":[\"\\ude00\\ud83d\",\"\\ud83d\\ud83d\\ude00\",\"\\ud83d\\u0041\"]}"),
      "{ k:\xEF\xBF\xBD [ s:\xEF\xBF\xBD\xEF\xBF\xBD s:\xEF\xBF\xBD\xF0\x9F\x98\x80 "
      "s:\xEF\xBF\xBD"
      "A ] } END");
  assert_tokens(caudit_str("[\"\\ud83d\\u12\"]"), "[ ERROR(invalid escape in a string at 8)");
  char out[8];
  assert_int_equal(caudit_json_unescape(caudit_str("a\\u0000b"), out), 3);
  assert_memory_equal(out, "a\0b", 3);
}

/* The sequence alone, as a string, as a name, and with text around it, comes unchanged. */
static void assert_unchanged(struct caudit_str bytes) {
  static const struct {
    const char *before, *after, *tokens, *rest;
  } frames[] = {{"\"", "\"", "s:", " END"},
                {"{\"", "\":1}", "{ k:", " i:1 } END"},
                {"[\"ab", "cd\"]", "[ s:ab", "cd ] END"}};
  for (size_t i = 0; i < 3; i++) {
    struct caudit_buf text, expected, out;
    caudit_buf_init(&text, NULL, 1000);
    caudit_buf_init(&expected, NULL, 1000);
    caudit_buf_append(&text, frames[i].before, strlen(frames[i].before));
    caudit_buf_append(&text, bytes.data, bytes.len);
    caudit_buf_append(&text, frames[i].after, strlen(frames[i].after));
    caudit_buf_append(&expected, frames[i].tokens, strlen(frames[i].tokens));
    caudit_buf_append(&expected, bytes.data, bytes.len);
    caudit_buf_append(&expected, frames[i].rest, strlen(frames[i].rest));
    trace(&out, (struct caudit_str){text.data, text.len});
    assert_int_equal(out.len, expected.len);
    assert_memory_equal(out.data, expected.data, out.len);
    caudit_buf_free(&text);
    caudit_buf_free(&expected);
    caudit_buf_free(&out);
  }
}

static void any_bytes_come_unchanged(void **state) {
  (void)state;
  for (size_t i = 0; i < UTF8_GOOD; i++) assert_unchanged(utf8_good[i]);
  for (size_t i = 0; i < UTF8_BAD; i++) assert_unchanged(utf8_bad[i]);
  for (int byte = 0; byte < 256; byte++) {
    char bytes[2] = {(char)byte, 'x'};
    if (byte != '"' && byte != '\\') assert_unchanged((struct caudit_str){bytes, 2});
  }
}

/* A sequence at every position of strings up to three words long, at the end of a document. */
static void pieces_at_every_place(void **state) {
  (void)state;
  static const struct {
    const char *written, *meant; /* NULL: refused */
  } pieces[] = {{"", ""},
                {"\\n", "\n"},
                {"\\\\\\\"", "\\\""},
                {"\\u4e2d", "\xE4\xB8\xAD"},
                {"\xE4\xB8\xAD", "\xE4\xB8\xAD"},
                {"\\ud83d\\ude00x", "\xF0\x9F\x98\x80x"},
                {"\x1F", "\x1F"},
                {"\x80", "\x80"},
                {"\x80\\ud83d", "\x80\xEF\xBF\xBD"},
                {"\\x", NULL},
                {"\\u12x", NULL}};
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    for (int before = 0; before < 24; before++) {
      for (int after = 0; after < 24; after++) {
        char document[80], expected[80];
        struct caudit_buf out;
        (void)snprintf(document, sizeof document, "\"%.*s%s%.*s\"", before,
                       "abcdefghijklmnopqrstuvwx", pieces[i].written, after,
                       "ABCDEFGHIJKLMNOPQRSTUVWX");
        (void)snprintf(expected, sizeof expected, "s:%.*s%s%.*s END", before,
                       "abcdefghijklmnopqrstuvwx", pieces[i].meant ? pieces[i].meant : "", after,
                       "ABCDEFGHIJKLMNOPQRSTUVWX");
        trace(&out, caudit_str(document));
        if (pieces[i].meant)
          assert_text(&out, expected);
        else
          assert_memory_equal(out.data, "ERROR", 5);
        caudit_buf_free(&out);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_token),
      cmocka_unit_test(errors_name_the_problem_and_its_place),
      cmocka_unit_test(case_files),
      cmocka_unit_test(cut_documents),
      cmocka_unit_test(depth_has_a_bound),
      cmocka_unit_test(integers_are_exact),
      cmocka_unit_test(doubles),
      cmocka_unit_test(escapes),
      cmocka_unit_test(any_bytes_come_unchanged),
      cmocka_unit_test(pieces_at_every_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
