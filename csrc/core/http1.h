/* Shared by the two files of the reader of responses. */
#ifndef CAUDIT_CORE_HTTP1_H
#define CAUDIT_CORE_HTTP1_H

#include "core/internal.h"

enum caudit_http1_state {
  HTTP1_HEAD,
  HTTP1_BODY,
  HTTP1_UNTIL_CLOSE,
  HTTP1_CHUNK_LINE,
  HTTP1_CHUNK_DATA,
  HTTP1_CHUNK_END,
  HTTP1_TRAILERS,
  HTTP1_DONE,
  HTTP1_FAILED
};

/* Reads "HTTP/1.1 200 OK", without its end; the reason may be missing. Sets status and modern. */
bool caudit_http1_status_line(struct caudit_http1 *http, struct caudit_str line);
/* Decides from the final head how the body is framed, and sets the state. NULL, or what is wrong
 * with the head: a static text. A length is not compared with max_body. */
const char *caudit_http1_frame(struct caudit_http1 *http);

#endif
