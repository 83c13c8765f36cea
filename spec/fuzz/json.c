/* The pull reader on arbitrary bytes: tokens are within the document and in order, the same with
 * and without scratch memory; skipping equals reading, and comparing a name equals reading it. */
#include "fuzz.h"

enum { MOST_TOKENS = 1 << 14 };

static struct token {
  enum caudit_token type;
  struct caudit_str text; /* resolved, in `pool` */
  uint64_t magnitude;
  bool negative;
  unsigned depth;
} tokens[MOST_TOKENS];
static char pool[1 << 16];

static void require_text(const struct caudit_json_reader *reader,
                         const struct caudit_json_value *value, const char *room, size_t len) {
  struct caudit_str text = value->text;
  bool inside = text.data >= reader->start && text.data + text.len <= reader->end;
  bool resolved = reader->scratch && text.data >= room && text.data + text.len <= room + len;
  REQUIRE(inside || resolved);
}

static size_t read_all(struct caudit_str document, char *scratch, enum caudit_token *last) {
  struct caudit_json_reader reader;
  struct caudit_json_value value;
  size_t count = 0, used = 0;
  caudit_json_read(&reader, document);
  reader.scratch = scratch;
  while ((*last = caudit_json_next(&reader, &value)) > CAUDIT_JSON_END && count < MOST_TOKENS) {
    struct token *token = &tokens[count++];
    memset(token, 0, sizeof *token);
    token->type = *last;
    token->depth = reader.depth;
    REQUIRE(reader.depth <= CAUDIT_JSON_MAX_DEPTH && !reader.problem);
    if (*last == CAUDIT_JSON_INTEGER) {
      token->magnitude = value.magnitude;
      token->negative = value.negative;
    }
    if (*last == CAUDIT_JSON_NUMBER) {
      double number;
      if (caudit_json_double(value.text, &number)) REQUIRE(number - number == 0);
    }
    if (*last != CAUDIT_JSON_KEY && *last != CAUDIT_JSON_STRING) continue;
    require_text(&reader, &value, scratch, document.len);
    REQUIRE(used + value.text.len <= sizeof pool);
    token->text.data = pool + used;
    if (value.escaped && value.text.data >= reader.start && value.text.data <= reader.end) {
      token->text.len = caudit_json_unescape(value.text, pool + used);
      REQUIRE(token->text.len < value.text.len);
    } else {
      memcpy(pool + used, value.text.data, token->text.len = value.text.len);
    }
    used += token->text.len;
  }
  REQUIRE((*last == CAUDIT_JSON_ERROR) == (reader.problem != NULL));
  REQUIRE(reader.at >= reader.start && reader.at <= reader.end);
  if (*last <= CAUDIT_JSON_END) REQUIRE(caudit_json_next(&reader, &value) == *last);
  return count;
}

/* With scratch memory the tokens are the same. */
static void require_same_with_room(struct caudit_str document, size_t count,
                                   enum caudit_token last) {
  struct caudit_json_reader reader;
  struct caudit_json_value value;
  char *scratch = malloc(document.len > 0 ? document.len : 1);
  REQUIRE(scratch);
  caudit_json_read(&reader, document);
  reader.scratch = scratch;
  for (size_t i = 0; i < count; i++) {
    REQUIRE(caudit_json_next(&reader, &value) == tokens[i].type);
    if (tokens[i].type == CAUDIT_JSON_INTEGER)
      REQUIRE(value.magnitude == tokens[i].magnitude && value.negative == tokens[i].negative);
    if (tokens[i].type != CAUDIT_JSON_KEY && tokens[i].type != CAUDIT_JSON_STRING) continue;
    require_text(&reader, &value, scratch, document.len);
    REQUIRE(caudit_str_equal(value.text, tokens[i].text));
  }
  if (count < MOST_TOKENS) REQUIRE(caudit_json_next(&reader, &value) == last);
  free(scratch);
}

/* Skips every third container, and expects names before they are read. */
static void require_same_by_skipping(struct caudit_str document, size_t count) {
  struct caudit_json_reader reader;
  struct caudit_json_value value;
  caudit_json_read(&reader, document);
  for (size_t i = 0; i < count; i++) {
    struct caudit_json_reader before = reader;
    if (caudit_json_key(&reader, tokens[i].text)) {
      REQUIRE(tokens[i].type == CAUDIT_JSON_KEY);
      continue;
    }
    REQUIRE(memcmp(&before, &reader, sizeof before) == 0);
    REQUIRE(caudit_json_next(&reader, &value) == tokens[i].type);
    if (i % 3 != 0) continue;
    bool container = tokens[i].type == CAUDIT_JSON_ARRAY || tokens[i].type == CAUDIT_JSON_OBJECT;
    unsigned outside = tokens[i].depth - 1;
    bool whole = caudit_json_skip(&reader, tokens[i].type);
    if (!container) {
      REQUIRE(whole);
      continue;
    }
    while (i + 1 < count && tokens[i + 1].depth > outside) i++;
    if (i + 1 < count) i++; /* the closing bracket */
    if (count == MOST_TOKENS) return;
    REQUIRE(whole == (tokens[i].depth == outside));
    if (!whole) return;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum caudit_token last;
  struct caudit_str document = {(const char *)data, size};
  char *copy = exact(document);
  document.data = copy;
  size_t count = read_all(document, NULL, &last);
  require_same_with_room(document, count, last);
  require_same_by_skipping(document, count);
  uint64_t number;
  caudit_envelope_uint64(document, "TrackId", &number);
  free(copy);
  return 0;
}
