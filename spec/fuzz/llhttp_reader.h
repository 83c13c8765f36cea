/* One response read by llhttp, Node's parser, in its strict mode: an independent reading to compare
 * the codec's with. */
#ifndef SPEC_FUZZ_LLHTTP_READER_H
#define SPEC_FUZZ_LLHTTP_READER_H

#include "cloudaudit/base.h"

#include <llhttp.h>
#include <string.h>

enum llhttp_outcome { LLHTTP_READ, LLHTTP_CUT, LLHTTP_REFUSED };

struct llhttp_reading {
  llhttp_t parser; /* first, so that the callbacks find the rest */
  bool bodiless;   /* the response to HEAD */
  bool complete;
  bool keep;
  int status;
  struct caudit_buf body;
};

/* llhttp leaves to its user which responses have no body, and what a switch of protocols means. */
static inline int llhttp_on_head(llhttp_t *parser) {
  struct llhttp_reading *reading = (struct llhttp_reading *)parser;
  reading->status = parser->status_code;
  /* llhttp_should_keep_alive also counts trailers. */
  reading->keep = parser->http_minor > 0 && !(parser->flags & F_CONNECTION_CLOSE);
  if (reading->status == 101) return -1;
  return reading->bodiless || reading->status < 200 || reading->status == 204 ||
         reading->status == 304;
}

static inline int llhttp_on_body(llhttp_t *parser, const char *at, size_t length) {
  return caudit_buf_append(&((struct llhttp_reading *)parser)->body, at, length);
}

static inline int llhttp_on_end(llhttp_t *parser) {
  struct llhttp_reading *reading = (struct llhttp_reading *)parser;
  if (reading->status < 200) return 0;
  reading->complete = true;
  return HPE_PAUSED;
}

/* Reads bytes after which the peer closes. The body is to be freed. */
static inline enum llhttp_outcome llhttp_read(struct llhttp_reading *reading,
                                              struct caudit_str bytes, bool bodiless) {
  static const llhttp_settings_t settings = {.on_headers_complete = llhttp_on_head,
                                             .on_body = llhttp_on_body,
                                             .on_message_complete = llhttp_on_end};
  memset(reading, 0, sizeof *reading);
  llhttp_init(&reading->parser, HTTP_RESPONSE, &settings);
  reading->bodiless = bodiless;
  caudit_buf_init(&reading->body, NULL, SIZE_MAX);
  llhttp_errno_t error = llhttp_execute(&reading->parser, bytes.data, bytes.len);
  if (reading->complete) return LLHTTP_READ;
  if (error != HPE_OK) return LLHTTP_REFUSED;
  (void)llhttp_finish(&reading->parser);
  return reading->complete ? LLHTTP_READ : LLHTTP_CUT;
}

#endif
