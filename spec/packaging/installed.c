/* A program that uses the installed C libraries; run.sh compiles it with the flags of pkg-config
 * alone. */
#include <cloudaudit/cloudaudit.h>
#include <cloudaudit/curl.h>
#include <stdio.h>

int main(void) {
  struct caudit_error err;
  struct caudit_curl *curl;
  struct caudit_curl_options options = {0};
  if (caudit_curl_new(&curl, &options, NULL, &err) != 0) {
    fprintf(stderr, "%s\n", err.message);
    return 1;
  }
  caudit_curl_free(curl);
  size_t actions;
  caudit_actions(&actions);
  printf("cloudaudit %s from C: %zu actions\n", CAUDIT_VERSION, actions);
  return actions > 0 ? 0 : 1;
}
