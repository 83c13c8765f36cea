/* A decoded record as a tree. */
#ifndef CAUDIT_CORE_RECORD_H
#define CAUDIT_CORE_RECORD_H

#include "core/work.h"

enum caudit_record_type {
  CAUDIT_RECORD_NULL, /* in a list: an object has no such members */
  CAUDIT_RECORD_FALSE,
  CAUDIT_RECORD_TRUE,
  CAUDIT_RECORD_INTEGER, /* of 64 bits: text */
  CAUDIT_RECORD_DOUBLE,  /* any other number that a double holds */
  CAUDIT_RECORD_TEXT,    /* a string, or the digits of a number that no double holds */
  CAUDIT_RECORD_LIST,
  CAUDIT_RECORD_OBJECT
};

struct caudit_record {
  enum caudit_record_type type;
  bool plain_name, plain_text; /* printable ASCII without quotes and backslashes */
  struct caudit_str name;      /* of a member */
  struct caudit_record *next;
  union {
    struct caudit_str text;
    double number;
    struct {
      struct caudit_record *first, *last, *parent;
      struct caudit_object_secrets secrets;
    } in;
  } value;
};

static inline bool caudit_is_container(const struct caudit_record *record) {
  return record->type == CAUDIT_RECORD_LIST || record->type == CAUDIT_RECORD_OBJECT;
}

/* Whether a row takes members of that name from a record or from an object in it (row.c). */
bool caudit_is_in_row(struct caudit_str name);
/* Appends a text as a JSON string. It is valid UTF-8: where the text is not, it is escaped as
 * terminals are shown it. */
void caudit_write_shown(struct caudit_work *work, struct caudit_buf *out, struct caudit_str text);
/* Appends a record, whose members it sorts by name; null for none. */
void caudit_record_write(struct caudit_work *work, struct caudit_buf *out,
                         struct caudit_record *record);
/* Escapes the control characters that JSON lets through, from `start` on. */
void caudit_escape_controls(struct caudit_work *work, struct caudit_buf *out, size_t start);

#endif
