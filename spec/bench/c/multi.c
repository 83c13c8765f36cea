/* The floor of concurrent calls: 16 bare, reused libcurl easy handles in one multi handle.
 * `multi URL COUNT [WARM]` */
#include "timed.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <string.h>

#include "example.h"

enum { IN_FLIGHT = 16 };

struct exchange {
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

struct engine {
  CURLM *multi;
  CURL *easy[IN_FLIGHT];
  struct exchange exchanges[IN_FLIGHT];
  long left, under_way;
};

static void begin(struct engine *e, CURL *easy) {
  if (e->left == 0) return;
  e->left--;
  e->under_way++;
  if (curl_multi_add_handle(e->multi, easy) != CURLM_OK) abort();
}

static void end(struct engine *e, const CURLMsg *message) {
  long status = 0;
  char *private = NULL;
  CURL *easy = message->easy_handle;
  if (message->data.result != CURLE_OK) abort();
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
  struct exchange *x = (void *)private;
  if (status != 200 || x->len == 0) abort();
  x->len = 0;
  curl_multi_remove_handle(e->multi, easy);
  e->under_way--;
  begin(e, easy);
}

static void calls(void *of, long count) {
  struct engine *e = of;
  int running, queued;
  e->left = count;
  for (int i = 0; i < IN_FLIGHT; i++) begin(e, e->easy[i]);
  while (e->under_way > 0) {
    curl_multi_perform(e->multi, &running);
    bool moved = false;
    for (CURLMsg *message; (message = curl_multi_info_read(e->multi, &queued)); moved = true)
      end(e, message);
    if (!moved && e->under_way > 0) curl_multi_poll(e->multi, NULL, 0, 1000, NULL);
  }
}

int main(int argc, char **argv) {
  static const char *const lines[] = EXAMPLE_LINES;
  static struct engine e;
  struct curl_slist *headers = NULL;
  e.multi = curl_multi_init();
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    headers = curl_slist_append(headers, lines[i]);
  for (int i = 0; i < IN_FLIGHT; i++) {
    CURL *easy = e.easy[i] = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, EXAMPLE_BODY);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, EXAMPLE_AGENT);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &e.exchanges[i]);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &e.exchanges[i]);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  }
  int status = timed_many(argc - 1, argv + 1, calls, &e);
  for (int i = 0; i < IN_FLIGHT; i++) curl_easy_cleanup(e.easy[i]);
  curl_multi_cleanup(e.multi);
  curl_slist_free_all(headers);
  return status;
}
