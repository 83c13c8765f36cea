/* The floor of a blocking call: a bare, reused libcurl easy handle that sends the bytes of a signed
 * request and collects the response. `easy URL COUNT [WARM]`; BENCH_CA names the authority of an
 * HTTPS server. */
#include "timed.h"

#include <curl/curl.h>
#include <string.h>

#include "example.h"

struct exchange {
  CURL *easy;
  size_t len;
  char body[4096];
};

static size_t collect(char *data, size_t size, size_t count, void *ud) {
  struct exchange *x = ud;
  if (x->len + count > sizeof x->body) return 0;
  memcpy(x->body + x->len, data, count);
  x->len += count;
  return size * count;
}

static void call(struct exchange *x) {
  long status = 0;
  x->len = 0;
  if (curl_easy_perform(x->easy) != CURLE_OK) abort();
  curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200 || x->len == 0) abort();
}

static void calls(void *of, long count) {
  while (count-- > 0) call(of);
}

int main(int argc, char **argv) {
  static const char *const lines[] = EXAMPLE_LINES;
  struct exchange x = {.easy = curl_easy_init()};
  struct curl_slist *headers = NULL;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    headers = curl_slist_append(headers, lines[i]);
  curl_easy_setopt(x.easy, CURLOPT_URL, argv[1]);
  curl_easy_setopt(x.easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(x.easy, CURLOPT_POSTFIELDS, EXAMPLE_BODY);
  curl_easy_setopt(x.easy, CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt(x.easy, CURLOPT_WRITEDATA, &x);
  curl_easy_setopt(x.easy, CURLOPT_USERAGENT, EXAMPLE_AGENT);
  curl_easy_setopt(x.easy, CURLOPT_NOSIGNAL, 1L);
  if (getenv("BENCH_CA")) curl_easy_setopt(x.easy, CURLOPT_CAINFO, getenv("BENCH_CA"));
  int status = timed_many(argc - 1, argv + 1, calls, &x);
  curl_easy_cleanup(x.easy);
  curl_slist_free_all(headers);
  return status;
}
