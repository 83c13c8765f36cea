/* The SHA-256 blocks that a signature of the documented example requires, and nothing else: those
 * of a body, a canonical request and a string to sign of its lengths, and one for the outer hash of
 * the HMAC. All are updates of one prepared context, to exclude the cost of other calls. */
#include "timed.h"

#include <openssl/evp.h>

#include "example.h"

/* Blocks of a message: SHA-256 adds a byte and eight of the length. */
#define BLOCKS_OF(length) (((length) + 9 + 63) / 64)

#define CANONICAL                                                                                  \
  "POST\n/\n\ncontent-type:application/json\nhost:cloudaudit.tencentcloudapi.com\n\n"              \
  "content-type;host\n"
#define TO_SIGN "TC3-HMAC-SHA256\n1551113065\n2019-02-25/cloudaudit/tc3_request\n"

enum {
  HEX = 64,
  BLOCK = 64,
  BLOCKS = BLOCKS_OF(sizeof EXAMPLE_BODY - 1) + BLOCKS_OF(sizeof CANONICAL - 1 + HEX) +
           BLOCKS_OF(sizeof TO_SIGN - 1 + HEX) + 1,
  BATCH = 100
};

struct hashing {
  EVP_MD_CTX *context;
  unsigned char *data;
};

static void signatures(void *of, long count) {
  struct hashing *h = of;
  for (; count > 0; count -= BATCH) {
    long batch = count < BATCH ? count : BATCH;
    if (!EVP_DigestUpdate(h->context, h->data, (size_t)BLOCKS * BLOCK * (size_t)batch)) abort();
  }
}

int main(int argc, char **argv) {
  struct hashing h = {EVP_MD_CTX_new(), calloc((size_t)BLOCKS * BLOCK, BATCH)};
  if (argc == 1) return printf("%d\n", BLOCKS) < 0;
  if (!h.context || !h.data || !EVP_DigestInit_ex(h.context, EVP_sha256(), NULL)) return 1;
  int status = timed_many(argc, argv, signatures, &h);
  EVP_MD_CTX_free(h.context);
  free(h.data);
  return status;
}
