/* Parses an endpoint. Only a scheme, a host and a port are accepted, so that no text can direct a
 * signed request to another host, path or scheme. */
#include "core/internal.h"

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

/* Letters, digits and hyphens in labels of 1 to 63, none with a hyphen at an end. */
static bool is_host_name(struct caudit_str name) {
  size_t label = 0;
  if (name.len == 0 || name.len > 253) return false;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    if (c == '.') {
      if (label == 0 || name.data[i - 1] == '-') return false;
      label = 0;
      continue;
    }
    bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
    if (!(alnum || (c == '-' && label > 0)) || ++label > 63) return false;
  }
  return label > 0 && name.data[name.len - 1] != '-';
}

static bool is_ipv6(struct caudit_str name) {
  size_t colons = 0;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    bool hex = is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!hex && c != ':' && c != '.') return false;
    colons += c == ':';
  }
  return colons >= 2 && name.len <= 45;
}

static bool is_loopback(struct caudit_str name) {
  if (caudit_str_equal(name, caudit_str("localhost")) || caudit_str_equal(name, caudit_str("::1")))
    return true;
  if (name.len > 10 &&
      caudit_str_equal(without_front(name, name.len - 10), caudit_str(".localhost")))
    return true; /* RFC 6761: names under localhost are loopback too */
  if (!starts_with(name, "127.")) return false;
  size_t dots = 0;
  for (size_t i = 0; i < name.len; i++) {
    if (!is_digit(name.data[i]) && name.data[i] != '.') return false;
    dots += name.data[i] == '.';
  }
  return dots == 3;
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

/* Splits "name", "name:port", "[v6]" or "[v6]:port". */
static bool split(struct caudit_str text, struct caudit_str *name, bool *v6, int *port) {
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
  return *v6 ? is_ipv6(*name) : is_host_name(*name);
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
  if (rest.len == 0 || !split(rest, &name, &v6, &out->port)) {
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
  int len = (int)name.len;
  (void)snprintf(out->name, sizeof out->name, "%.*s", len, name.data);
  char port[8] = "";
  if (out->port != usual) (void)snprintf(port, sizeof port, ":%d", out->port);
  (void)snprintf(out->host, sizeof out->host, v6 ? "[%.*s]%s" : "%.*s%s", len, name.data, port);
  (void)snprintf(out->url, sizeof out->url, "%s://%s/", out->tls ? "https" : "http", out->host);
  return 0;
}
