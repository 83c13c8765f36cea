/* The HTTP/1.1 codec: the corpus at once, byte by byte and in every two pieces; the request; what
 * may have left; limits; and memory that runs out at each allocation. */
#include "failing.h"
#include "http1_cases.h"

static struct caudit_request request_of(const char *method) {
  static const struct caudit_header header = {NULL, CAUDIT_STR("X-TC-Action"), CAUDIT_STR("A")};
  struct caudit_request request = {.method = caudit_str(method),
                                   .url = CAUDIT_STR("http://a.example/"),
                                   .body = CAUDIT_STR("{}"),
                                   .headers = &header,
                                   .header_count = 1};
  return request;
}

/* An exchange whose request has left. */
static void begin(struct caudit_http1 *http, const char *method,
                  const struct caudit_http1_limits *limits) {
  struct caudit_request request = request_of(method);
  assert_int_equal(caudit_http1_begin(http, &request, limits, NULL, NULL), 0);
  caudit_http1_sent(http, caudit_http1_output(http).len);
}

/* What became of a response that was fed in pieces. */
struct result {
  const char *outcome;
  int status;
  struct caudit_buf body;
  struct caudit_error err;
};

/* Reads a piece in a block of its own; the last event, or -kind. */
static int feed(struct caudit_http1 *http, struct caudit_str bytes, struct result *result) {
  struct caudit_str piece, data = bytes;
  char *copy = exact_copy(bytes);
  data.data = copy;
  for (;;) {
    size_t before = data.len;
    int event = caudit_http1_read(http, &data, &piece, &result->err);
    if (event == CAUDIT_HTTP1_HEAD) {
      assert_int_equal(result->status, 0);
      result->status = http->status;
      assert_true(caudit_http1_head(http).len >= 16);
      continue;
    }
    if (event == CAUDIT_HTTP1_BODY) {
      assert_int_not_equal(result->status, 0);
      assert_true(piece.len > 0 && piece.len <= before);
      caudit_buf_append(&result->body, piece.data, piece.len);
      continue;
    }
    if (event == CAUDIT_HTTP1_MORE) assert_int_equal(data.len, 0);
    free(copy);
    return event;
  }
}

static const char *verdict(struct caudit_http1 *http, int event, struct result *result) {
  if (event == CAUDIT_HTTP1_END) return http->keep ? "keep" : "close";
  assert_false(http->keep);
  if (event == -CAUDIT_PROTOCOL) return "refused";
  assert_int_equal(event, CAUDIT_HTTP1_MORE);
  event = caudit_http1_closed(http, &result->err);
  assert_false(http->keep);
  if (event == CAUDIT_HTTP1_END) return "until close";
  assert_int_equal(event, -CAUDIT_TRANSPORT);
  return "cut";
}

/* Feeds pieces of `size` bytes, the first of `first` bytes. */
static void read_in_pieces(const struct http1_case *row, size_t first, size_t size) {
  struct caudit_http1 http;
  struct result result = {0};
  int event = CAUDIT_HTTP1_MORE;
  begin(&http, row->method.data ? "HEAD" : "POST", NULL);
  caudit_buf_init(&result.body, NULL, SIZE_MAX);
  for (size_t at = 0, len = first; at < row->bytes.len; at += len, len = size) {
    if (len > row->bytes.len - at) len = row->bytes.len - at;
    event = feed(&http, (struct caudit_str){row->bytes.data + at, len}, &result);
    if (event < 0) break;
  }
  const char *outcome = verdict(&http, event, &result);
  if (!caudit_str_equal(row->outcome, caudit_str(outcome)))
    fail_msg("%.*s: %s instead of %.*s (first %zu, then %zu): %s", (int)row->name.len,
             row->name.data, outcome, (int)row->outcome.len, row->outcome.data, first, size,
             result.err.message);
  if (row->status > 0) {
    assert_int_equal(result.status, row->status);
    assert_int_equal(result.body.len, row->body.len);
    if (row->body.len > 0) assert_memory_equal(result.body.data, row->body.data, row->body.len);
  } else {
    char want[80];
    (void)snprintf(want, sizeof want, "%.*s", (int)row->message.len,
                   row->message.data ? row->message.data : "the connection was closed");
    if (!strstr(result.err.message, row->message.data ? want : "the connection was closed"))
      fail_msg("%.*s: %s", (int)row->name.len, row->name.data, result.err.message);
    assert_int_equal(result.err.outcome, CAUDIT_UNKNOWN);
  }
  caudit_buf_free(&result.body);
  caudit_http1_free(&http);
}

static void read_case(const struct http1_case *row) {
  size_t len = row->bytes.len;
  read_in_pieces(row, len, len);
  read_in_pieces(row, 1, 1);
  read_in_pieces(row, 7, 1000);
  for (size_t first = 1; first < len && len < 1000; first++) read_in_pieces(row, first, len);
}

static void the_corpus(void **state) {
  (void)state;
  assert_true(http1_each_case(read_case) > 200);
}

/* ---- what may have left ---------------------------------------------------------------- */

static const struct caudit_str ok = CAUDIT_STR("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

static int read_all(struct caudit_http1 *http, struct caudit_str data, struct caudit_error *err) {
  struct caudit_str piece;
  int event;
  do event = caudit_http1_read(http, &data, &piece, err);
  while (event == CAUDIT_HTTP1_HEAD || event == CAUDIT_HTTP1_BODY);
  return event;
}

static void what_has_left_is_known(void **state) {
  (void)state;
  struct caudit_http1 http;
  struct caudit_error err;
  struct caudit_request request = request_of("POST");
  assert_int_equal(caudit_http1_begin(&http, &request, NULL, NULL, &err), 0);
  size_t whole = http.output.len;
  assert_false(caudit_http1_may_have_left(&http));
  assert_int_equal(caudit_http1_closed(&http, &err), -CAUDIT_TRANSPORT);
  assert_int_equal(err.outcome, CAUDIT_NOT_SENT);
  caudit_http1_free(&http);
  assert_int_equal(caudit_http1_begin(&http, &request, NULL, NULL, &err), 0);
  assert_int_equal(caudit_http1_output(&http).len, whole);
  assert_true(caudit_http1_may_have_left(&http));
  caudit_http1_sent(&http, 0);
  assert_false(caudit_http1_may_have_left(&http));
  assert_memory_equal(caudit_http1_output(&http).data, "POST ", 5);
  caudit_http1_sent(&http, 1);
  assert_true(caudit_http1_may_have_left(&http));
  assert_int_equal(caudit_http1_output(&http).len, whole - 1);
  assert_memory_equal(caudit_http1_output(&http).data, "OST ", 4);
  caudit_http1_sent(&http, whole + 5);
  assert_int_equal(caudit_http1_output(&http).len, 0);
  assert_int_equal(read_all(&http, ok, &err), CAUDIT_HTTP1_END);
  assert_true(http.keep);
  caudit_http1_free(&http);
}

/* A kept connection may bring a response to nobody. */
static void bytes_before_the_request_are_no_response(void **state) {
  (void)state;
  struct caudit_http1 http;
  struct caudit_error err;
  struct caudit_request request = request_of("POST");
  assert_int_equal(caudit_http1_begin(&http, &request, NULL, NULL, &err), 0);
  assert_int_equal(read_all(&http, (struct caudit_str){NULL, 0}, &err), CAUDIT_HTTP1_MORE);
  assert_int_equal(read_all(&http, ok, &err), -CAUDIT_PROTOCOL);
  assert_int_equal(err.outcome, CAUDIT_NOT_SENT);
  assert_string_equal(err.message, "bytes came before the request was sent");
  caudit_http1_output(&http);
  assert_int_equal(read_all(&http, ok, &err), -CAUDIT_PROTOCOL);
  assert_int_equal(caudit_http1_closed(&http, &err), -CAUDIT_PROTOCOL);
  caudit_http1_free(&http);
}

/* The rest of its request would be taken for the next one. */
static void an_early_response_counts_and_its_connection_ends(void **state) {
  (void)state;
  struct caudit_http1 http;
  struct caudit_request request = request_of("POST");
  assert_int_equal(caudit_http1_begin(&http, &request, NULL, NULL, NULL), 0);
  caudit_http1_sent(&http, caudit_http1_output(&http).len - 1);
  assert_int_equal(read_all(&http, ok, NULL), CAUDIT_HTTP1_END);
  assert_false(http.keep);
  caudit_http1_free(&http);
}

static void bytes_after_the_end_cost_the_connection(void **state) {
  (void)state;
  struct caudit_http1 http;
  begin(&http, "POST", NULL);
  assert_int_equal(read_all(&http, ok, NULL), CAUDIT_HTTP1_END);
  assert_true(http.keep);
  struct caudit_str more = CAUDIT_STR("x"), piece;
  assert_int_equal(caudit_http1_read(&http, &more, &piece, NULL), CAUDIT_HTTP1_END);
  assert_int_equal(more.len, 1);
  assert_false(http.keep);
  assert_int_equal(caudit_http1_closed(&http, NULL), CAUDIT_HTTP1_END);
  assert_false(http.keep);
  caudit_http1_free(&http);
}

/* Without an allocation, unless the buffers had grown. */
static void an_exchange_in_the_memory_of_another(void **state) {
  (void)state;
  struct failing plan = {0};
  const struct caudit_allocator allocator = {failing_alloc, &plan};
  struct caudit_http1 http;
  struct caudit_request request = request_of("HEAD");
  assert_int_equal(caudit_http1_begin(&http, &request, NULL, &allocator, NULL), 0);
  caudit_http1_sent(&http, caudit_http1_output(&http).len);
  assert_int_equal(read_all(&http, ok, NULL), CAUDIT_HTTP1_END);
  caudit_http1_clear(&http);
  assert_int_equal(http.output.data[0], 0); /* overwritten */
  assert_int_equal(caudit_http1_output(&http).len, 0);
  assert_int_equal(read_all(&http, ok, NULL), -CAUDIT_PROTOCOL);
  long before = plan.count;
  request = request_of("POST");
  for (int i = 0; i < 3; i++) {
    assert_int_equal(caudit_http1_again(&http, &request, NULL, NULL), 0);
    assert_false(caudit_http1_may_have_left(&http));
    assert_memory_equal(caudit_http1_output(&http).data, "POST ", 5);
    caudit_http1_sent(&http, SIZE_MAX);
    assert_int_equal(read_all(&http, ok, NULL), CAUDIT_HTTP1_END);
    assert_true(http.keep);
  }
  assert_int_equal(plan.count, before);
  static char large[20000];
  request.body = (struct caudit_str){large, sizeof large};
  assert_int_equal(caudit_http1_again(&http, &request, NULL, NULL), 0);
  caudit_http1_clear(&http);
  assert_int_equal(http.output.capacity, 0);
  request.method = caudit_str("post");
  assert_int_equal(caudit_http1_again(&http, &request, NULL, NULL), -CAUDIT_MISUSE);
  assert_int_equal(plan.blocks, 0);
}

/* ---- limits ---------------------------------------------------------------------------- */

static int read_text(const char *text, const struct caudit_http1_limits *limits,
                     struct caudit_error *err) {
  struct caudit_http1 http;
  begin(&http, "POST", limits);
  int event = read_all(&http, caudit_str(text), err);
  caudit_http1_free(&http);
  return event;
}

static void limits_of_head_and_body(void **state) {
  (void)state;
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
  static const char chunks[] =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n4\r\n6789\r\n0\r\n\r\n";
  static const char open[] = "HTTP/1.1 200 OK\r\n\r\n0123456789";
  struct caudit_http1_limits limits = {.max_head = sizeof head - 11, .max_body = 10};
  struct caudit_error err;
  assert_int_equal(read_text(head, &limits, &err), CAUDIT_HTTP1_END);
  limits.max_head--;
  assert_int_equal(read_text(head, &limits, &err), -CAUDIT_PROTOCOL);
  assert_string_equal(err.message, "the head of the response is longer than allowed");
  limits.max_head = 0;
  assert_int_equal(read_text(chunks, &limits, &err), CAUDIT_HTTP1_END);
  assert_int_equal(read_text(open, &limits, &err), CAUDIT_HTTP1_MORE);
  limits.max_body--;
  static const char *const longer[] = {head, chunks, open};
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(read_text(longer[i], &limits, NULL), -CAUDIT_PROTOCOL);
    assert_int_equal(read_text(longer[i], &limits, &err), -CAUDIT_PROTOCOL);
    assert_string_equal(err.field, "max_response");
    assert_non_null(strstr(err.message, "max_response (9 bytes)"));
  }
}

static void the_lower_limit_of_the_two_counts(void **state) {
  (void)state;
  const struct caudit_http1_limits limits = {.max_body = 10};
  struct caudit_http1 http;
  struct caudit_request request = request_of("POST");
  for (request.max_response = 9; request.max_response < 12; request.max_response++) {
    assert_int_equal(caudit_http1_begin(&http, &request, &limits, NULL, NULL), 0);
    assert_int_equal(http.max_body, request.max_response < 10 ? 9 : 10);
    caudit_http1_free(&http);
  }
}

/* ---- memory ---------------------------------------------------------------------------- */

static long use_with_failures(long at, bool onward) {
  struct failing plan = {.at = at, .onward = onward};
  const struct caudit_allocator allocator = {failing_alloc, &plan};
  struct caudit_http1 http;
  struct caudit_error err;
  struct caudit_request request = request_of("POST");
  char head[6000];
  memset(head, 'x', sizeof head);
  memcpy(head, "HTTP/1.1 200 OK\r\nX: ", 20);
  memcpy(head + sizeof head - 24, "\r\nContent-Length: 0\r\n\r\n\0", 24);
  int begun = caudit_http1_begin(&http, &request, NULL, &allocator, &err);
  if (begun != 0) {
    assert_int_equal(begun, -CAUDIT_MEMORY);
    assert_int_equal(err.outcome, CAUDIT_NOT_SENT);
  } else {
    caudit_http1_sent(&http, caudit_http1_output(&http).len);
    int event = read_all(&http, caudit_str(head), &err);
    if (plan.failed > 0) {
      assert_int_equal(event, -CAUDIT_MEMORY);
      assert_int_equal(err.kind, CAUDIT_MEMORY);
      assert_int_equal(err.outcome, CAUDIT_UNKNOWN);
      assert_int_equal(read_all(&http, ok, &err), -CAUDIT_PROTOCOL);
    } else {
      assert_int_equal(event, CAUDIT_HTTP1_END);
    }
  }
  caudit_http1_free(&http);
  assert_int_equal(plan.blocks, 0);
  return plan.failed;
}

static void every_allocation_fails(void **state) {
  (void)state;
  for (int onward = 0; onward < 2; onward++) {
    long at = 1;
    while (use_with_failures(at, onward) > 0) at++;
    assert_true(at > 3);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_corpus),
      cmocka_unit_test(what_has_left_is_known),
      cmocka_unit_test(bytes_before_the_request_are_no_response),
      cmocka_unit_test(an_early_response_counts_and_its_connection_ends),
      cmocka_unit_test(bytes_after_the_end_cost_the_connection),
      cmocka_unit_test(an_exchange_in_the_memory_of_another),
      cmocka_unit_test(limits_of_head_and_body),
      cmocka_unit_test(the_lower_limit_of_the_two_counts),
      cmocka_unit_test(every_allocation_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
