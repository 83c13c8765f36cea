/* A throwaway CA and a server certificate signed by it, for serving the emulator over HTTPS. The
 * CA's key never leaves this file. Not meant for a server that other machines can reach. */
#include "httpd/httpd.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum { MAX_PEM = 64 * 1024, MAX_NAMES = 4096, MAX_DAYS = 3650, DAY = 24 * 60 * 60 };

/* A certificate under construction; issuer is NULL for the CA, which is self-signed. */
struct draft {
  X509 *cert;
  EVP_PKEY *key;
  const struct draft *issuer;
};

static bool add_extension(const struct draft *draft, int nid, const char *value) {
  X509V3_CTX context;
  const struct draft *issuer = draft->issuer ? draft->issuer : draft;
  X509V3_set_ctx(&context, issuer->cert, draft->cert, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
  bool done = extension && X509_add_ext(draft->cert, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return done;
}

static bool set_serial(X509 *cert) {
  BIGNUM *serial = BN_new();
  bool done = serial && BN_rand(serial, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) != NULL;
  BN_free(serial);
  return done;
}

/* Valid from a day ago, so that a client whose clock is slightly behind accepts it. */
static bool fill(struct draft *draft, const char *common_name, int days) {
  const struct draft *issuer = draft->issuer ? draft->issuer : draft;
  draft->key = EVP_EC_gen("P-256");
  draft->cert = X509_new();
  if (!draft->key || !draft->cert) return false;
  X509_NAME *name = X509_get_subject_name(draft->cert);
  union {
    const char *text;
    const unsigned char *bytes;
  } value = {common_name};
  return X509_set_version(draft->cert, X509_VERSION_3) == 1 && set_serial(draft->cert) &&
         X509_gmtime_adj(X509_getm_notBefore(draft->cert), -DAY) != NULL &&
         X509_gmtime_adj(X509_getm_notAfter(draft->cert), (long)days * DAY) != NULL &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, value.bytes, -1, -1, 0) == 1 &&
         X509_set_issuer_name(draft->cert, X509_get_subject_name(issuer->cert)) == 1 &&
         X509_set_pubkey(draft->cert, draft->key) == 1;
}

static bool sign(struct draft *draft) {
  const struct draft *issuer = draft->issuer ? draft->issuer : draft;
  return X509_sign(draft->cert, issuer->key, EVP_sha256()) > 0;
}

static bool make_ca(struct draft *ca, int days) {
  return fill(ca, "cloudaudit emulator throwaway CA", days) &&
         add_extension(ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
         add_extension(ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
         add_extension(ca, NID_subject_key_identifier, "hash") && sign(ca);
}

static bool make_leaf(struct draft *leaf, const char *names, int days) {
  return fill(leaf, "cloudaudit emulator", days) &&
         add_extension(leaf, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(leaf, NID_key_usage, "critical,digitalSignature") &&
         add_extension(leaf, NID_ext_key_usage, "serverAuth") &&
         add_extension(leaf, NID_subject_alt_name, names) &&
         add_extension(leaf, NID_subject_key_identifier, "hash") &&
         add_extension(leaf, NID_authority_key_identifier, "keyid:always") && sign(leaf);
}

/* Letters, digits, dots, hyphens and colons (IPv6), with an optional leading "*.": nothing that
 * has another meaning in the text that OpenSSL parses. */
static bool plain_name(struct caudit_str name, bool *address) {
  size_t start = name.len > 2 && memcmp(name.data, "*.", 2) == 0 ? 2 : 0;
  bool colon = false, letter = start > 0;
  if (name.len == 0 || name.len > 253) return false;
  for (size_t i = start; i < name.len; i++) {
    char c = name.data[i];
    bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == ':') colon = true;
    if (alpha || c == '-') letter = true;
    if (!alpha && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != ':') return false;
  }
  *address = colon || !letter;
  return true;
}

/* "DNS:localhost,IP:127.0.0.1" */
static int list_names(struct caudit_buf *out, const struct caudit_str *names, size_t count,
                      struct caudit_error *err) {
  if (count == 0)
    return caudit_fail(err, CAUDIT_CONFIG, "names: empty; a certificate needs at least one name");
  for (size_t i = 0; i < count; i++) {
    bool address;
    if (!plain_name(names[i], &address))
      return caudit_fail(err, CAUDIT_CONFIG, "names[%zu] is neither a DNS name nor an IP address",
                         i + 1);
    const char *type = address ? "IP:" : "DNS:";
    if (i > 0) caudit_buf_append(out, ",", 1);
    caudit_buf_append(out, type, strlen(type));
    caudit_buf_append(out, names[i].data, names[i].len);
  }
  caudit_buf_append(out, "", 1);
  return out->status == 0 ? 0 : caudit_fail(err, CAUDIT_CONFIG, "names: too long together");
}

static bool drain(BIO *bio, struct caudit_buf *out) {
  char *data = NULL;
  long len = BIO_get_mem_data(bio, &data);
  return len > 0 && caudit_buf_append(out, data, (size_t)len) == 0;
}

static bool write_cert(X509 *cert, struct caudit_buf *out) {
  BIO *bio = BIO_new(BIO_s_mem());
  bool done = bio && PEM_write_bio_X509(bio, cert) == 1 && drain(bio, out);
  BIO_free(bio);
  return done;
}

static bool write_key(EVP_PKEY *key, struct caudit_buf *out) {
  BIO *bio = BIO_new(BIO_s_secmem());
  bool done = bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
              drain(bio, out);
  BIO_free(bio);
  return done;
}

int caudit_certificate_make(struct caudit_certificate *out, const struct caudit_str *names,
                            size_t count, int days, struct caudit_error *err) {
  caudit_buf_init(&out->ca, NULL, MAX_PEM);
  caudit_buf_init(&out->cert, NULL, MAX_PEM);
  caudit_buf_init(&out->key, NULL, MAX_PEM);
  if (days < 1 || days > MAX_DAYS)
    return caudit_fail(err, CAUDIT_CONFIG, "days must be from 1 to %d", MAX_DAYS);
  struct caudit_buf list;
  caudit_buf_init(&list, NULL, MAX_NAMES);
  int status = list_names(&list, names, count, err);
  struct draft ca = {NULL, NULL, NULL}, leaf = {NULL, NULL, &ca};
  if (status == 0 &&
      !(make_ca(&ca, days) && make_leaf(&leaf, list.data, days) && write_cert(ca.cert, &out->ca) &&
        write_cert(leaf.cert, &out->cert) && write_key(leaf.key, &out->key)))
    status = caudit_fail(err, CAUDIT_CONFIG, "cannot create the certificate: OpenSSL failed");
  X509_free(leaf.cert);
  EVP_PKEY_free(leaf.key);
  X509_free(ca.cert);
  EVP_PKEY_free(ca.key);
  caudit_buf_free(&list);
  return status;
}

void caudit_certificate_free(struct caudit_certificate *certificate) {
  caudit_buf_free(&certificate->ca);
  caudit_buf_free(&certificate->cert);
  caudit_buf_free(&certificate->key);
}
