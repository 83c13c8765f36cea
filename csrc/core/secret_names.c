/* Which names stand for secrets: of JSON members, form fields, URL parameters and headers. Letters
 * count without regard to case, and hyphens, underscores, dots and blanks not at all. */
#include "core/work.h"

/* How the names of secrets end. may_end_so knows their last two letters. */
static const struct caudit_str endings[] = {
    CAUDIT_STR("token"),         CAUDIT_STR("secret"),        CAUDIT_STR("secretkey"),
    CAUDIT_STR("accesskey"),     CAUDIT_STR("apikey"),        CAUDIT_STR("apikeys"),
    CAUDIT_STR("privatekey"),    CAUDIT_STR("signingkey"),    CAUDIT_STR("sessionkey"),
    CAUDIT_STR("masterkey"),     CAUDIT_STR("encryptionkey"), CAUDIT_STR("password"),
    CAUDIT_STR("passwords"),     CAUDIT_STR("passwd"),        CAUDIT_STR("pwd"),
    CAUDIT_STR("passphrase"),    CAUDIT_STR("passcode"),      CAUDIT_STR("adminpass"),
    CAUDIT_STR("rootpass"),      CAUDIT_STR("userpass"),      CAUDIT_STR("dbpass"),
    CAUDIT_STR("authorization"), CAUDIT_STR("signature"),     CAUDIT_STR("assertion"),
    CAUDIT_STR("cookie"),        CAUDIT_STR("cookies"),       CAUDIT_STR("kubeconfig"),
    CAUDIT_STR("userdata"),      CAUDIT_STR("credential"),    CAUDIT_STR("credentials"),
    CAUDIT_STR("secretdata"),    CAUDIT_STR("otp"),           CAUDIT_STR("mfacode"),
    CAUDIT_STR("pincode")};
/* How they begin, whatever follows. */
static const struct caudit_str beginnings[] = {
    CAUDIT_STR("privatekey"), CAUDIT_STR("passwordhash"), CAUDIT_STR("secretstring"),
    CAUDIT_STR("secretbinary"), CAUDIT_STR("secretvalue")};
/* Names of access key ids: secret at level ALL alone. */
static const struct caudit_str key_ids[] = {CAUDIT_STR("secretid"), CAUDIT_STR("accesskeyid"),
                                            CAUDIT_STR("akid")};
/* Names that end like a secret's and are none. */
static const struct caudit_str harmless[] = {CAUDIT_STR("nexttoken"), CAUDIT_STR("pagetoken"),
                                             CAUDIT_STR("clienttoken"),
                                             CAUDIT_STR("continuationtoken")};
/* Members of a pair such as {"Key": "DB_PASSWORD", "Value": "…"}. */
static const struct caudit_str pair_names[] = {
    CAUDIT_STR("key"),       CAUDIT_STR("name"),    CAUDIT_STR("parametername"),
    CAUDIT_STR("paramname"), CAUDIT_STR("envname"), CAUDIT_STR("field"),
    CAUDIT_STR("header"),    CAUDIT_STR("tagkey"),  CAUDIT_STR("variable")};
static const struct caudit_str pair_values[] = {
    CAUDIT_STR("value"),    CAUDIT_STR("parametervalue"), CAUDIT_STR("paramvalue"),
    CAUDIT_STR("envvalue"), CAUDIT_STR("defaultvalue"),   CAUDIT_STR("currentvalue"),
    CAUDIT_STR("data"),     CAUDIT_STR("content"),        CAUDIT_STR("tagvalue")};
static const struct caudit_str headers[] = {CAUDIT_STR("authorization"),
                                            CAUDIT_STR("proxyauthorization"), CAUDIT_STR("cookie"),
                                            CAUDIT_STR("setcookie")};

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* The longest of all of these has 18 letters. */
enum { PART = 24 };

/* A name as it is compared: its first and its last letters. */
struct plain {
  char first[PART], last[PART]; /* last ends at the end of its array */
  size_t count;                 /* letters in each, at most PART */
  bool whole;                   /* that is all of the name */
};

/* What a byte of a name counts as; 0 for one that does not count. No list has a NUL. */
static char letter_of(char c) {
  if (c == '-' || c == '_' || c == '.' || c == ' ') return 0;
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == '\0' ? '\1' : c;
}

static void read_plain(struct plain *out, struct caudit_str name) {
  size_t at = 0, count = 0;
  for (; at < name.len && count < PART; at++) {
    out->first[count] = letter_of(name.data[at]);
    count += out->first[count] != 0;
  }
  out->count = count;
  while (at < name.len && letter_of(name.data[at]) == 0) at++;
  out->whole = at == name.len;
  for (at = name.len; at > 0 && count > 0; at--) {
    char letter = letter_of(name.data[at - 1]);
    if (letter != 0) out->last[PART - out->count + --count] = letter;
  }
}

static bool ends_in(const struct plain *name, const struct caudit_str *list, size_t count) {
  for (size_t i = 0; i < count; i++) {
    size_t len = list[i].len;
    if (len <= name->count && name->last[PART - 1] == list[i].data[len - 1] &&
        memcmp(name->last + PART - len, list[i].data, len) == 0)
      return true;
  }
  return false;
}

static bool begins_with(const struct plain *name, const struct caudit_str *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (list[i].len <= name->count && name->first[0] == list[i].data[0] &&
        memcmp(name->first, list[i].data, list[i].len) == 0)
      return true;
  return false;
}

static bool is_one_of(const struct plain *name, const struct caudit_str *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (name->whole && name->count == list[i].len &&
        memcmp(name->first, list[i].data, name->count) == 0)
      return true;
  return false;
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool same_letters(const char *text, const char *lower, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (letter_of(text[i]) != lower[i]) return false;
  return true;
}

/* Whether a name ends with the word "pass", as in Pass, DbPass and MYSQL_PASS: not with that of
 * bypass or compass. */
static bool ends_in_pass(struct caudit_str name) {
  if (name.len < 4 || !same_letters(name.data + name.len - 4, "pass", 4)) return false;
  size_t before = name.len - 4;
  const char *word = name.data + before;
  if (before >= 2 && same_letters(word - 2, "by", 2)) return false;
  return before == 0 || memcmp(word, "Pass", 4) == 0 || !is_letter(word[-1]);
}

/* Whether some ending or key id has these two letters last. Most names end here. */
static bool may_end_so(char before, char last) {
  static const char *const pairs[] = {"en", "et", "ey", "ys", "rd", "ds", "wd", "se", "de", "ss",
                                      "on", "re", "ie", "es", "ig", "ta", "al", "ls", "tp", "id"};
  for (size_t i = 0; i < COUNT(pairs); i++)
    if (pairs[i][0] == before && pairs[i][1] == last) return true;
  return false;
}

static bool is_secret(struct caudit_str name, const struct plain *plain,
                      enum caudit_redact_level level) {
  if (ends_in_pass(name)) return true;
  if (plain->count < 2) return false;
  if (may_end_so(plain->last[PART - 2], plain->last[PART - 1])) {
    if (ends_in(plain, endings, COUNT(endings)))
      return !is_one_of(plain, harmless, COUNT(harmless));
    if (level == CAUDIT_REDACT_ALL && ends_in(plain, key_ids, COUNT(key_ids))) return true;
  }
  return begins_with(plain, beginnings, COUNT(beginnings));
}

bool caudit_is_secret_name(struct caudit_str name, enum caudit_redact_level level) {
  struct plain plain;
  read_plain(&plain, name);
  return is_secret(name, &plain, level);
}

static struct caudit_name_meaning find_meaning(struct caudit_str name,
                                               enum caudit_redact_level level) {
  struct plain plain;
  read_plain(&plain, name);
  return (struct caudit_name_meaning){is_secret(name, &plain, level),
                                      is_one_of(&plain, pair_names, COUNT(pair_names)),
                                      is_one_of(&plain, pair_values, COUNT(pair_values))};
}

struct caudit_name_meaning caudit_name_meaning(struct caudit_work *work, struct caudit_str name) {
  enum { SHORTEST = 3 }; /* of all of these: hours and minutes before a colon are shorter */
  uint32_t first, last;
  if (name.len < SHORTEST) return (struct caudit_name_meaning){false, false, false};
  if (name.len < sizeof first || name.len > CAUDIT_KNOWN_NAME)
    return find_meaning(name, work->level);
  memcpy(&first, name.data, sizeof first);
  memcpy(&last, name.data + name.len - sizeof last, sizeof last);
  size_t hash = (first * 0x9E3779B1U ^ last * 0x85EBCA6BU ^ (uint32_t)name.len) >> 16;
  /* Two names of one hash are kept, the newer first. */
  struct caudit_known_name *known = &work->known[hash % (CAUDIT_KNOWN_NAMES / 2) * 2];
  for (size_t i = 0; i < 2; i++)
    if (known[i].len == name.len && memcmp(known[i].name, name.data, name.len) == 0)
      return known[i].meaning;
  known[1] = known[0];
  known->len = (unsigned char)name.len;
  memcpy(known->name, name.data, name.len);
  known->meaning = find_meaning(name, work->level);
  return known->meaning;
}

bool caudit_is_key_id_byte(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool caudit_is_kept_value(struct caudit_str value, enum caudit_redact_level level) {
  if (level != CAUDIT_REDACT_SECRETS || value.len < 4 || memcmp(value.data, "AKID", 4) != 0)
    return false;
  for (size_t at = 4; at < value.len; at++)
    if (!caudit_is_key_id_byte(value.data[at])) return false;
  return true;
}

bool caudit_is_header_name(struct caudit_str name) {
  struct plain plain;
  read_plain(&plain, name);
  return is_one_of(&plain, headers, COUNT(headers));
}
