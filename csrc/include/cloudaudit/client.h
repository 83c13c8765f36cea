/* The endpoint, the options, and the client that calls share. */
#ifndef CLOUDAUDIT_CLIENT_H
#define CLOUDAUDIT_CLIENT_H

#include "cloudaudit/sign.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- endpoint -------------------------------------------------------------------------- */

/* A validated endpoint. */
struct caudit_endpoint {
  char url[300];  /* https://host[:port]/ */
  char host[280]; /* the Host header: with the port unless it is the scheme's default */
  char name[256]; /* the host alone, an IPv6 address without brackets */
  int port;
  bool tls;
  bool direct; /* plain http to loopback, which must not leave through a proxy */
};
/* Parses "host", "host:port", "https://host[:port]" or "http://host[:port]" into *out. Anything
 * else (user, path, query, control characters) is CAUDIT_CONFIG, and so is http:// to a host that
 * is not loopback (an address in 127.0.0.0/8, ::1, localhost or a name under it), unless
 * insecure_http. Returns 0 or -kind. */
CAUDIT_API int caudit_endpoint_parse(struct caudit_str text, bool insecure_http,
                                     struct caudit_endpoint *out, struct caudit_error *err);
/* Checks the URL of a proxy: CAUDIT_CONFIG, without any part of it, for one that libcurl would
 * refuse or read in another way. Returns 0 or -kind. */
CAUDIT_API int caudit_proxy_check(struct caudit_str text, struct caudit_error *err);

/* ---- client ---------------------------------------------------------------------------- */

/* Zero or absent members take the default in brackets. caudit_client_new copies everything. */
struct caudit_options {
  struct caudit_str endpoint;       /* [<service>.tencentcloudapi.com] */
  struct caudit_str region;         /* X-TC-Region [ap-guangzhou] */
  struct caudit_str language;       /* X-TC-Language [not sent] */
  struct caudit_str request_client; /* X-TC-RequestClient [cloudaudit_lua_<version>] */
  bool insecure_http;
  int timeout_ms;      /* deadline of a call, retries and backoff included [10000] */
  int attempts;        /* maximum number of requests of a call; a corrected clock and a refreshed
                          token may add one each, at most 1000 [the deadline decides] */
  int rate;            /* maximum number of requests per second and action [18] */
  int64_t max_skew_ms; /* largest clock skew that is corrected [one day] */
  size_t max_request;  /* maximum size of a body in bytes [10 MB, the service's own limit] */
};

/* Shared by calls: endpoint, credentials, signer, clock offset, retry quota, rate limit. Reference
 * counted: each call holds a reference. Not thread-safe. */
struct caudit_client;
/* *out becomes a client, to be freed, or NULL. allocator may be NULL (malloc). CAUDIT_CONFIG names
 * the wrong option in err->field. Returns 0 or -kind. */
CAUDIT_API int caudit_client_new(struct caudit_client **out, const struct caudit_options *options,
                                 const struct caudit_allocator *allocator,
                                 struct caudit_error *err);
/* Drops the reference of caudit_client_new. NULL is allowed. */
CAUDIT_API void caudit_client_free(struct caudit_client *client);
/* Refuses what cannot be right (CAUDIT_CREDENTIALS, err->field names the part): empty parts,
 * whitespace, control characters, quotes around a part, id and key pasted as one. Returns 0 or
 * -kind.
 */
CAUDIT_API int caudit_credentials_check(const struct caudit_credentials *credentials,
                                        struct caudit_error *err);
/* Checks and copies a snapshot of credentials; the previous one is overwritten. Returns 0 or -kind.
 */
CAUDIT_API int caudit_client_credentials(struct caudit_client *client,
                                         const struct caudit_credentials *credentials,
                                         struct caudit_error *err);
/* What is added to the caller's clock for X-TC-Timestamp, in milliseconds: 0 until the service
 * refused a timestamp. */
CAUDIT_API int64_t caudit_client_clock_offset_ms(const struct caudit_client *client);
/* Belongs to the client. */
CAUDIT_API const struct caudit_endpoint *caudit_client_endpoint(const struct caudit_client *client);

#ifdef __cplusplus
}
#endif
#endif
