/* A checked endpoint, the options, and the client that calls share. */
#ifndef CLOUDAUDIT_CLIENT_H
#define CLOUDAUDIT_CLIENT_H

#include "cloudaudit/sign.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- endpoint -------------------------------------------------------------------------- */

/* A checked endpoint: "cloudaudit.tencentcloudapi.com", "host:port", "https://host:port" or
 * "http://host:port". Anything else (user, path, query, control characters) is CAUDIT_CONFIG, and
 * so is http:// to a host that is not loopback, unless insecure_http. */
struct caudit_endpoint {
  char url[300];  /* https://host[:port]/ */
  char host[280]; /* as in the Host header: with the port when it is not the scheme's default */
  char name[256]; /* the host alone, an IPv6 address without its brackets */
  int port;
  bool tls;
};
CAUDIT_API int caudit_endpoint_parse(struct caudit_str text, bool insecure_http,
                                     struct caudit_endpoint *out, struct caudit_error *err);

/* ---- client ---------------------------------------------------------------------------- */

/* Zero or absent members take the default in brackets. Everything is copied. */
struct caudit_options {
  struct caudit_str endpoint;       /* [<service>.tencentcloudapi.com] */
  struct caudit_str region;         /* X-TC-Region [ap-guangzhou] */
  struct caudit_str language;       /* X-TC-Language [not sent] */
  struct caudit_str request_client; /* X-TC-RequestClient [cloudaudit_lua_<version>] */
  bool insecure_http;
  int timeout_ms;      /* over the whole call, retries and waiting included [10000] */
  int attempts;        /* requests of one call at the most; a corrected clock and a refreshed token
                          may add one each [3] */
  int rate;            /* requests per second and action at the most [18] */
  int64_t max_skew_ms; /* a clock that is wrong by more is not corrected [one day] */
  size_t max_request;  /* bytes of a body [10 MB, the service's own limit] */
};

/* What calls share: endpoint, credentials, signer, clock offset, retry quota, rate. Counted
 * references; not for two threads at once. */
struct caudit_client;
CAUDIT_API int caudit_client_new(struct caudit_client **out, const struct caudit_options *options,
                                 const struct caudit_allocator *allocator,
                                 struct caudit_error *err);
CAUDIT_API void caudit_client_free(struct caudit_client *client); /* drops one reference */
/* Blanks, control characters and empty parts are refused by name, kind CAUDIT_CREDENTIALS. */
CAUDIT_API int caudit_credentials_check(const struct caudit_credentials *credentials,
                                        struct caudit_error *err);
/* Checks and copies one snapshot. The old one is cleansed. */
CAUDIT_API int caudit_client_credentials(struct caudit_client *client,
                                         const struct caudit_credentials *credentials,
                                         struct caudit_error *err);
CAUDIT_API const struct caudit_endpoint *caudit_client_endpoint(const struct caudit_client *client);

#ifdef __cplusplus
}
#endif
#endif
