/* Before the first transfer: libcurl's initialisation, once in a process, and what is wrong with
 * the options of a transport. */
#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
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

static int wrong(struct caudit_error *err, const char *field, const char *text) {
  caudit_fail(err, CAUDIT_CONFIG, "%s: %s", field, text);
  if (err) memcpy(err->field, field, strlen(field) + 1);
  return -CAUDIT_CONFIG;
}

/* OpenSSL would take a directory that is not there for one that holds no certificate. */
static int check_path(const char *path, struct caudit_error *err) {
  char text[128];
  switch (caudit_trust_look_in(path)) {
  case CAUDIT_PATH_IS_LIST:
    return wrong(err, "ca_path", "one directory without a colon in its path expected");
  case CAUDIT_PATH_UNREADABLE:
    (void)snprintf(text, sizeof text, "a directory that can be read expected: %s", strerror(errno));
    return wrong(err, "ca_path", text);
  case CAUDIT_PATH_WITHOUT_HASHES:
    return wrong(err, "ca_path",
                 "the directory holds no certificate under a hashed name such as 9d66eef0.0: run "
                 "\"openssl rehash\" on it, or name a PEM file in ca_file");
  case CAUDIT_PATH_HASHED:
    break;
  }
  return 0;
}

/* A pipe as ca_file would keep libcurl waiting, and a device be read for ever. */
int caudit_options_check(const struct caudit_curl_options *options, struct caudit_error *err) {
  struct stat file;
  if (options->ca_file && stat(options->ca_file, &file) == 0 &&
      (!S_ISREG(file.st_mode) || file.st_size > MAX_CA_BYTES))
    return wrong(err, "ca_file", "a regular file of at most 16 MiB expected");
  int rc = options->ca_path ? check_path(options->ca_path, err) : 0;
  if (rc != 0) return rc;
  return options->proxy && options->proxy[0] ? caudit_proxy_check(caudit_str(options->proxy), err)
                                             : 0;
}
