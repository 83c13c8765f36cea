/* The HTTP/1.1 codec writes: the bytes of a request, what is refused in one, and the URL. */
#include "support.h"

static const struct caudit_header headers[] = {
    {NULL, CAUDIT_STR("X-TC-Action"), CAUDIT_STR("ListAudits")},
    {NULL, CAUDIT_STR("host"), CAUDIT_STR("signed.example")},
    {NULL, CAUDIT_STR("X-Empty"), CAUDIT_STR("")}};

static struct caudit_request request_of(const char *method) {
  struct caudit_request request = {.method = caudit_str(method),
                                   .url = CAUDIT_STR("http://a.example/"),
                                   .body = CAUDIT_STR("{}"),
                                   .headers = headers,
                                   .header_count = 1};
  return request;
}

static void assert_request(const struct caudit_request *request, const char *expected) {
  struct caudit_http1 http;
  struct caudit_error err;
  if (caudit_http1_begin(&http, request, NULL, NULL, &err) != 0) fail_msg("%s", err.message);
  assert_text(&http.output, expected);
  caudit_http1_free(&http);
  caudit_http1_free(&http);
}

#define TAIL "Accept: */*\r\nUser-Agent: cloudaudit/" CAUDIT_VERSION "\r\n\r\n"

static void requests_as_bytes(void **state) {
  (void)state;
  static const struct caudit_header own[] = {{NULL, CAUDIT_STR("accept"), CAUDIT_STR("text/plain")},
                                             {NULL, CAUDIT_STR("USER-AGENT"), CAUDIT_STR("mine")}};
  struct caudit_request request = request_of("POST");
  assert_request(&request, "POST / HTTP/1.1\r\nHost: a.example\r\nX-TC-Action: ListAudits\r\n"
                           "Content-Length: 2\r\n" TAIL "{}");
  request.header_count = 3;
  request.url = caudit_str("https://[::1]:8443?x=%20");
  assert_request(&request,
                 "POST /?x=%20 HTTP/1.1\r\nhost: signed.example\r\n"
                 "X-TC-Action: ListAudits\r\nX-Empty: \r\nContent-Length: 2\r\n" TAIL "{}");
  request.header_count = 0;
  request.body = (struct caudit_str){NULL, 0};
  assert_request(&request,
                 "POST /?x=%20 HTTP/1.1\r\nHost: [::1]:8443\r\nContent-Length: 0\r\n" TAIL);
  request = request_of("GET");
  request.url = caudit_str("http://a.example:81");
  request.headers = own;
  request.header_count = 2;
  assert_request(&request, "GET / HTTP/1.1\r\nHost: a.example:81\r\naccept: text/plain\r\n"
                           "USER-AGENT: mine\r\n\r\n");
}

static void assert_refused(const struct caudit_request *request, int kind, const char *field) {
  struct caudit_http1 http;
  struct caudit_error err;
  assert_int_equal(caudit_http1_begin(&http, request, NULL, NULL, &err), -kind);
  assert_string_equal(err.field, field);
  assert_int_equal(err.outcome, CAUDIT_NOT_SENT);
  assert_true(strstr(err.message, "expected") || strstr(err.message, "leave it out"));
  assert_int_equal(caudit_http1_begin(&http, request, NULL, NULL, NULL), -kind);
  assert_int_equal(caudit_http1_output(&http).len, 0);
  caudit_http1_free(&http);
}

static void nothing_ends_a_line_early_or_contradicts_the_length(void **state) {
  (void)state;
  static const struct {
    struct caudit_str name, value;
    const char *field;
  } refused[] = {
      {CAUDIT_STR("X"), CAUDIT_STR("a\r\nY: b"), "headers.X"},
      {CAUDIT_STR("X"), CAUDIT_STR("a\nb"), "headers.X"},
      {CAUDIT_STR("X"), CAUDIT_STR("a\0b"), "headers.X"},
      {CAUDIT_STR("X"), CAUDIT_STR("a\x7f"), "headers.X"},
      {CAUDIT_STR(""), CAUDIT_STR("a"), "headers."},
      {CAUDIT_STR("X Y"), CAUDIT_STR("a"), "headers.X Y"},
      {CAUDIT_STR("X:"), CAUDIT_STR("a"), "headers.X:"},
      {CAUDIT_STR("X\r\nY"), CAUDIT_STR("a"), "headers.X  Y"},
      {CAUDIT_STR("content-LENGTH"), CAUDIT_STR("2"), "headers.content-LENGTH"},
      {CAUDIT_STR("Transfer-Encoding"), CAUDIT_STR("chunked"), "headers.Transfer-Encoding"}};
  struct caudit_request request = request_of("POST");
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    struct caudit_header header = {NULL, refused[i].name, refused[i].value};
    request.headers = &header;
    assert_refused(&request, CAUDIT_MISUSE, refused[i].field);
  }
  const struct caudit_header twice[] = {headers[1], headers[0], headers[1]};
  request.headers = twice;
  request.header_count = 3;
  assert_refused(&request, CAUDIT_MISUSE, "headers.host");
  static const char *const methods[] = {"", "get", "G T", "GET\r\n", "CONNECT"};
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    request = request_of(methods[i]);
    assert_refused(&request, CAUDIT_MISUSE, "method");
  }
  request = request_of("POST");
  request.url = caudit_str("ftp://a/");
  assert_refused(&request, CAUDIT_CONFIG, "url");
}

static void assert_url(const char *text, bool tls, const char *host, int port,
                       const char *authority, const char *target) {
  struct caudit_http1_url url;
  assert_int_equal(caudit_http1_url_read(caudit_str(text), &url, NULL), 0);
  assert_int_equal(url.tls, tls);
  assert_int_equal(url.port, port);
  assert_true(caudit_str_equal(url.host, caudit_str(host)));
  assert_true(caudit_str_equal(url.authority, caudit_str(authority)));
  assert_true(caudit_str_equal(url.target, caudit_str(target)));
}

static void urls(void **state) {
  (void)state;
  assert_url("https://a.example/", true, "a.example", 443, "a.example", "/");
  assert_url("http://127.0.0.1", false, "127.0.0.1", 80, "127.0.0.1", "");
  assert_url("http://[::1]:8080/x?y", false, "::1", 8080, "[::1]:8080", "/x?y");
  assert_url("https://a:1?b/c", true, "a", 1, "a:1", "?b/c");
}

static void urls_that_are_refused(void **state) {
  (void)state;
  static const struct caudit_str refused[] = {CAUDIT_STR(""),
                                              CAUDIT_STR("http:/"),
                                              CAUDIT_STR("http://"),
                                              CAUDIT_STR("HTTP://a/"),
                                              CAUDIT_STR("file:///a"),
                                              CAUDIT_STR("a.example"),
                                              CAUDIT_STR("http://u@a/"),
                                              CAUDIT_STR("http://a b/"),
                                              CAUDIT_STR("http://a/ b"),
                                              CAUDIT_STR("http://a/\r\n"),
                                              CAUDIT_STR("http://a/\0"),
                                              CAUDIT_STR("http://a/#b"),
                                              CAUDIT_STR("http://a/\x80"),
                                              CAUDIT_STR("http://a:70000/"),
                                              CAUDIT_STR("http://a:0/"),
                                              CAUDIT_STR("http://a:/"),
                                              CAUDIT_STR("http://[::1/"),
                                              CAUDIT_STR("https://[::g]/")};
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    struct caudit_http1_url url;
    struct caudit_error err;
    struct caudit_str text = {exact_copy(refused[i]), refused[i].len};
    assert_int_equal(caudit_http1_url_read(text, &url, &err), -CAUDIT_CONFIG);
    assert_string_equal(err.field, "url");
    free((void *)(uintptr_t)text.data);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(requests_as_bytes),
      cmocka_unit_test(nothing_ends_a_line_early_or_contradicts_the_length),
      cmocka_unit_test(urls),
      cmocka_unit_test(urls_that_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
