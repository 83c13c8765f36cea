/* TC3-HMAC-SHA256: the texts of a signature, which hold nothing secret. */
#include "core/internal.h"

#include <string.h>

enum { DATE = 10 };

static void put(struct caudit_buf *out, struct caudit_str text) {
  caudit_put(out, text.data, text.len);
}

static bool sorts_before(struct caudit_str a, struct caudit_str b) {
  int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
  return order != 0 ? order < 0 : a.len < b.len;
}

static void put_header(struct caudit_buf *out, const struct caudit_signed_header *header,
                       bool name_only, bool first) {
  if (name_only && !first) CAUDIT_PUT(out, ";");
  put(out, header->name);
  if (name_only) return;
  CAUDIT_PUT(out, ":");
  put(out, header->value);
  CAUDIT_PUT(out, "\n");
}

/* content-type and host among the extra headers, sorted by name. */
static void put_more_headers(struct caudit_buf *out, const struct caudit_sign_input *input,
                             bool names_only) {
  const struct caudit_signed_header pair[2] = {{CAUDIT_STR("content-type"), input->content_type},
                                               {CAUDIT_STR("host"), input->host}};
  size_t e = 0;
  for (size_t p = 0; p < 2; p++) {
    for (; e < input->extra_count && sorts_before(input->extra[e].name, pair[p].name); e++)
      put_header(out, &input->extra[e], names_only, p + e == 0);
    put_header(out, &pair[p], names_only, p + e == 0);
  }
  for (; e < input->extra_count; e++) put_header(out, &input->extra[e], names_only, false);
}

/* "content-type:...\nhost:...\n" */
static void put_headers(struct caudit_buf *out, const struct caudit_sign_input *input) {
  if (input->extra_count > 0) {
    put_more_headers(out, input, false);
    return;
  }
  CAUDIT_PUT(out, "content-type:");
  put(out, input->content_type);
  CAUDIT_PUT(out, "\nhost:");
  put(out, input->host);
  CAUDIT_PUT(out, "\n");
}

/* "content-type;host" */
static void put_header_names(struct caudit_buf *out, const struct caudit_sign_input *input) {
  if (input->extra_count > 0)
    put_more_headers(out, input, true);
  else
    CAUDIT_PUT(out, "content-type;host");
}

void caudit_sign_canonical_request(struct caudit_buf *out, const struct caudit_sign_input *input,
                                   const char payload_hash[65]) {
  put(out, input->method);
  CAUDIT_PUT(out, "\n/\n");
  put(out, input->query);
  CAUDIT_PUT(out, "\n");
  put_headers(out, input);
  CAUDIT_PUT(out, "\n");
  put_header_names(out, input);
  CAUDIT_PUT(out, "\n");
  caudit_put(out, payload_hash, 64);
}

void caudit_sign_string_to_sign(struct caudit_buf *out, int64_t timestamp, const char date[16],
                                struct caudit_str service, const char canonical_request_hash[65]) {
  char digits[24];
  CAUDIT_PUT(out, "TC3-HMAC-SHA256\n");
  caudit_put(out, digits, caudit_decimal(digits, (uint64_t)timestamp));
  CAUDIT_PUT(out, "\n");
  caudit_put(out, date, DATE);
  CAUDIT_PUT(out, "/");
  put(out, service);
  CAUDIT_PUT(out, "/tc3_request\n");
  caudit_put(out, canonical_request_hash, 64);
}

void caudit_sign_authorization(struct caudit_buf *out, struct caudit_str secret_id,
                               const struct caudit_sign_input *input,
                               const struct caudit_signature *signature) {
  CAUDIT_PUT(out, "TC3-HMAC-SHA256 Credential=");
  put(out, secret_id);
  CAUDIT_PUT(out, "/");
  caudit_put(out, signature->date, DATE);
  CAUDIT_PUT(out, "/");
  put(out, input->service);
  CAUDIT_PUT(out, "/tc3_request, SignedHeaders=");
  put_header_names(out, input);
  CAUDIT_PUT(out, ", Signature=");
  caudit_put(out, signature->signature, 64);
}
