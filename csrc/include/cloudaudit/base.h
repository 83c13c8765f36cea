/* Included by every other header: memory, borrowed strings, errors, bounded buffers. Nothing here
 * reads a clock, the environment or a global. */
#ifndef CLOUDAUDIT_BASE_H
#define CLOUDAUDIT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CAUDIT_API __attribute__((visibility("default")))
#define CAUDIT_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define CAUDIT_API
#define CAUDIT_PRINTF(text, first)
#endif

#define CAUDIT_VERSION "0.1.0"

/* ---- memory ---------------------------------------------------------------------------- */

/* The contract of lua_Alloc: nsize 0 frees ptr and returns NULL; otherwise allocates (ptr NULL) or
 * reallocates, and returns NULL when memory ran out. */
typedef void *(*caudit_alloc_fn)(void *ud, void *ptr, size_t osize, size_t nsize);

/* Copied into every object that allocates. All zero: malloc and free. */
struct caudit_allocator {
  caudit_alloc_fn fn;
  void *ud;
};

/* ---- borrowed strings ------------------------------------------------------------------ */

/* Borrowed bytes, which may include NUL. data NULL means "absent". */
struct caudit_str {
  const char *data;
  size_t len;
};

/* A struct caudit_str of a string literal, for initialisers. */
#define CAUDIT_STR(literal)                                                                        \
  { (literal), sizeof(literal) - 1 }

/* The bytes of a NUL-terminated string; absent for NULL. */
CAUDIT_API struct caudit_str caudit_str(const char *text);
CAUDIT_API bool caudit_str_equal(struct caudit_str a, struct caudit_str b);

/* ---- errors ---------------------------------------------------------------------------- */

/* The kinds of failure. A function that fails returns -kind. The names are those of the Lua API;
 * "misuse" (a wrong type, an unknown field) and "memory" are raised there. */
#define CAUDIT_KINDS(X)                                                                            \
  X(MISUSE, "misuse")                                                                              \
  X(MEMORY, "memory")                                                                              \
  X(VALIDATION, "validation")                                                                      \
  X(CONFIG, "config")                                                                              \
  X(CREDENTIALS, "credentials")                                                                    \
  X(AUTH, "auth")                                                                                  \
  X(PERMISSION, "permission")                                                                      \
  X(NOT_FOUND, "not_found")                                                                        \
  X(CONFLICT, "conflict")                                                                          \
  X(QUOTA, "quota")                                                                                \
  X(THROTTLED, "throttled")                                                                        \
  X(RANGE, "range")                                                                                \
  X(TIMEOUT, "timeout")                                                                            \
  X(DNS, "dns")                                                                                    \
  X(CONNECT, "connect")                                                                            \
  X(TLS, "tls")                                                                                    \
  X(TRANSPORT, "transport")                                                                        \
  X(PROTOCOL, "protocol")                                                                          \
  X(SERVER, "server")                                                                              \
  X(CANCELLED, "cancelled")                                                                        \
  X(CLOSED, "closed")                                                                              \
  X(CONTEXT, "context")

enum caudit_kind {
  CAUDIT_OK = 0,
#define CAUDIT_KIND_ENUM(name, text) CAUDIT_##name,
  CAUDIT_KINDS(CAUDIT_KIND_ENUM)
#undef CAUDIT_KIND_ENUM
};

/* The known effect of a failed call, judged by the last request that was sent. */
enum caudit_outcome {
  CAUDIT_NOT_SENT, /* no byte of any request was sent: the service did nothing */
  CAUDIT_REJECTED, /* the service refused the request: it did nothing */
  CAUDIT_UNKNOWN   /* a request was sent, and no response proves that it had no effect */
};

/* Filled by the callee, owned by the caller. Never holds a secret. Every text ends in NUL; a longer
 * one is truncated, never within a UTF-8 character. */
struct caudit_error {
  enum caudit_kind kind;
  enum caudit_outcome outcome;
  int http_status; /* 0 when no status line arrived */
  int attempts;    /* requests that were started */
  bool retryable;  /* the same call may succeed later, unchanged */
  int64_t elapsed_ms;
  char code[96]; /* the service's code, such as ResourceNotFound.AuditNotExist */
  char request_id[64];
  char field[128];   /* the wrong member, such as Storage.StorageName */
  char message[512]; /* one readable line */
  size_t text_at;    /* where the text after "owner.field: " starts in message; 0 without that */
};

/* The name, such as "not_found" for a kind and "rejected" for an outcome. Never NULL. */
CAUDIT_API const char *caudit_kind_name(enum caudit_kind kind);
CAUDIT_API const char *caudit_outcome_name(enum caudit_outcome outcome);
/* The kind with that name, CAUDIT_OK when there is none. */
CAUDIT_API enum caudit_kind caudit_kind_of(struct caudit_str name);

/* Clears err (which may be NULL), sets kind and message, outcome NOT_SENT; returns -kind. */
CAUDIT_API int caudit_fail(struct caudit_error *err, enum caudit_kind kind, const char *format, ...)
    CAUDIT_PRINTF(3, 4);

/* Prepends a path element to err->field: "name", or "name[index]" with an index counted from 1 (0:
 * none). For checks of nested values, from the innermost outwards. err may be NULL. */
CAUDIT_API void caudit_error_at(struct caudit_error *err, const char *name, size_t index);
/* Prepends "owner.field: ", or "owner: " without a field, to err->message, once the field is
 * complete. err may be NULL. */
CAUDIT_API void caudit_error_owned(struct caudit_error *err, const char *owner);

/* Copies a text that somebody else wrote so that it is one printable line of valid UTF-8, ended by
 * NUL: control characters of ASCII become a space; bytes that are not UTF-8 (\xff), other controls
 * and characters that change the direction of text (\u202e) are escaped. A longer text is
 * truncated. size: of out, at least 1; 6 * text.len + 1 always suffices. */
CAUDIT_API void caudit_copy_line(char *out, size_t size, struct caudit_str text);

/* ---- buffers --------------------------------------------------------------------------- */

/* A growing byte buffer with a maximum size. The first failed append is kept in `status` (0 or
 * -kind) and turns all later ones into no-ops, so that a writer checks once, at the end. */
struct caudit_buf {
  char *data;
  size_t len;
  size_t capacity;
  size_t max;
  struct caudit_allocator allocator;
  int status;
};

/* Does not allocate. allocator may be NULL (malloc); max is in bytes. */
CAUDIT_API void caudit_buf_init(struct caudit_buf *buf, const struct caudit_allocator *allocator,
                                size_t max);
CAUDIT_API int caudit_buf_append(struct caudit_buf *buf, const void *data, size_t len);
/* Returns room for len more bytes at the end, or NULL and sets the status. The caller writes there
 * and adds to buf->len. */
CAUDIT_API char *caudit_buf_reserve(struct caudit_buf *buf, size_t len);
/* Overwrites the content, empties the buffer and clears the status; keeps the memory. */
CAUDIT_API void caudit_buf_clear(struct caudit_buf *buf);
/* Overwrites the content and frees the memory. May be called again. */
CAUDIT_API void caudit_buf_free(struct caudit_buf *buf);

#ifdef __cplusplus
}
#endif
#endif
