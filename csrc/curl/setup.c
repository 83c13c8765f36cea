/* Before the first transfer: libcurl's initialisation, once in a process, and what is wrong with
 * the options of a transport. */
#include "internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_CA_BYTES = 16 << 20 };

static pthread_mutex_t init_lock = PTHREAD_MUTEX_INITIALIZER;
static bool initialised; /* guarded by init_lock */

/* libcurl looks at SSLKEYLOGFILE when it is initialised. The variable is emptied, not removed, for
 * that moment: removing it would move the others under a thread that reads them. */
static CURLcode init_without_env(void) {
  const char *value = getenv("SSLKEYLOGFILE");
  char *kept = value && value[0] ? strdup(value) : NULL;
  if (kept && setenv("SSLKEYLOGFILE", "", 1) != 0) {
    free(kept);
    return CURLE_OUT_OF_MEMORY;
  }
  CURLcode rc = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kept) setenv("SSLKEYLOGFILE", kept, 1);
  free(kept);
  return rc;
}

/* Only success is kept: the next transport tries again, since memory or a descriptor may have been
 * short for a moment. */
int caudit_libcurl_init(bool no_env, struct caudit_error *err) {
  CURLcode rc = CURLE_OK;
  pthread_mutex_lock(&init_lock);
  if (!initialised) rc = no_env ? init_without_env() : curl_global_init(CURL_GLOBAL_DEFAULT);
  if (rc == CURLE_OK) initialised = true;
  pthread_mutex_unlock(&init_lock);
  if (rc == CURLE_OK) return 0;
  return caudit_fail(err, rc == CURLE_OUT_OF_MEMORY ? CAUDIT_MEMORY : CAUDIT_CONFIG,
                     "curl_global_init failed: %s", curl_easy_strerror(rc));
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
