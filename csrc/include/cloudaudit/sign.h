/* TC3-HMAC-SHA256 in named stages. Time is an argument; nothing reads a clock. */
#ifndef CLOUDAUDIT_SIGN_H
#define CLOUDAUDIT_SIGN_H

#include "cloudaudit/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A snapshot of credentials. token is absent for static ones. */
struct caudit_credentials {
  struct caudit_str secret_id;
  struct caudit_str secret_key;
  struct caudit_str token;
};

/* A header that is signed in addition to content-type and host: lower-case name, value as signed.
 */
struct caudit_signed_header {
  struct caudit_str name;
  struct caudit_str value;
};

struct caudit_sign_input {
  struct caudit_str method;       /* "POST" */
  struct caudit_str content_type; /* exactly the bytes that are sent */
  struct caudit_str host;         /* the Host header, with a port that is not the default */
  struct caudit_str query;        /* in wire format, without '?'; empty for POST */
  struct caudit_str payload;      /* the body */
  struct caudit_str service;      /* "cloudaudit", regardless of the endpoint */
  const struct caudit_signed_header *extra; /* sorted by name; may be NULL */
  size_t extra_count;
  int64_t timestamp;     /* unix seconds; the UTC date is part of the scope */
  bool unsigned_payload; /* hash the literal UNSIGNED-PAYLOAD instead of the body */
};

/* The derived keys: secrets, to be overwritten by the caller. */
struct caudit_keys {
  unsigned char date[32];
  unsigned char service[32];
  unsigned char signing[32];
};

/* Every intermediate value that is not a secret. */
struct caudit_signature {
  char date[16]; /* 2019-02-25 */
  char payload_hash[65];
  char canonical_request_hash[65];
  char signature[65];
};

/* Caches digest states and the signing key of the last (secret key, date, service). Not
 * thread-safe. Key material is overwritten when it is replaced and when the signer is freed.
 * CAUDIT_CONFIG when libcrypto is configured without SHA-256 or was cleaned up at exit; what was
 * made before may still be used and freed then: signing fails with that kind. */
struct caudit_signer;
CAUDIT_API int caudit_signer_new(struct caudit_signer **out,
                                 const struct caudit_allocator *allocator,
                                 struct caudit_error *err);
CAUDIT_API void caudit_signer_free(struct caudit_signer *signer);

/* Signs, fills *out and appends the value of the Authorization header. Returns 0 or -kind:
 * CAUDIT_CONFIG for a timestamp outside the years 1970 to 9999 or a text that is too long. */
CAUDIT_API int caudit_sign(struct caudit_signer *signer,
                           const struct caudit_credentials *credentials,
                           const struct caudit_sign_input *input, struct caudit_signature *out,
                           struct caudit_buf *authorization, struct caudit_error *err);

/* The stages. Those that return int return 0 or -kind; the others report through the buffer's
 * status.
 */
/* The UTC date of a timestamp, "2019-02-25"; -CAUDIT_VALIDATION outside the years 1970 to 9999. */
CAUDIT_API int caudit_sign_date(int64_t timestamp, char out[16]);
CAUDIT_API int caudit_sign_hash(struct caudit_signer *signer, struct caudit_str bytes,
                                char out[65]);
CAUDIT_API void caudit_sign_canonical_request(struct caudit_buf *out,
                                              const struct caudit_sign_input *input,
                                              const char payload_hash[65]);
CAUDIT_API void caudit_sign_string_to_sign(struct caudit_buf *out, int64_t timestamp,
                                           const char date[16], struct caudit_str service,
                                           const char canonical_request_hash[65]);
/* The caller overwrites the keys after use. */
CAUDIT_API int caudit_sign_keys(struct caudit_signer *signer, struct caudit_str secret_key,
                                const char date[16], struct caudit_str service,
                                struct caudit_keys *out);
CAUDIT_API int caudit_sign_signature(struct caudit_signer *signer, struct caudit_str secret_key,
                                     const char date[16], struct caudit_str service,
                                     struct caudit_str string_to_sign, char out[65]);
CAUDIT_API void caudit_sign_authorization(struct caudit_buf *out, struct caudit_str secret_id,
                                          const struct caudit_sign_input *input,
                                          const struct caudit_signature *signature);

#ifdef __cplusplus
}
#endif
#endif
