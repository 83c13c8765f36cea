/* The CA bundle as a file that may be replaced at any time. libcurl keeps the parsed bundle,
 * verified connections and TLS sessions by the text of the path, so a changed file is given to it
 * under another spelling of its path: then nothing that the old file vouched for is used again. */
#include "internal.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SPELLINGS = 500 };

#if defined(__APPLE__)
#define NANOSECONDS(file) ((file).st_mtimespec.tv_nsec)
#else
#define NANOSECONDS(file) ((file).st_mtim.tv_nsec)
#endif

/* The bundle that libcurl was built for, when it is readable; NULL: it has a directory alone. */
static const char *default_bundle(void) {
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  if (info->age < CURLVERSION_SEVENTH || !info->cainfo) return NULL;
  return access(info->cainfo, R_OK) == 0 ? info->cainfo : NULL;
}

/* A bundle alone is parsed once and kept; with a directory as well, libcurl 7.88 reads both again
 * for every connection. The directory holds the same certificates. */
CURLcode caudit_trust_init(CURL *easy, struct caudit_curl *curl) {
  if (!curl->bundle) curl->bundle = curl->ca_file ? curl->ca_file : default_bundle();
  if (curl->ca_file) {
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_CAINFO, curl->ca_file);
    if (rc != CURLE_OK) return rc;
  }
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 24L * 3600L);
#endif
  return curl->bundle ? curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) : CURLE_OK;
}

/* Counts the changes of the file, from the first look on. A missing file is a state like others.
 * False: it is not a regular file. */
static bool look(struct caudit_curl *curl) {
  struct stat file;
  struct caudit_trust now;
  memset(&now, 0, sizeof now);
  now.seen = true;
  if (stat(curl->bundle, &file) == 0) {
    if (!S_ISREG(file.st_mode)) return false; /* opening a pipe would wait */
    now.device = (uint64_t)file.st_dev;
    now.inode = (uint64_t)file.st_ino;
    now.size = (int64_t)file.st_size;
    now.seconds = (int64_t)file.st_mtime;
    now.nanoseconds = (int64_t)NANOSECONDS(file);
  }
  if (curl->trust.seen && memcmp(&now, &curl->trust, sizeof now) != 0)
    curl->spelling = (curl->spelling + 1) % SPELLINGS;
  curl->trust = now;
  return true;
}

/* "/etc/ca.pem" as "/./etc/ca.pem", "ca.pem" as "./ca.pem", and so on. */
static CURLcode spell(struct caudit_transfer *transfer) {
  struct caudit_curl *curl = transfer->curl;
  size_t prefix = 2 * (size_t)curl->spelling, len = strlen(curl->bundle);
  char *path = caudit_memory(&curl->allocator, NULL, 0, prefix + len + 1);
  if (!path) return CURLE_OUT_OF_MEMORY;
  for (size_t i = 0; i < prefix; i += 2) memcpy(path + i, curl->bundle[0] == '/' ? "/." : "./", 2);
  memcpy(path + prefix, curl->bundle, len + 1);
  CURLcode rc = curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, path);
  caudit_memory(&curl->allocator, path, prefix + len + 1, 0);
  if (rc == CURLE_OK) transfer->spelling = curl->spelling;
  return rc;
}

CURLcode caudit_trust_follow(struct caudit_transfer *transfer) {
  struct caudit_curl *curl = transfer->curl;
  if (!curl->bundle) return CURLE_OK;
  if (!look(curl)) return CURLE_SSL_CACERT_BADFILE;
  return transfer->spelling == curl->spelling ? CURLE_OK : spell(transfer);
}
