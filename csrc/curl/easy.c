/* A libcurl easy handle and its options that are the same for every request. Disables everything
 * that libcurl would read from the environment or do on its own. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

enum { IDLE_SECONDS = 30, LIFETIME_SECONDS = 300 };

#define SET(option, value)                                                                         \
  do {                                                                                             \
    if (rc == CURLE_OK) rc = curl_easy_setopt(easy, option, value);                                \
  } while (0)

static CURLcode set_trust(struct caudit_transfer *transfer) {
  CURL *easy = transfer->easy;
  CURLcode rc = CURLE_OK;
  SET(CURLOPT_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_SSL_VERIFYHOST, 2L);
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  return rc == CURLE_OK ? caudit_trust_init(transfer) : rc;
}

CURLcode caudit_handle_route(struct caudit_transfer *transfer, bool direct) {
  CURL *easy = transfer->easy;
  const struct caudit_curl *curl = transfer->curl;
  CURLcode rc = CURLE_OK;
  bool from_env = !curl->proxy && curl->proxy_from_env && !direct;
  SET(CURLOPT_PROXY, from_env ? NULL : direct || !curl->proxy ? "" : curl->proxy);
  SET(CURLOPT_NOPROXY, from_env ? NULL : "");
  /* For the CONNECT request to a proxy; other requests have a header line of their own. */
  SET(CURLOPT_USERAGENT, from_env || (curl->proxy && !direct) ? CAUDIT_AGENT : NULL);
  transfer->direct = direct;
  return rc;
}

const char *caudit_proxy_variable(const char *url) {
  static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy",
                                      "ALL_PROXY"};
  bool tls = strncmp(url, "https:", 6) == 0;
  for (size_t i = tls ? 0 : 2; i < sizeof names / sizeof names[0]; i++) {
    const char *value = getenv(names[i]);
    if (value && value[0] && !(tls && i == 2)) return names[i];
  }
  return NULL;
}

static bool is_address(const char *name) {
  size_t len = strlen(name);
  return strchr(name, ':') || (len > 0 && name[len - 1] >= '0' && name[len - 1] <= '9');
}

/* Whether the host of the URL is localhost or a name under it. */
static bool is_localhost(const char *url) {
  struct caudit_endpoint endpoint;
  char plain[sizeof endpoint.url]; /* the only http that is accepted is that to loopback */
  bool tls = strncmp(url, "https:", 6) == 0;
  size_t len = strlen(url);
  if ((!tls && strncmp(url, "http:", 5) != 0) || len > sizeof plain) return false;
  memcpy(plain, "http", 4);
  memcpy(plain + 4, url + (tls ? 5 : 4), len + 1 - (tls ? 5 : 4));
  return caudit_endpoint_parse(caudit_str(plain), false, &endpoint, NULL) == 0 &&
         !is_address(endpoint.name);
}

/* Reusing a parsed URL saves libcurl a tenth of the work of an exchange. A new URL is parsed into a
 * new handle, since an existing one would be taken as the base of a relative URL. */
CURLcode caudit_handle_url(struct caudit_transfer *transfer, const char *url) {
  CURL *easy = transfer->easy;
  CURLcode rc = CURLE_OK;
  if (transfer->url && strcmp(url, transfer->url) == 0) return CURLE_OK;
  caudit_url_forget(transfer);
  transfer->localhost = is_localhost(url);
  CURLU *read = curl_url();
  if (read && curl_url_set(read, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
      caudit_copy(&transfer->allocator, url, &transfer->url) == 0)
    transfer->read = read;
  else
    curl_url_cleanup(read);
  SET(CURLOPT_CURLU, transfer->read);
  SET(CURLOPT_URL, transfer->read ? NULL : url);
  if (rc != CURLE_OK) caudit_url_forget(transfer);
  return rc;
}

void caudit_url_forget(struct caudit_transfer *transfer) {
  curl_url_cleanup(transfer->read);
  transfer->read = NULL;
  caudit_drop(&transfer->allocator, transfer->url);
  transfer->url = NULL;
}

static CURLcode set_route(CURL *easy) {
  CURLcode rc = CURLE_OK;
  SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
  SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
  SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  return rc;
}

static CURLcode set_limits(CURL *easy, const struct caudit_curl *curl) {
  CURLcode rc = CURLE_OK;
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_TCP_NODELAY, 1L);
  SET(CURLOPT_MAXAGE_CONN, (long)IDLE_SECONDS);
  SET(CURLOPT_MAXLIFETIME_CONN, (long)LIFETIME_SECONDS);
  SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  SET(CURLOPT_HTTP09_ALLOWED, 0L);
  SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)curl->max_response);
#if LIBCURL_VERSION_NUM >= 0x075700
  /* A thread that hangs in getaddrinfo is detached instead of joined, and cleans up after itself,
   * so that neither a timeout nor closing waits for a dead name server. */
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
  return rc;
}

static CURLcode set_callbacks(CURL *easy, struct caudit_transfer *transfer) {
  CURLcode rc = CURLE_OK;
  SET(CURLOPT_PRIVATE, transfer);
  SET(CURLOPT_ERRORBUFFER, transfer->error);
  SET(CURLOPT_PREREQFUNCTION, caudit_on_request);
  SET(CURLOPT_PREREQDATA, transfer);
  SET(CURLOPT_HEADERFUNCTION, caudit_on_header);
  SET(CURLOPT_HEADERDATA, transfer);
  SET(CURLOPT_WRITEFUNCTION, caudit_on_body);
  SET(CURLOPT_WRITEDATA, transfer);
  SET(CURLOPT_OPENSOCKETFUNCTION, caudit_on_socket);
  SET(CURLOPT_OPENSOCKETDATA, transfer);
  SET(CURLOPT_CLOSESOCKETFUNCTION, caudit_on_close);
  SET(CURLOPT_CLOSESOCKETDATA, transfer->curl); /* connections outlive transfers */
  return rc;
}

int caudit_handle_new(struct caudit_transfer *transfer, struct caudit_curl *curl) {
  CURL *easy = curl_easy_init();
  if (!easy) return -CAUDIT_MEMORY;
  transfer->easy = easy;
  CURLcode rc = set_callbacks(easy, transfer);
  if (rc == CURLE_OK) rc = set_trust(transfer);
  if (rc == CURLE_OK) rc = set_route(easy);
  if (rc == CURLE_OK) rc = set_limits(easy, curl);
  if (rc == CURLE_OK) rc = caudit_handle_route(transfer, false);
  if (rc == CURLE_OK) return 0;
  transfer->easy = NULL;
  curl_easy_cleanup(easy);
  return rc == CURLE_OUT_OF_MEMORY ? -CAUDIT_MEMORY : -CAUDIT_CONFIG;
}
