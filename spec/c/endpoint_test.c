/* Endpoints: accepted ones in normal form, and texts that must not direct a signed request
 * elsewhere. */
#include "support.h"

static void accepted(void **state) {
  (void)state;
  static const struct {
    const char *text, *url, *host, *name;
    int port;
  } cases[] = {
      {"cloudaudit.tencentcloudapi.com", "https://cloudaudit.tencentcloudapi.com/",
       "cloudaudit.tencentcloudapi.com", "cloudaudit.tencentcloudapi.com", 443},
      {"https://example.com", "https://example.com/", "example.com", "example.com", 443},
      {"https://example.com/", "https://example.com/", "example.com", "example.com", 443},
      {"example.com:443", "https://example.com/", "example.com", "example.com", 443},
      {"example.com:8443", "https://example.com:8443/", "example.com:8443", "example.com", 8443},
      {"example.com:80", "https://example.com:80/", "example.com:80", "example.com", 80},
      {"http://localhost", "http://localhost/", "localhost", "localhost", 80},
      {"http://localhost:80", "http://localhost/", "localhost", "localhost", 80},
      {"http://127.0.0.1:7200", "http://127.0.0.1:7200/", "127.0.0.1:7200", "127.0.0.1", 7200},
      {"http://127.9.8.7:65535", "http://127.9.8.7:65535/", "127.9.8.7:65535", "127.9.8.7", 65535},
      {"http://cloudaudit.localhost:1", "http://cloudaudit.localhost:1/", "cloudaudit.localhost:1",
       "cloudaudit.localhost", 1},
      {"http://LocalHost:1", "http://LocalHost:1/", "LocalHost:1", "LocalHost", 1},
      {"http://[0:0:0:0:0:0:0:1]", "http://[0:0:0:0:0:0:0:1]/", "[0:0:0:0:0:0:0:1]",
       "0:0:0:0:0:0:0:1", 80},
      {"10.0.0.1", "https://10.0.0.1/", "10.0.0.1", "10.0.0.1", 443},
      {"a1.example", "https://a1.example/", "a1.example", "a1.example", 443},
      {"http://[::1]:7200", "http://[::1]:7200/", "[::1]:7200", "::1", 7200},
      {"https://[2001:db8::1]", "https://[2001:db8::1]/", "[2001:db8::1]", "2001:db8::1", 443},
      {"https://[2001:DB8::F]", "https://[2001:DB8::F]/", "[2001:DB8::F]", "2001:DB8::F", 443},
      {"[::ffff:10.0.0.1]:1", "https://[::ffff:10.0.0.1]:1/", "[::ffff:10.0.0.1]:1",
       "::ffff:10.0.0.1", 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct caudit_endpoint out;
    struct caudit_error err;
    char *copy = exact_copy(caudit_str(cases[i].text));
    struct caudit_str text = {copy, strlen(cases[i].text)};
    if (caudit_endpoint_parse(text, false, &out, &err) != 0)
      fail_msg("%s: %s", cases[i].text, err.message);
    assert_string_equal(out.url, cases[i].url);
    assert_string_equal(out.host, cases[i].host);
    assert_string_equal(out.name, cases[i].name);
    assert_int_equal(out.port, cases[i].port);
    assert_int_equal(out.tls, strncmp(cases[i].text, "http://", 7) != 0);
    assert_int_equal(out.direct, !out.tls);
    free(copy);
  }
}

static void assert_refused(struct caudit_str text) {
  struct caudit_endpoint out;
  struct caudit_error err;
  char *copy = exact_copy(text);
  text.data = copy;
  if (caudit_endpoint_parse(text, false, &out, &err) != -CAUDIT_CONFIG)
    fail_msg("accepted: %.*s", (int)text.len, copy);
  assert_int_equal(err.kind, CAUDIT_CONFIG);
  assert_int_equal(err.outcome, CAUDIT_NOT_SENT);
  assert_string_equal(err.field, "endpoint");
  free(copy);
}

static void refused(void **state) {
  (void)state;
  static const char *const cases[] = {
      "",
      "/",
      "https://",
      "https:///",
      "http://",
      "ftp://example.com",
      "HTTPS//example.com",
      "//example.com",
      "example.com/path",
      "example.com//",
      "https://example.com/a/",
      "example.com?query",
      "example.com#fragment",
      "user@example.com",
      "https://user:password@example.com",
      "example.com@evil.example",
      "example.com\\evil.example",
      "exa mple.com",
      " example.com",
      "example.com ",
      "example.com\n",
      "example.com\r\nX-Evil: 1",
      "example.com\t",
      "ex\xC3\xA4mple.com",
      "example..com",
      ".example.com",
      "example.com.",
      "-example.com",
      "example-.com",
      "example.com-",
      "exa_mple.com",
      "example.com:",
      "example.com:0",
      "example.com:65536",
      "example.com:99999999999",
      "example.com:+80",
      "example.com:8o",
      "example.com:80:80",
      "example.com:80/",
      "[::1",
      "::1",
      "[::1]x",
      "[::1]:",
      "[]",
      "[:]",
      "[fe80::1%eth0]",
      "[::g]",
      "[::1/]",
      "[::`]",
      "[::@]",
      "[0000:0000:0000:0000:0000:0000:0000:0000:000000]",
      "[example.com]",
      "http://example.com",
      "http://10.0.0.1",
      "http://127.0.0.1.example.com",
      "http://127.evil.example",
      "http://127.0.0.1.1",
      "http://localhost.example.com",
      "http://notlocalhost",
      "http://[::2]",
      "http://127.0.0.999",
      "http://127.1.2.4294967296",
      "http://127.0.0.01",
      "http://127.0.0.1.",
      "http://127.0..1",
      "http://127.1",
      "http://127",
      "http://2130706433",
      "http://localhost.1",
      "http://.localhost",
      "http://[::ffff:127.0.0.1]",
      "127.0.0.999",
      "10.1",
      "example.1",
      "[1:2:3.4]",
      "[::::]",
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) assert_refused(caudit_str(cases[i]));
  assert_refused((struct caudit_str){"example.com\0.evil", 17});
  assert_refused(caudit_str(NULL));
  struct caudit_endpoint out;
  assert_int_equal(caudit_endpoint_parse(caudit_str("a b"), false, &out, NULL), -CAUDIT_CONFIG);
  assert_int_equal(caudit_endpoint_parse(caudit_str("http://a"), false, &out, NULL),
                   -CAUDIT_CONFIG);
}

static void names_have_a_maximum_length(void **state) {
  (void)state;
  char label[64 + 1], name[300] = "";
  struct caudit_endpoint out;
  struct caudit_error err;
  memset(label, 'a', sizeof label - 1);
  label[64] = '\0';
  assert_refused(caudit_str(label));
  assert_int_equal(caudit_endpoint_parse((struct caudit_str){label, 63}, false, &out, &err), 0);
  for (int i = 0; i < 4; i++) (void)snprintf(name + 64 * i, 65, "%.63s.", label);
  assert_refused((struct caudit_str){name, 255});
  assert_refused((struct caudit_str){name, 254});
  assert_int_equal(caudit_endpoint_parse((struct caudit_str){name, 253}, false, &out, &err), 0);
  assert_int_equal(strlen(out.name), 253);
  assert_int_equal(strlen(out.url), 253 + strlen("https:///"));
}

static void plain_http_elsewhere_needs_the_option(void **state) {
  (void)state;
  struct caudit_endpoint out;
  struct caudit_error err;
  assert_int_equal(caudit_endpoint_parse(caudit_str("http://10.0.0.1:8080"), true, &out, &err), 0);
  assert_false(out.tls);
  assert_string_equal(out.url, "http://10.0.0.1:8080/");
  assert_int_equal(caudit_endpoint_parse(caudit_str("http://user@host"), true, &out, &err),
                   -CAUDIT_CONFIG);
}

static void plain_http_through_no_proxy_is_loopback_only(void **state) {
  (void)state;
  struct caudit_endpoint out;
  assert_int_equal(caudit_endpoint_parse(caudit_str("http://127.0.0.1"), true, &out, NULL), 0);
  assert_true(out.direct);
  assert_int_equal(caudit_endpoint_parse(caudit_str("http://10.0.0.1"), true, &out, NULL), 0);
  assert_false(out.direct);
}

/* ---- proxies --------------------------------------------------------------------------- */

static void good_proxies(void **state) {
  (void)state;
  static const char *const cases[] = {
      "proxy",
      "proxy:3128",
      "http://proxy:3128",
      "http://proxy:3128/",
      "HTTPS://my_proxy.example:443",
      "socks4://10.0.0.1",
      "socks4a://proxy",
      "socks5://user:password@proxy:1080",
      "socks5h://user@proxy",
      "http://user:hun%23ter2@127.0.0.1:1",
      "http://us.er-_~!$&'()*+,;=:pa:ss@[::1]:3128",
      "http://:@proxy",
      "user:password@proxy:3128",
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    if (caudit_proxy_check(caudit_str(cases[i]), NULL) != 0) fail_msg("refused: %s", cases[i]);
}

static void bad_proxies_are_refused_without_their_text(void **state) {
  (void)state;
  static const char *const cases[] = {
      "",
      "http://",
      "http:///",
      "http://user:canary@",
      "http://user:can#ary@127.0.0.1:1",
      "http://user:can/ary@127.0.0.1:1",
      "http://user:can?ary@127.0.0.1:1",
      "http://user:can@ary@127.0.0.1:1",
      "http://user:can\\ary@127.0.0.1:1",
      "http://user:can ary@127.0.0.1:1",
      "http://user:can\tary@127.0.0.1:1",
      "http://user:can\xC3\xA4ry@127.0.0.1:1",
      "http://user:canary%@proxy",
      "http://user:canary%2@proxy",
      "http://user:canary%zz@proxy",
      "http://user:canary%00@proxy",
      "http://user:canary%0d@proxy",
      "http://canary#@proxy",
      "http://canary:x",
      "http://proxy:0",
      "http://proxy:65536",
      "http://proxy:3128//",
      "http://proxy/canary",
      "http://proxy?canary",
      "http://proxy#canary",
      "http://pro xy",
      " http://proxy",
      "http://proxy\n",
      "http://1.2.3.999",
      "http://[::1",
      "http://[canary]",
      "ftp://proxy",
      "canary://proxy",
      "://proxy",
      "http//proxy",
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct caudit_error err;
    char *copy = exact_copy(caudit_str(cases[i]));
    struct caudit_str text = {copy, strlen(cases[i])};
    if (caudit_proxy_check(text, &err) != -CAUDIT_CONFIG) fail_msg("accepted: %s", cases[i]);
    assert_int_equal(err.kind, CAUDIT_CONFIG);
    assert_string_equal(err.field, "proxy");
    assert_null(strstr(err.message, "canary"));
    assert_null(strstr(err.message, "127.0.0.1"));
    free(copy);
  }
  assert_int_equal(caudit_proxy_check(caudit_str(NULL), NULL), -CAUDIT_CONFIG);
  assert_int_equal(caudit_proxy_check((struct caudit_str){"proxy\0x", 7}, NULL), -CAUDIT_CONFIG);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(accepted),
      cmocka_unit_test(refused),
      cmocka_unit_test(names_have_a_maximum_length),
      cmocka_unit_test(plain_http_through_no_proxy_is_loopback_only),
      cmocka_unit_test(good_proxies),
      cmocka_unit_test(bad_proxies_are_refused_without_their_text),
      cmocka_unit_test(plain_http_elsewhere_needs_the_option),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
