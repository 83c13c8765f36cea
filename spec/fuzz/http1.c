/* The HTTP/1.1 codec compared with itself in other pieces, and with llhttp: whatever the codec
 * takes as complete, llhttp reads as the same response or refuses, and a connection is kept only
 * where llhttp would keep it. What the codec refuses, llhttp may read: spec/fixtures/http1.json has
 * the kinds of that, and http1_oracle.c holds the codec to what it must accept. One known
 * difference is skipped: llhttp takes no tab beside the name of a transfer encoding. */
#include "http1_reading.h"
#include "llhttp_reader.h"

static void require_same_in_pieces(const struct http1_reading *whole, struct caudit_str bytes,
                                   size_t size, const char *method) {
  struct http1_reading pieces;
  http1_read(&pieces, bytes, size, method);
  REQUIRE(pieces.outcome == whole->outcome && pieces.status == whole->status);
  if (whole->outcome != HTTP1_REFUSED)
    REQUIRE(caudit_str_equal(http1_body(&pieces), http1_body(whole)));
  REQUIRE(strcmp(pieces.err.message, whole->err.message) == 0);
  http1_free(&pieces);
}

static void require_same_in_llhttp(const struct http1_reading *whole, struct caudit_str bytes,
                                   bool bodiless) {
  struct llhttp_reading other;
  if (bytes.len > 0 && memchr(bytes.data, '\t', bytes.len)) return;
  enum llhttp_outcome outcome = llhttp_read(&other, bytes, bodiless);
  if (whole->outcome == HTTP1_CUT) REQUIRE(outcome != LLHTTP_READ);
  if (http1_is_complete(whole) && outcome != LLHTTP_REFUSED) {
    REQUIRE(outcome == LLHTTP_READ);
    REQUIRE(other.status == whole->status);
    REQUIRE(
        caudit_str_equal((struct caudit_str){other.body.data, other.body.len}, http1_body(whole)));
    REQUIRE(whole->outcome != HTTP1_KEEP || other.keep);
  }
  caudit_buf_free(&other.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct choices c = {data, data + size};
  struct http1_reading whole;
  uint8_t choice = choose(&c);
  const char *method = choice & 0x80 ? "HEAD" : "POST";
  struct caudit_str bytes = rest_of(&c);
  http1_read(&whole, bytes, bytes.len, method);
  require_same_in_pieces(&whole, bytes, (choice & 0x1F) + 1, method);
  require_same_in_llhttp(&whole, bytes, choice & 0x80);
  http1_free(&whole);
  return 0;
}
