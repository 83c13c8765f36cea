/* Texts without the secrets in them: JSON at any depth (JSON texts inside JSON too), URLs, form
 * bodies, header lines, broken JSON. Linear in the length of the text, on any bytes. A secret under
 * a name that is not known to be a secret's stays. */
#ifndef CLOUDAUDIT_REDACT_H
#define CLOUDAUDIT_REDACT_H

#include "cloudaudit/base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum caudit_redact_level {
  CAUDIT_REDACT_SECRETS, /* tokens, passwords, keys, signatures */
  CAUDIT_REDACT_ALL      /* access key ids too */
};

/* What stands in place of a secret. */
#define CAUDIT_REDACTED "[redacted]"

/* Memory for the work on one event after another. Everything that a function gives out of it is
 * valid until the next caudit_work_begin. */
struct caudit_work;

/* allocator may be NULL (malloc). Returns NULL when memory ran out. */
CAUDIT_API struct caudit_work *caudit_work_new(const struct caudit_allocator *allocator);
CAUDIT_API void caudit_work_free(struct caudit_work *work); /* may be NULL */
/* Forgets all texts, and every value that was found. */
CAUDIT_API void caudit_work_begin(struct caudit_work *work, enum caudit_redact_level level);
/* Memory that is valid until the next caudit_work_begin, aligned for any type; NULL when memory ran
 * out. */
CAUDIT_API void *caudit_work_alloc(struct caudit_work *work, size_t size);
/* 0, or -CAUDIT_MEMORY once memory ran out: the texts given since caudit_work_begin are worthless
 * then. */
CAUDIT_API int caudit_work_status(const struct caudit_work *work);

/* The text without the values of members, fields and headers whose names say that they are secrets;
 * the values count as found. JSON stays JSON. Returns the given text itself when it has none. */
CAUDIT_API struct caudit_str caudit_redact_values(struct caudit_work *work, struct caudit_str text);
/* Counts a value as found, unless it is too short to be told from a common word. It is borrowed. */
CAUDIT_API void caudit_redact_remember(struct caudit_work *work, struct caudit_str value);
/* The text without the values that were found, here or in another text, and at level ALL without
 * access key ids. Returns the given text itself when it has none. */
CAUDIT_API struct caudit_str caudit_redact_found(struct caudit_work *work, struct caudit_str text);

/* Whether the value of that name is to be hidden at a level. */
CAUDIT_API bool caudit_is_secret_name(struct caudit_str name, enum caudit_redact_level level);

#ifdef __cplusplus
}
#endif
#endif
