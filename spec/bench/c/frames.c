/* The floor of a frame: the CPU time of each curl_multi_perform with 16 bare, reused easy handles
 * over TLS and the pause of a frame between two of them. `frames URL COUNT`; BENCH_CA names the
 * server's authority. Prints what work/steps.lua prints. */
#include "timed.h"

#include <curl/curl.h>
#include <string.h>

#include "example.h"

enum { IN_FLIGHT = 16, MOST_STEPS = 1 << 20 };

static double costs[MOST_STEPS];
static char sinks[IN_FLIGHT][4096];

static size_t collect(char *data, size_t size, size_t count, void *ud) {
  if (count > sizeof sinks[0]) return 0;
  memcpy(ud, data, count);
  return size * count;
}

static CURL *easy_new(const char *url, struct curl_slist *headers, void *sink) {
  CURL *easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, EXAMPLE_BODY);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, EXAMPLE_AGENT);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, sink);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  if (getenv("BENCH_CA")) curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("BENCH_CA"));
  return easy;
}

/* Moves all transfers on once, and lets those that have ended begin again while any are left. */
static void step(CURLM *multi, int *under_way, long *left) {
  int running, queued;
  curl_multi_perform(multi, &running);
  for (CURLMsg *message; (message = curl_multi_info_read(multi, &queued)) != NULL;) {
    CURL *easy = message->easy_handle;
    if (message->data.result != CURLE_OK) abort();
    curl_multi_remove_handle(multi, easy);
    if (*left == 0) {
      (*under_way)--;
      continue;
    }
    (*left)--;
    curl_multi_add_handle(multi, easy);
  }
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void measure(CURLM *multi, CURL **easy, long count) {
  static const double shares[] = {0.5, 0.99, 0.999, 1};
  const struct timespec frame = {0, 500000};
  long left = count - IN_FLIGHT;
  int under_way = IN_FLIGHT;
  size_t steps = 0;
  for (int i = 0; i < IN_FLIGHT; i++) curl_multi_add_handle(multi, easy[i]);
  while (under_way > 0 && steps < MOST_STEPS) {
    double began = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    step(multi, &under_way, &left);
    costs[steps++] = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - began;
    nanosleep(&frame, NULL);
  }
  qsort(costs, steps, sizeof *costs, ascending);
  printf("%zu", steps);
  for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
    printf(" %.3f", costs[(size_t)((double)(steps - 1) * shares[i])] / 1e6);
  printf("\n");
}

int main(int argc, char **argv) {
  static const char *const lines[] = EXAMPLE_LINES;
  struct curl_slist *headers = NULL;
  CURL *easy[IN_FLIGHT];
  CURLM *multi = curl_multi_init();
  if (argc != 3) return 2;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    headers = curl_slist_append(headers, lines[i]);
  for (int i = 0; i < IN_FLIGHT; i++) easy[i] = easy_new(argv[1], headers, sinks[i]);
  measure(multi, easy, IN_FLIGHT);
  measure(multi, easy, strtol(argv[2], NULL, 10));
  for (int i = 0; i < IN_FLIGHT; i++) curl_easy_cleanup(easy[i]);
  curl_multi_cleanup(multi);
  curl_slist_free_all(headers);
  return 0;
}
