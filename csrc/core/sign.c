/* TC3-HMAC-SHA256: the named stages, and the signer that caches digest states. Key material is held
 * in two digest contexts and in the copy of the secret that identifies them; both are overwritten
 * when replaced. */
#include "core/internal.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <string.h>

enum { HASH = 32, BLOCK = 64, DATE = 10, DAY = 86400, MAX_TEXT = 1 << 20 };

struct caudit_signer {
  struct caudit_allocator allocator;
  EVP_MD *sha256;
  /* Copying a digest state is faster in libcrypto than setting one up. */
  EVP_MD_CTX *work;
  EVP_MD_CTX *fresh; /* nothing hashed yet */
  EVP_MD_CTX *inner; /* state after the inner pad of the signing key */
  EVP_MD_CTX *outer;
  struct caudit_buf secret; /* the secret key that inner and outer were derived from */
  char date[16];
  char service[64];
  bool keyed;
  struct caudit_buf text; /* canonical request, then string to sign */
  char day[16];           /* the date of the day that starts at day_start; empty at first */
  int64_t day_start;
};

/* Fills err from the status of a failed stage. */
static int stage_failed(struct caudit_error *err, int status) {
  if (status == -CAUDIT_MEMORY) return caudit_fail(err, CAUDIT_MEMORY, "not enough memory to sign");
  return caudit_fail(err, CAUDIT_CONFIG, "the service name or the text to sign is too long");
}

#define HEX_ROW(h)                                                                                 \
  h "0" h "1" h "2" h "3" h "4" h "5" h "6" h "7" h "8" h "9" h "a" h "b" h "c" h "d" h "e" h "f"

static const char hex[] = HEX_ROW("0") HEX_ROW("1") HEX_ROW("2") HEX_ROW("3") HEX_ROW("4")
    HEX_ROW("5") HEX_ROW("6") HEX_ROW("7") HEX_ROW("8") HEX_ROW("9") HEX_ROW("a") HEX_ROW("b")
        HEX_ROW("c") HEX_ROW("d") HEX_ROW("e") HEX_ROW("f");

static void to_hex(const unsigned char *bytes, char out[65]) {
  for (size_t i = 0; i < HASH; i += 4, bytes += 4, out += 8) {
    memcpy(out, hex + 2 * (size_t)bytes[0], 2);
    memcpy(out + 2, hex + 2 * (size_t)bytes[1], 2);
    memcpy(out + 4, hex + 2 * (size_t)bytes[2], 2);
    memcpy(out + 6, hex + 2 * (size_t)bytes[3], 2);
  }
  *out = '\0';
}

static atomic_bool cleaned_up, watched;

static void on_cleanup(void) {
  atomic_store(&cleaned_up, true);
}

/* False once libcrypto was cleaned up, as exit does: later finalizers must not use it. */
static bool has_libcrypto(void) {
  return !atomic_load_explicit(&cleaned_up, memory_order_relaxed);
}

/* Has libcrypto tell when it is cleaned up, which may be over already. */
static void watch_cleanup(void) {
  if (OPENSSL_init_crypto(0, NULL) != 1)
    on_cleanup();
  else if (!atomic_exchange(&watched, true) && OPENSSL_atexit(on_cleanup) != 1)
    atomic_store(&watched, false);
}

enum { PROBE_BYTES = 4096 };

static bool has_memory(void) {
  void *probe = OPENSSL_malloc(PROBE_BYTES);
  OPENSSL_free(probe);
  return probe != NULL;
}

/* Fills err for libcrypto without SHA-256. OPENSSL_CONF may leave out the provider that has it;
 * lack of memory may be reported as the same. */
static int without_sha256(struct caudit_error *err) {
  if (!has_libcrypto())
    return caudit_fail(err, CAUDIT_CONFIG, "libcrypto was cleaned up, so nothing can be signed");
  if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_UNSUPPORTED && has_memory())
    return caudit_fail(err, CAUDIT_CONFIG, "SHA-256 is unavailable in libcrypto");
  return caudit_fail(err, CAUDIT_MEMORY, "not enough memory for libcrypto");
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
  ERR_set_mark();
  watch_cleanup();
  for (int turn = 0; turn < 2 && !signer->sha256 && has_libcrypto(); turn++)
    signer->sha256 =
        EVP_MD_fetch(NULL, "SHA256", NULL); /* again, if memory was short for a moment */
  int failed = signer->sha256 ? 0 : without_sha256(err);
  ERR_pop_to_mark();
  if (!failed) {
    signer->work = EVP_MD_CTX_new();
    signer->fresh = EVP_MD_CTX_new();
    signer->inner = EVP_MD_CTX_new();
    signer->outer = EVP_MD_CTX_new();
    if (!signer->work || !signer->fresh || !signer->inner || !signer->outer ||
        !EVP_DigestInit_ex2(signer->fresh, signer->sha256, NULL))
      failed = caudit_fail(err, CAUDIT_MEMORY, "not enough memory for libcrypto");
  }
  if (failed) {
    caudit_signer_free(signer);
    return failed;
  }
  *out = signer;
  return 0;
}

void caudit_signer_free(struct caudit_signer *signer) {
  if (!signer) return;
  if (has_libcrypto()) {
    EVP_MD_CTX_free(signer->work);
    EVP_MD_CTX_free(signer->fresh);
    EVP_MD_CTX_free(signer->inner);
    EVP_MD_CTX_free(signer->outer);
    EVP_MD_free(signer->sha256);
  }
  caudit_buf_free(&signer->secret);
  caudit_buf_free(&signer->text);
  struct caudit_allocator allocator = signer->allocator;
  caudit_realloc(&allocator, signer, sizeof *signer, 0);
}

void caudit_signer_forget(struct caudit_signer *signer) {
  signer->keyed = false;
  caudit_buf_free(&signer->secret);
  /* libcrypto overwrites what it frees; both contexts are set again before their next use. */
  if (!has_libcrypto()) return;
  EVP_MD_CTX_reset(signer->inner);
  EVP_MD_CTX_reset(signer->outer);
}

/* ---- hashing --------------------------------------------------------------------------- */

/* After a copy that failed for lack of memory, OpenSSL 3.5 and later keep the digest of `out`
 * without its state, and the next copy into it would crash: so `out` starts anew. */
static bool copy_state(EVP_MD_CTX *out, const EVP_MD_CTX *state) {
  if (EVP_MD_CTX_copy_ex(out, state)) return true;
  EVP_MD_CTX_reset(out);
  return false;
}

/* Hashes data from a copy of a state. */
static bool hash_from(struct caudit_signer *signer, const EVP_MD_CTX *state, const void *data,
                      size_t len, unsigned char out[HASH]) {
  return copy_state(signer->work, state) && EVP_DigestUpdate(signer->work, data, len) &&
         EVP_DigestFinal_ex(signer->work, out, NULL);
}

/* Sets inner and outer to the states after the pads of an HMAC key. */
static bool set_pads(struct caudit_signer *signer, const void *key, size_t len) {
  unsigned char block[BLOCK] = {0};
  bool ok = true;
  if (len > BLOCK)
    ok = hash_from(signer, signer->fresh, key, len, block);
  else
    memcpy(block, key, len);
  for (size_t i = 0; i < BLOCK; i++) block[i] ^= 0x36;
  ok = ok && copy_state(signer->inner, signer->fresh) &&
       EVP_DigestUpdate(signer->inner, block, BLOCK);
  for (size_t i = 0; i < BLOCK; i++) block[i] ^= 0x36 ^ 0x5c;
  ok = ok && copy_state(signer->outer, signer->fresh) &&
       EVP_DigestUpdate(signer->outer, block, BLOCK);
  OPENSSL_cleanse(block, sizeof block);
  return ok;
}

/* HMAC with the key that inner and outer were set to. */
static bool hmac_finish(struct caudit_signer *signer, const void *data, size_t len,
                        unsigned char out[HASH]) {
  return hash_from(signer, signer->inner, data, len, out) &&
         hash_from(signer, signer->outer, out, HASH, out);
}

static bool hmac(struct caudit_signer *signer, const void *key, size_t key_len, const void *data,
                 size_t len, unsigned char out[HASH]) {
  return set_pads(signer, key, key_len) && hmac_finish(signer, data, len, out);
}

/* ---- stages ---------------------------------------------------------------------------- */

int caudit_sign_hash(struct caudit_signer *signer, struct caudit_str bytes, char out[65]) {
  unsigned char digest[HASH];
  if (!has_libcrypto()) return -CAUDIT_CONFIG;
  if (!hash_from(signer, signer->fresh, bytes.data, bytes.len, digest)) return -CAUDIT_MEMORY;
  to_hex(digest, out);
  return 0;
}

int caudit_sign_keys(struct caudit_signer *signer, struct caudit_str secret_key,
                     const char date[16], struct caudit_str service, struct caudit_keys *out) {
  struct caudit_buf prefixed;
  if (!has_libcrypto()) return -CAUDIT_CONFIG;
  signer->keyed = false; /* inner and outer are used below */
  caudit_buf_init(&prefixed, &signer->allocator, MAX_TEXT);
  CAUDIT_PUT(&prefixed, "TC3");
  caudit_put(&prefixed, secret_key.data, secret_key.len);
  bool ok = prefixed.status == 0 &&
            hmac(signer, prefixed.data, prefixed.len, date, DATE, out->date) &&
            hmac(signer, out->date, HASH, service.data, service.len, out->service) &&
            hmac(signer, out->service, HASH, "tc3_request", 11, out->signing);
  caudit_buf_free(&prefixed);
  if (!ok) OPENSSL_cleanse(out, sizeof *out);
  return ok ? 0 : -CAUDIT_MEMORY;
}

/* Sets inner and outer to the signing key of (secret, date, service), unless they are already. */
static int ensure_key(struct caudit_signer *signer, struct caudit_str secret, const char date[16],
                      struct caudit_str service) {
  struct caudit_str held = {signer->secret.data, signer->secret.len};
  if (signer->keyed && memcmp(signer->date, date, DATE) == 0 && caudit_str_equal(held, secret) &&
      caudit_str_equal(caudit_str(signer->service), service))
    return 0;
  struct caudit_keys keys;
  if (service.len >= sizeof signer->service) return -CAUDIT_CONFIG;
  int failed = caudit_sign_keys(signer, secret, date, service, &keys);
  if (failed) return failed;
  bool ok = set_pads(signer, keys.signing, HASH);
  OPENSSL_cleanse(&keys, sizeof keys);
  if (!caudit_str_equal(held, secret)) {
    caudit_buf_free(&signer->secret);
    caudit_put(&signer->secret, secret.data, secret.len);
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
  if (!has_libcrypto()) return -CAUDIT_CONFIG;
  int failed = ensure_key(signer, secret_key, date, service);
  if (failed) return failed;
  if (!hmac_finish(signer, string_to_sign.data, string_to_sign.len, digest)) return -CAUDIT_MEMORY;
  to_hex(digest, out);
  return 0;
}

/* Caches the date of the last day. */
static int date_of(struct caudit_signer *signer, int64_t timestamp, char out[16]) {
  bool same_day =
      signer->day[0] && timestamp >= signer->day_start && timestamp - signer->day_start < DAY;
  if (!same_day) {
    if (caudit_sign_date(timestamp, signer->day) != 0) return -CAUDIT_VALIDATION;
    signer->day_start = timestamp / DAY * DAY;
  }
  memcpy(out, signer->day, sizeof signer->day);
  return 0;
}

int caudit_sign(struct caudit_signer *signer, const struct caudit_credentials *credentials,
                const struct caudit_sign_input *input, struct caudit_signature *out,
                struct caudit_buf *authorization, struct caudit_error *err) {
  struct caudit_buf *text = &signer->text;
  struct caudit_str payload = input->payload;
  if (!has_libcrypto()) return without_sha256(err);
  if (input->unsigned_payload) payload = caudit_str("UNSIGNED-PAYLOAD");
  if (date_of(signer, input->timestamp, out->date) != 0)
    return caudit_fail(err, CAUDIT_CONFIG,
                       "timestamp: a time between the years 1970 and 9999 expected");
  int failed = caudit_sign_hash(signer, payload, out->payload_hash);
  if (failed) return stage_failed(err, failed);
  text->status = 0;
  text->len = 0; /* both texts follow from what is sent: nothing secret to overwrite */
  caudit_sign_canonical_request(text, input, out->payload_hash);
  failed = text->status;
  struct caudit_str canonical = {text->data, text->len};
  if (!failed) failed = caudit_sign_hash(signer, canonical, out->canonical_request_hash);
  if (failed) return stage_failed(err, failed);
  text->len = 0;
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
