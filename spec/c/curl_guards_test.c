/* What the libcurl driver does not let pass: the user of a proxy in a message, a connection of
 * localhost that leaves this machine, a file that cannot be read to its end. */
#include "curl/internal.h"
#include "support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *shown(const char *text) {
  static struct caudit_transfer transfer;
  memset(&transfer, 0, sizeof transfer);
  caudit_result_fail(&transfer, CAUDIT_CONNECT, text);
  return transfer.result.message;
}

static void no_user_of_a_proxy_is_shown(void **state) {
  (void)state;
  assert_string_equal(shown("Unsupported proxy 'http://user:canary@host:1', no"),
                      "Unsupported proxy 'http://****@host:1', no");
  assert_string_equal(shown("proxy user:canary@host"), "proxy ****@host");
  assert_string_equal(shown("user:can@ary@host"), "****@host");
  assert_string_equal(shown("a@b c@d"), "****@b ****@d");
  assert_string_equal(shown("@"), "****@");
  assert_string_equal(shown("Could not resolve host: a.example"),
                      "Could not resolve host: a.example");
  assert_string_equal(shown(""), "");
  char text[2048];
  for (size_t len = 490; len < 530; len++) {
    memset(text, 'x', sizeof text);
    memcpy(text + len, "@host", 6);
    const char *message = shown(text);
    assert_true(strlen(message) < 512);
    if (strchr(message, '@')) assert_null(strstr(message, "xx"));
  }
}

static bool connects(bool localhost, const char *proxy, int family, const char *text) {
  static struct caudit_curl curl;
  static struct caudit_transfer transfer;
  union {
    struct curl_sockaddr address;
    char room[sizeof(struct curl_sockaddr) + sizeof(struct sockaddr_in6)];
  } to;
  char name[16] = "";
  memset(&curl, 0, sizeof curl);
  memset(&transfer, 0, sizeof transfer);
  memset(&to, 0, sizeof to);
  if (proxy) {
    (void)snprintf(name, sizeof name, "%s", proxy);
    curl.proxy = name;
  }
  transfer.curl = &curl;
  transfer.localhost = localhost;
  to.address.family = family;
  to.address.socktype = SOCK_STREAM;
  if (family == AF_INET) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(family, text, &v4.sin_addr), 1);
    memcpy(&to.address.addr, &v4, sizeof v4);
    to.address.addrlen = sizeof v4;
  } else {
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    assert_int_equal(inet_pton(family, text, &v6.sin6_addr), 1);
    memcpy((char *)&to + offsetof(struct curl_sockaddr, addr), &v6, sizeof v6);
    to.address.addrlen = sizeof v6;
  }
  curl_socket_t fd = caudit_on_socket(&transfer, CURLSOCKTYPE_IPCXN, &to.address);
  if (fd != CURL_SOCKET_BAD) close(fd);
  return fd != CURL_SOCKET_BAD;
}

static void localhost_is_loopback_whatever_a_resolver_says(void **state) {
  (void)state;
  assert_true(connects(true, NULL, AF_INET, "127.0.0.1"));
  assert_true(connects(true, NULL, AF_INET, "127.9.8.7"));
  assert_false(connects(true, NULL, AF_INET, "10.0.0.1"));
  assert_false(connects(true, NULL, AF_INET, "128.0.0.1"));
  assert_false(connects(true, NULL, AF_INET6, "fe80::1"));
  assert_true(connects(false, NULL, AF_INET, "10.0.0.1"));
  assert_true(connects(true, "proxy", AF_INET, "10.0.0.1")); /* the proxy's address */
}

static void an_option_that_cannot_be_used_is_named(void **state) {
  (void)state;
  static const struct {
    struct caudit_curl_options options;
    const char *field;
  } cases[] = {
      {{.ca_file = "/dev/zero"}, "ca_file"},
      {{.ca_file = "/"}, "ca_file"},
      {{.proxy = "http://user:can#ary@127.0.0.1:1"}, "proxy"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct caudit_curl *curl;
    struct caudit_error err;
    assert_int_equal(caudit_curl_new(&curl, &cases[i].options, NULL, &err), -CAUDIT_CONFIG);
    assert_null(curl);
    assert_string_equal(err.field, cases[i].field);
    assert_null(strstr(err.message, "ary"));
    assert_int_equal(caudit_curl_new(&curl, &cases[i].options, NULL, NULL), -CAUDIT_CONFIG);
  }
  struct caudit_curl *curl;
  struct caudit_curl_options missing = {.ca_file = "/nowhere.pem"}; /* told by the handshake */
  assert_int_equal(caudit_curl_new(&curl, &missing, NULL, NULL), 0);
  caudit_curl_free(curl);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_user_of_a_proxy_is_shown),
      cmocka_unit_test(localhost_is_loopback_whatever_a_resolver_says),
      cmocka_unit_test(an_option_that_cannot_be_used_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
