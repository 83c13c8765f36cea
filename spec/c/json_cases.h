/* Byte sequences that are and are not UTF-8, for the reader and the writer. */
#ifndef SPEC_JSON_CASES_H
#define SPEC_JSON_CASES_H

#include "cloudaudit/base.h"

static const struct caudit_str utf8_good[] = {
    CAUDIT_STR(""),
    CAUDIT_STR("\x7F"),
    CAUDIT_STR("\xC2\x80"),         /* U+0080 */
    CAUDIT_STR("\xDF\xBF"),         /* U+07FF */
    CAUDIT_STR("\xE0\xA0\x80"),     /* U+0800 */
    CAUDIT_STR("\xED\x9F\xBF"),     /* U+D7FF */
    CAUDIT_STR("\xEE\x80\x80"),     /* U+E000 */
    CAUDIT_STR("\xEF\xBF\xBF"),     /* U+FFFF */
    CAUDIT_STR("\xF0\x90\x80\x80"), /* U+10000 */
    CAUDIT_STR("\xF4\x8F\xBF\xBF"), /* U+10FFFF */
    CAUDIT_STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z"),
};

static const struct caudit_str utf8_bad[] = {
    CAUDIT_STR("\x80"), /* continuation alone */
    CAUDIT_STR("\xBF"),
    CAUDIT_STR("a\x80z"),
    CAUDIT_STR("\xC0\x80"), /* overlong */
    CAUDIT_STR("\xC0\xAF"),
    CAUDIT_STR("\xC1\xBF"),
    CAUDIT_STR("\xE0\x80\x80"),
    CAUDIT_STR("\xE0\x9F\xBF"),
    CAUDIT_STR("\xF0\x80\x80\x80"),
    CAUDIT_STR("\xF0\x8F\xBF\xBF"),
    CAUDIT_STR("\xED\xA0\x80"), /* surrogates */
    CAUDIT_STR("\xED\xBF\xBF"),
    CAUDIT_STR("\xED\xA0\xBD\xED\xB8\x80"),
    CAUDIT_STR("\xF4\x90\x80\x80"), /* beyond U+10FFFF */
    CAUDIT_STR("\xF5\x80\x80\x80"),
    CAUDIT_STR("\xF8\x88\x80\x80\x80"),
    CAUDIT_STR("\xFC\x84\x80\x80\x80\x80"),
    CAUDIT_STR("\xFE"),
    CAUDIT_STR("\xFF"),
    CAUDIT_STR("\xC3"), /* cut by the end */
    CAUDIT_STR("\xE2"),
    CAUDIT_STR("\xE2\x82"),
    CAUDIT_STR("\xF0\x9F"),
    CAUDIT_STR("\xF0\x9F\x98"),
    CAUDIT_STR("\xC3z"), /* cut by another character */
    CAUDIT_STR("\xE2\x82z"),
    CAUDIT_STR("\xE2z\xAC"),
    CAUDIT_STR("\xF0\x9F\x98z"),
    CAUDIT_STR("\xC3\xC3\xA9"),
    CAUDIT_STR("caf\xE9"), /* Latin-1 */
};

enum {
  UTF8_GOOD = sizeof utf8_good / sizeof utf8_good[0],
  UTF8_BAD = sizeof utf8_bad / sizeof utf8_bad[0]
};

#endif
