/* Parses an endpoint, and checks a proxy. Only a scheme, a host and a port are accepted, so that no
 * text can direct a signed request to another host, path or scheme. */
#include "core/internal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool starts_with(struct caudit_str text, const char *prefix) {
  size_t len = strlen(prefix);
  return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

static struct caudit_str without_front(struct caudit_str text, size_t len) {
  struct caudit_str rest = {text.data + len, text.len - len};
  return rest;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
}

/* Whether the text is an address; *address then holds its bytes. */
static bool parse_address(int family, struct caudit_str text, unsigned char address[16]) {
  char copy[INET6_ADDRSTRLEN];
  if (text.len >= sizeof copy || memchr(text.data, '\0', text.len)) return false;
  memcpy(copy, text.data, text.len);
  copy[text.len] = '\0';
  return inet_pton(family, copy, address) == 1;
}

/* A name whose last label is a number is an address to every resolver, and some read it in ways
 * that others do not (1.2.3, octal digits, numbers modulo 2^32). */
static bool ends_in_number(struct caudit_str name) {
  size_t digits = 0;
  while (digits < name.len && is_digit(name.data[name.len - 1 - digits])) digits++;
  return digits > 0 && (digits == name.len || name.data[name.len - 1 - digits] == '.');
}

/* Letters, digits, hyphens and characters of `also` in labels of 1 to 63, none with a hyphen at an
 * end; or an IPv4 address. */
static bool is_host_name(struct caudit_str name, char also) {
  size_t label = 0;
  unsigned char address[16];
  if (name.len == 0 || name.len > 253) return false;
  if (ends_in_number(name)) return parse_address(AF_INET, name, address);
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    if (c == '.') {
      if (label == 0 || name.data[i - 1] == '-') return false;
      label = 0;
      continue;
    }
    if (!(is_alnum(c) || c == also || (c == '-' && label > 0)) || ++label > 63) return false;
  }
  return label > 0 && name.data[name.len - 1] != '-';
}

static bool is_ipv6(struct caudit_str name) {
  unsigned char address[16];
  return parse_address(AF_INET6, name, address);
}

static bool is_loopback(struct caudit_str name) {
  static const unsigned char one[16] = {[15] = 1};
  unsigned char address[16];
  if (parse_address(AF_INET, name, address)) return address[0] == 127;
  if (parse_address(AF_INET6, name, address)) return memcmp(address, one, sizeof one) == 0;
  /* RFC 6761: names under localhost are loopback too. */
  return caudit_equal_in_any_case(name, "localhost") ||
         (name.len > 10 &&
          caudit_equal_in_any_case(without_front(name, name.len - 10), ".localhost"));
}

static bool parse_port(struct caudit_str text, int *port) {
  int value = 0;
  if (text.len < 1 || text.len > 5) return false;
  for (size_t i = 0; i < text.len; i++) {
    if (!is_digit(text.data[i])) return false;
    value = value * 10 + (text.data[i] - '0');
  }
  *port = value;
  return value >= 1 && value <= 65535;
}

bool caudit_host_split(struct caudit_str text, char also, struct caudit_str *name, bool *v6,
                       int *port) {
  const char *end = NULL;
  *v6 = text.len > 0 && text.data[0] == '[';
  if (*v6) {
    end = memchr(text.data, ']', text.len);
    if (!end) return false;
    name->data = text.data + 1;
    name->len = (size_t)(end++ - name->data);
  } else {
    end = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
    if (!end) end = text.data + text.len;
    name->data = text.data;
    name->len = (size_t)(end - text.data);
  }
  struct caudit_str rest = without_front(text, (size_t)(end - text.data));
  if (rest.len > 0 && (rest.data[0] != ':' || !parse_port(without_front(rest, 1), port)))
    return false;
  return *v6 ? is_ipv6(*name) : is_host_name(*name, also);
}

int caudit_endpoint_parse(struct caudit_str text, bool insecure_http, struct caudit_endpoint *out,
                          struct caudit_error *err) {
  struct caudit_str rest = text, name = {NULL, 0};
  bool v6 = false;
  memset(out, 0, sizeof *out);
  out->tls = !starts_with(text, "http://");
  if (starts_with(text, "https://"))
    rest = without_front(text, 8);
  else if (!out->tls)
    rest = without_front(text, 7);
  if (rest.len > 1 && rest.len != text.len && rest.data[rest.len - 1] == '/') rest.len--;
  int usual = out->tls ? 443 : 80;
  out->port = usual;
  if (rest.len == 0 || !caudit_host_split(rest, 'a', &name, &v6, &out->port)) {
    memset(out, 0, sizeof *out);
    int failed = caudit_fail(err, CAUDIT_CONFIG,
                             "endpoint: host, host:port or https://host[:port] expected");
    if (err) caudit_copy_text(err->field, sizeof err->field, caudit_str("endpoint"));
    return failed;
  }
  if (!out->tls && !insecure_http && !is_loopback(name)) {
    int failed = caudit_fail(
        err, CAUDIT_CONFIG,
        "endpoint: http:// is not encrypted: it is accepted for loopback, and elsewhere "
        "only with insecure_http");
    if (err) caudit_copy_text(err->field, sizeof err->field, caudit_str("endpoint"));
    return failed;
  }
  out->direct = !out->tls && is_loopback(name);
  int len = (int)name.len;
  (void)snprintf(out->name, sizeof out->name, "%.*s", len, name.data);
  char port[8] = "";
  if (out->port != usual) (void)snprintf(port, sizeof port, ":%d", out->port);
  (void)snprintf(out->host, sizeof out->host, v6 ? "[%.*s]%s" : "%.*s%s", len, name.data, port);
  (void)snprintf(out->url, sizeof out->url, "%s://%s/", out->tls ? "https" : "http", out->host);
  return 0;
}

/* ---- proxies --------------------------------------------------------------------------- */

static bool is_proxy_scheme(struct caudit_str scheme) {
  static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
  for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
    if (caudit_equal_in_any_case(scheme, schemes[i])) return true;
  return false;
}

static bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Printable ASCII in which everything that could end it is percent-encoded. */
static bool is_user(struct caudit_str text) {
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c <= ' ' || c >= 0x7F || strchr("/?#@\\\"<>", c)) return false;
    if (c != '%') continue;
    if (text.len - i < 3 || !is_hex(text.data[i + 1]) || !is_hex(text.data[i + 2])) return false;
    /* An encoded control character: libcurl refuses some and sends others. */
    if (text.data[i + 1] == '0' || text.data[i + 1] == '1') return false;
  }
  return true;
}

static const char *find(struct caudit_str text, const char *wanted) {
  size_t len = strlen(wanted);
  for (size_t i = 0; i + len <= text.len; i++)
    if (memcmp(text.data + i, wanted, len) == 0) return text.data + i;
  return NULL;
}

static bool is_proxy(struct caudit_str text) {
  struct caudit_str name;
  bool v6;
  int port;
  const char *scheme_end = find(text, "://");
  if (scheme_end) {
    struct caudit_str scheme = {text.data, (size_t)(scheme_end - text.data)};
    if (!is_proxy_scheme(scheme)) return false;
    text = without_front(text, scheme.len + 3);
  }
  const char *at = text.len > 0 ? memchr(text.data, '@', text.len) : NULL;
  if (at) {
    struct caudit_str user = {text.data, (size_t)(at - text.data)};
    if (!is_user(user)) return false;
    text = without_front(text, user.len + 1);
  }
  if (text.len > 1 && text.data[text.len - 1] == '/') text.len--;
  return text.len > 0 && caudit_host_split(text, '_', &name, &v6, &port);
}

int caudit_proxy_check(struct caudit_str text, struct caudit_error *err) {
  if (is_proxy(text)) return 0;
  caudit_fail(err, CAUDIT_CONFIG,
              "proxy: [SCHEME://][USER:PASSWORD@]HOST[:PORT] expected, with a scheme of http, "
              "https, socks4, socks4a, socks5 or socks5h");
  if (err) caudit_copy_text(err->field, sizeof err->field, caudit_str("proxy"));
  return -CAUDIT_CONFIG;
}
