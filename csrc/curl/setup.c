/* Before the first transfer: libcurl's initialisation, once in a process, and what is wrong with
 * the options of a transport. */
#include "internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_CA_BYTES = 16 << 20 };

static pthread_once_t init_once = PTHREAD_ONCE_INIT;
static CURLcode init_result; /* written once, by init_libcurl */

static void init_libcurl(void) {
  init_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* libcurl looks at SSLKEYLOGFILE when it is initialised. The variable is emptied, not removed, for
 * that moment: removing it would move the others under a thread that reads them. */
static void init_without_env(void) {
  const char *value = getenv("SSLKEYLOGFILE");
  char *kept = value && value[0] ? strdup(value) : NULL;
  if (kept && setenv("SSLKEYLOGFILE", "", 1) != 0) {
    init_result = CURLE_OUT_OF_MEMORY;
    free(kept);
    return;
  }
  init_libcurl();
  if (kept) setenv("SSLKEYLOGFILE", kept, 1);
  free(kept);
}

int caudit_libcurl_init(bool no_env, struct caudit_error *err) {
  if (pthread_once(&init_once, no_env ? init_without_env : init_libcurl) != 0 ||
      init_result != CURLE_OK)
    return caudit_fail(err, CAUDIT_CONFIG, "curl_global_init failed");
  return 0;
}

/* A pipe as ca_file would keep libcurl waiting, and a device be read for ever. */
int caudit_options_check(const struct caudit_curl_options *options, struct caudit_error *err) {
  struct stat file;
  if (options->ca_file && stat(options->ca_file, &file) == 0 &&
      (!S_ISREG(file.st_mode) || file.st_size > MAX_CA_BYTES)) {
    caudit_fail(err, CAUDIT_CONFIG, "ca_file: a regular file of at most 16 MiB expected");
    if (err) memcpy(err->field, "ca_file", sizeof "ca_file");
    return -CAUDIT_CONFIG;
  }
  return options->proxy && options->proxy[0] ? caudit_proxy_check(caudit_str(options->proxy), err)
                                             : 0;
}
