/* TC3-HMAC-SHA256: the named stages and the signer that keeps their prepared digest states.
 * A signing key lives only in the pads of two digest contexts and in the copy of the secret that
 * tells whether they still fit; both are cleansed when replaced. */
#include "core/internal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { HASH = 32, BLOCK = 64, MAX_TEXT = 1 << 20 };

struct caudit_signer {
  struct caudit_allocator allocator;
  EVP_MD *sha256;
  EVP_MD_CTX *work;
  EVP_MD_CTX *inner; /* state behind the inner pad of the signing key */
  EVP_MD_CTX *outer;
  struct caudit_buf secret; /* what inner and outer were made from */
  char date[16];
  char service[64];
  bool keyed;
  struct caudit_buf text; /* canonical request, then string to sign */
};

/* The status of a stage that failed. */
static int stage_failed(struct caudit_error *err, int status) {
  if (status == -CAUDIT_MEMORY) return caudit_fail(err, CAUDIT_MEMORY, "not enough memory to sign");
  return caudit_fail(err, CAUDIT_CONFIG, "a service or a text to sign that is too long");
}

static void to_hex(const unsigned char *bytes, char out[65]) {
  static const char hex[] = "0123456789abcdef";
  for (size_t i = 0; i < HASH; i++) {
    out[2 * i] = hex[bytes[i] >> 4];
    out[2 * i + 1] = hex[bytes[i] & 15];
  }
  out[64] = '\0';
}

int caudit_signer_new(struct caudit_signer **out, const struct caudit_allocator *allocator,
                      struct caudit_error *err) {
  struct caudit_signer *signer = caudit_realloc(allocator, NULL, 0, sizeof *signer);
  *out = NULL;
  if (!signer) return caudit_fail(err, CAUDIT_MEMORY, "not enough memory");
  memset(signer, 0, sizeof *signer);
  if (allocator) signer->allocator = *allocator;
  caudit_buf_init(&signer->secret, allocator, MAX_TEXT);
  caudit_buf_init(&signer->text, allocator, MAX_TEXT);
  signer->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
  signer->work = EVP_MD_CTX_new();
  signer->inner = EVP_MD_CTX_new();
  signer->outer = EVP_MD_CTX_new();
  if (!signer->sha256 || !signer->work || !signer->inner || !signer->outer) {
    caudit_signer_free(signer);
    return caudit_fail(err, CAUDIT_MEMORY, "libcrypto has no SHA-256 to give");
  }
  *out = signer;
  return 0;
}

void caudit_signer_free(struct caudit_signer *signer) {
  if (!signer) return;
  EVP_MD_CTX_free(signer->work);
  EVP_MD_CTX_free(signer->inner);
  EVP_MD_CTX_free(signer->outer);
  EVP_MD_free(signer->sha256);
  caudit_buf_free(&signer->secret);
  caudit_buf_free(&signer->text);
  struct caudit_allocator allocator = signer->allocator;
  caudit_realloc(&allocator, signer, sizeof *signer, 0);
}

void caudit_signer_forget(struct caudit_signer *signer) {
  signer->keyed = false;
  caudit_buf_free(&signer->secret);
  /* libcrypto cleanses what it frees; without a key both contexts are filled again first. */
  EVP_MD_CTX_reset(signer->inner);
  EVP_MD_CTX_reset(signer->outer);
}

/* ---- hashing --------------------------------------------------------------------------- */

static bool hash(struct caudit_signer *signer, const void *data, size_t len,
                 unsigned char out[HASH]) {
  return EVP_DigestInit_ex2(signer->work, signer->sha256, NULL) &&
         EVP_DigestUpdate(signer->work, data, len) && EVP_DigestFinal_ex(signer->work, out, NULL);
}

/* Brings two contexts behind the pads of an HMAC key. */
static bool set_pads(struct caudit_signer *signer, const void *key, size_t len, EVP_MD_CTX *inner,
                     EVP_MD_CTX *outer) {
  unsigned char block[BLOCK] = {0};
  bool ok = true;
  if (len > BLOCK)
    ok = hash(signer, key, len, block);
  else
    memcpy(block, key, len);
  for (size_t i = 0; i < BLOCK; i++) block[i] ^= 0x36;
  ok = ok && EVP_DigestInit_ex2(inner, signer->sha256, NULL) &&
       EVP_DigestUpdate(inner, block, BLOCK);
  for (size_t i = 0; i < BLOCK; i++) block[i] ^= 0x36 ^ 0x5c;
  ok = ok && EVP_DigestInit_ex2(outer, signer->sha256, NULL) &&
       EVP_DigestUpdate(outer, block, BLOCK);
  OPENSSL_cleanse(block, sizeof block);
  return ok;
}

/* HMAC with the key whose pads inner and outer hold; they stay as they are. */
static bool hmac_finish(struct caudit_signer *signer, const EVP_MD_CTX *inner,
                        const EVP_MD_CTX *outer, const void *data, size_t len,
                        unsigned char out[HASH]) {
  return EVP_MD_CTX_copy_ex(signer->work, inner) && EVP_DigestUpdate(signer->work, data, len) &&
         EVP_DigestFinal_ex(signer->work, out, NULL) && EVP_MD_CTX_copy_ex(signer->work, outer) &&
         EVP_DigestUpdate(signer->work, out, HASH) && EVP_DigestFinal_ex(signer->work, out, NULL);
}

static bool hmac(struct caudit_signer *signer, const void *key, size_t key_len, const void *data,
                 size_t len, unsigned char out[HASH]) {
  return set_pads(signer, key, key_len, signer->inner, signer->outer) &&
         hmac_finish(signer, signer->inner, signer->outer, data, len, out);
}

/* ---- stages ---------------------------------------------------------------------------- */

int caudit_sign_date(int64_t timestamp, char out[16]) {
  if (timestamp < 0 || timestamp > 253402300799) return -CAUDIT_VALIDATION; /* 1970 to 9999 */
  /* Days to a civil date, on years that begin in March: the leap day is then the last one. */
  unsigned days = (unsigned)(timestamp / 86400) + 719468;
  unsigned era = days / 146097, day_of_era = days % 146097;
  unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  unsigned shifted = (5 * day_of_year + 2) / 153;
  unsigned day = day_of_year - (153 * shifted + 2) / 5 + 1;
  unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
  unsigned year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  unsigned parts[10] = {year / 1000, year / 100 % 10, year / 10 % 10, year % 10,
                        0,           month / 10,      month % 10,     0,
                        day / 10,    day % 10};
  for (size_t i = 0; i < 10; i++) out[i] = i == 4 || i == 7 ? '-' : (char)('0' + parts[i]);
  out[10] = '\0';
  return 0;
}

int caudit_sign_hash(struct caudit_signer *signer, struct caudit_str bytes, char out[65]) {
  unsigned char digest[HASH];
  if (!hash(signer, bytes.data, bytes.len, digest)) return -CAUDIT_MEMORY;
  to_hex(digest, out);
  return 0;
}

static void put(struct caudit_buf *out, struct caudit_str text) {
  caudit_buf_append(out, text.data, text.len);
}

static void put_text(struct caudit_buf *out, const char *text) {
  put(out, caudit_str(text));
}

static bool sorts_before(struct caudit_str a, struct caudit_str b) {
  int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
  return order != 0 ? order < 0 : a.len < b.len;
}

/* content-type and host in their place among the extra headers: the names are sorted. */
static void put_headers(struct caudit_buf *out, const struct caudit_sign_input *input,
                        bool names_only) {
  struct caudit_signed_header pair[2] = {{CAUDIT_STR("content-type"), input->content_type},
                                         {CAUDIT_STR("host"), input->host}};
  size_t p = 0, e = 0;
  while (p < 2 || e < input->extra_count) {
    bool own =
        p < 2 && (e == input->extra_count || sorts_before(pair[p].name, input->extra[e].name));
    const struct caudit_signed_header *header = own ? &pair[p] : &input->extra[e];
    if (names_only && p + e > 0) caudit_buf_append(out, ";", 1);
    put(out, header->name);
    if (!names_only) {
      caudit_buf_append(out, ":", 1);
      put(out, header->value);
      caudit_buf_append(out, "\n", 1);
    }
    if (own)
      p++;
    else
      e++;
  }
}

void caudit_sign_canonical_request(struct caudit_buf *out, const struct caudit_sign_input *input,
                                   const char payload_hash[65]) {
  put(out, input->method);
  put_text(out, "\n/\n");
  put(out, input->query);
  caudit_buf_append(out, "\n", 1);
  put_headers(out, input, false);
  caudit_buf_append(out, "\n", 1);
  put_headers(out, input, true);
  caudit_buf_append(out, "\n", 1);
  caudit_buf_append(out, payload_hash, 64);
}

void caudit_sign_string_to_sign(struct caudit_buf *out, int64_t timestamp, const char date[16],
                                struct caudit_str service, const char canonical_request_hash[65]) {
  char digits[24];
  put_text(out, "TC3-HMAC-SHA256\n");
  caudit_buf_append(out, digits, caudit_decimal(digits, (uint64_t)timestamp));
  caudit_buf_append(out, "\n", 1);
  put_text(out, date);
  caudit_buf_append(out, "/", 1);
  put(out, service);
  put_text(out, "/tc3_request\n");
  caudit_buf_append(out, canonical_request_hash, 64);
}

int caudit_sign_keys(struct caudit_signer *signer, struct caudit_str secret_key,
                     const char date[16], struct caudit_str service, struct caudit_keys *out) {
  struct caudit_buf prefixed;
  signer->keyed = false; /* inner and outer are used below */
  caudit_buf_init(&prefixed, &signer->allocator, MAX_TEXT);
  put_text(&prefixed, "TC3");
  put(&prefixed, secret_key);
  bool ok = prefixed.status == 0 &&
            hmac(signer, prefixed.data, prefixed.len, date, strlen(date), out->date) &&
            hmac(signer, out->date, HASH, service.data, service.len, out->service) &&
            hmac(signer, out->service, HASH, "tc3_request", 11, out->signing);
  caudit_buf_free(&prefixed);
  if (!ok) OPENSSL_cleanse(out, sizeof *out);
  return ok ? 0 : -CAUDIT_MEMORY;
}

/* Makes inner and outer hold the signing key of (secret, date, service). */
static int ensure_key(struct caudit_signer *signer, struct caudit_str secret, const char date[16],
                      struct caudit_str service) {
  struct caudit_str held = {signer->secret.data, signer->secret.len};
  if (signer->keyed && strcmp(signer->date, date) == 0 && caudit_str_equal(held, secret) &&
      caudit_str_equal(caudit_str(signer->service), service))
    return 0;
  struct caudit_keys keys;
  if (service.len >= sizeof signer->service) return -CAUDIT_CONFIG;
  int failed = caudit_sign_keys(signer, secret, date, service, &keys);
  if (failed) return failed;
  bool ok = set_pads(signer, keys.signing, HASH, signer->inner, signer->outer);
  OPENSSL_cleanse(&keys, sizeof keys);
  if (!caudit_str_equal(held, secret)) {
    caudit_buf_free(&signer->secret);
    put(&signer->secret, secret);
  }
  caudit_copy_text(signer->date, sizeof signer->date, caudit_str(date));
  caudit_copy_text(signer->service, sizeof signer->service, service);
  signer->keyed = ok && signer->secret.status == 0;
  return signer->keyed ? 0 : -CAUDIT_MEMORY;
}

int caudit_sign_signature(struct caudit_signer *signer, struct caudit_str secret_key,
                          const char date[16], struct caudit_str service,
                          struct caudit_str string_to_sign, char out[65]) {
  unsigned char digest[HASH];
  int failed = ensure_key(signer, secret_key, date, service);
  if (failed) return failed;
  if (!hmac_finish(signer, signer->inner, signer->outer, string_to_sign.data, string_to_sign.len,
                   digest))
    return -CAUDIT_MEMORY;
  to_hex(digest, out);
  return 0;
}

void caudit_sign_authorization(struct caudit_buf *out, struct caudit_str secret_id,
                               const struct caudit_sign_input *input,
                               const struct caudit_signature *signature) {
  put_text(out, "TC3-HMAC-SHA256 Credential=");
  put(out, secret_id);
  caudit_buf_append(out, "/", 1);
  put_text(out, signature->date);
  caudit_buf_append(out, "/", 1);
  put(out, input->service);
  put_text(out, "/tc3_request, SignedHeaders=");
  put_headers(out, input, true);
  put_text(out, ", Signature=");
  caudit_buf_append(out, signature->signature, 64);
}

int caudit_sign(struct caudit_signer *signer, const struct caudit_credentials *credentials,
                const struct caudit_sign_input *input, struct caudit_signature *out,
                struct caudit_buf *authorization, struct caudit_error *err) {
  struct caudit_buf *text = &signer->text;
  struct caudit_str payload = input->payload;
  if (input->unsigned_payload) payload = caudit_str("UNSIGNED-PAYLOAD");
  if (caudit_sign_date(input->timestamp, out->date) != 0)
    return caudit_fail(err, CAUDIT_CONFIG, "a clock between the years 1970 and 9999 expected");
  int failed = caudit_sign_hash(signer, payload, out->payload_hash);
  if (failed) return stage_failed(err, failed);
  caudit_buf_clear(text);
  caudit_sign_canonical_request(text, input, out->payload_hash);
  failed = text->status;
  struct caudit_str canonical = {text->data, text->len};
  if (!failed) failed = caudit_sign_hash(signer, canonical, out->canonical_request_hash);
  if (failed) return stage_failed(err, failed);
  caudit_buf_clear(text);
  caudit_sign_string_to_sign(text, input->timestamp, out->date, input->service,
                             out->canonical_request_hash);
  failed = text->status;
  struct caudit_str string_to_sign = {text->data, text->len};
  if (!failed)
    failed = caudit_sign_signature(signer, credentials->secret_key, out->date, input->service,
                                   string_to_sign, out->signature);
  if (failed) return stage_failed(err, failed);
  caudit_sign_authorization(authorization, credentials->secret_id, input, out);
  return authorization->status == 0 ? 0 : stage_failed(err, authorization->status);
}
