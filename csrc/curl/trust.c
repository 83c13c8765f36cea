/* Whom a transport trusts: a PEM file, a directory of certificates under hashed names, or both,
 * which may be changed at any time. libcurl keeps the parsed file, verified connections and TLS
 * sessions by the text of the paths, so after a change it is given them under another spelling:
 * then nothing that the old certificates vouched for is used again. */
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* TICK_MS: longer than a kernel's steps of file times. */
enum { SPELLINGS = 500, HASH_DIGITS = 8, PATH_BYTES = 1024, TICK_MS = 20 };

#if defined(__APPLE__)
#define NANOSECONDS(file) ((file).st_mtimespec.tv_nsec)
#else
#define NANOSECONDS(file) ((file).st_mtim.tv_nsec)
#endif

/* "9d66eef0.0": eight hexadecimal digits, a dot and a number. */
static bool is_hashed_name(const char *name) {
  static const char digits[] = "0123456789abcdef";
  return strspn(name, digits) == HASH_DIGITS && name[HASH_DIGITS] == '.' &&
         name[HASH_DIGITS + 1] != '\0' &&
         name[HASH_DIGITS + 1 + strspn(name + HASH_DIGITS + 1, "0123456789")] == '\0';
}

/* A link whose certificate is gone does not count. */
static bool is_readable_file(const char *directory, const char *name) {
  char path[PATH_BYTES];
  struct stat file;
  int len = snprintf(path, sizeof path, "%s/%s", directory, name);
  return len > 0 && (size_t)len < sizeof path && stat(path, &file) == 0 && S_ISREG(file.st_mode) &&
         access(path, R_OK) == 0;
}

enum caudit_hashed caudit_trust_look_in(const char *path) {
  if (strchr(path, ':')) return CAUDIT_PATH_IS_LIST;
  errno = 0;
  DIR *directory = opendir(path);
  if (!directory) return CAUDIT_PATH_UNREADABLE;
  enum caudit_hashed found = CAUDIT_PATH_WITHOUT_HASHES;
  for (const struct dirent *entry; found != CAUDIT_PATH_HASHED && (entry = readdir(directory));)
    if (is_hashed_name(entry->d_name) && is_readable_file(path, entry->d_name))
      found = CAUDIT_PATH_HASHED;
  closedir(directory);
  return found;
}

/* OpenSSL and its kin open the one certificate that they need by its hashed name. Other libraries
 * read a whole directory for each connection, which takes longer than the bundle. */
static bool opens_by_hash(const curl_version_info_data *info) {
  const char *tls = info->ssl_version;
  return tls && (strncmp(tls, "OpenSSL", 7) == 0 || strncmp(tls, "LibreSSL", 8) == 0 ||
                 strncmp(tls, "quictls", 7) == 0);
}

/* The system's trust store, where libcurl was built to look for it: the directory alone where that
 * is quick, else the bundle alone, for with both libcurl parses the bundle again for each
 * connection. Both hold the same certificates. Neither is set when libcurl names none that can be
 * used: then its own defaults stay. */
static void choose_system(const char **file, const char **directory) {
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  *file = *directory = NULL;
  if (info->age < CURLVERSION_SEVENTH) return;
  if (info->capath && opens_by_hash(info) &&
      caudit_trust_look_in(info->capath) == CAUDIT_PATH_HASHED)
    *directory = info->capath;
  else if (info->cainfo && access(info->cainfo, R_OK) == 0)
    *file = info->cainfo;
}

/* Keeps what was chosen before when there is nothing to choose: a failure then names it. */
static void choose(struct caudit_curl *curl) {
  struct caudit_trust *trust = &curl->trust;
  const char *file = curl->ca_file, *directory = curl->ca_path;
  if (!file && !directory) choose_system(&file, &directory);
  if (!file && !directory) return;
  trust->file = file;
  trust->directory = directory;
}

/* A proxy that speaks TLS is one of the system's, as with every program: ca_file and ca_path are
 * for the service. */
static CURLcode set_proxy_trust(CURL *easy) {
  const char *file, *directory;
  choose_system(&file, &directory);
  if (!file && !directory) return CURLE_OK;
  if (curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, file) == CURLE_OUT_OF_MEMORY ||
      curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, directory) == CURLE_OUT_OF_MEMORY)
    return CURLE_OUT_OF_MEMORY;
  return CURLE_OK; /* without either option libcurl speaks no TLS to proxies, or has defaults */
}

CURLcode caudit_trust_init(struct caudit_transfer *transfer) {
  transfer->spelling = -1;
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(transfer->easy, CURLOPT_CA_CACHE_TIMEOUT, 24L * 3600L);
#endif
  const struct caudit_curl *curl = transfer->curl;
  return curl->proxy || curl->proxy_from_env ? set_proxy_trust(transfer->easy) : CURLE_OK;
}

/* A file that is replaced has another inode or size; of a directory only the time tells that a name
 * in it was added, replaced or removed. */
static bool is_recent(const struct stat *file) {
  struct timespec now;
  if (!S_ISDIR(file->st_mode)) return false;
  clock_gettime(CLOCK_REALTIME, &now);
  int64_t age_ms = ((int64_t)now.tv_sec - (int64_t)file->st_mtime) * 1000 +
                   (now.tv_nsec - (int64_t)NANOSECONDS(*file)) / 1000000;
  return age_ms < TICK_MS;
}

/* What the file or the directory is like now; all zero when there is none. */
static struct caudit_mark mark_of(const char *path, mode_t *mode) {
  struct stat now;
  struct caudit_mark mark;
  memset(&mark, 0, sizeof mark);
  *mode = 0;
  if (!path || stat(path, &now) != 0) return mark;
  *mode = now.st_mode;
  mark.device = (uint64_t)now.st_dev;
  mark.inode = (uint64_t)now.st_ino;
  mark.size = (int64_t)now.st_size;
  mark.seconds = (int64_t)now.st_mtime;
  mark.nanoseconds = (int64_t)NANOSECONDS(now);
  mark.recent = is_recent(&now);
  return mark;
}

/* Marks both as they are now. False: the file is none that can be read to its end, such as a pipe.
 */
static bool mark_both(struct caudit_trust *trust) {
  mode_t mode;
  trust->directory_mark = mark_of(trust->directory, &mode);
  trust->file_mark = mark_of(trust->file, &mode);
  return mode == 0 || S_ISREG(mode);
}

/* Counts the changes from the first look on. A missing file is a state like others. */
static bool look(struct caudit_curl *curl) {
  struct caudit_trust *trust = &curl->trust, before = *trust;
  if (!trust->seen) choose(curl);
  bool usable = mark_both(trust);
  trust->seen = true;
  if (before.seen &&
      (memcmp(&before.file_mark, &trust->file_mark, sizeof trust->file_mark) != 0 ||
       memcmp(&before.directory_mark, &trust->directory_mark, sizeof before.directory_mark) != 0)) {
    curl->spelling = (curl->spelling + 1) % SPELLINGS;
    choose(curl);
    usable = mark_both(trust);
  }
  return usable;
}

/* "/etc/ca.pem" as "/./etc/ca.pem", "ca.pem" as "./ca.pem", and so on; NULL: none, which a TLS
 * library without that option has anyway. */
static CURLcode set_path(struct caudit_transfer *transfer, CURLoption option, const char *plain) {
  const struct caudit_curl *curl = transfer->curl;
  if (!plain) {
    curl_easy_setopt(transfer->easy, option, NULL);
    return CURLE_OK;
  }
  size_t prefix = 2 * (size_t)curl->spelling, len = strlen(plain);
  char *path = caudit_memory(&curl->allocator, NULL, 0, prefix + len + 1);
  if (!path) return CURLE_OUT_OF_MEMORY;
  const char *same = plain[0] == '/' ? "/." : "./";
  for (size_t i = 0; i < prefix; i++) path[i] = same[i % 2];
  memcpy(path + prefix, plain, len + 1);
  CURLcode rc = curl_easy_setopt(transfer->easy, option, path);
  caudit_memory(&curl->allocator, path, prefix + len + 1, 0);
  return rc;
}

static bool is_relative(const char *path) {
  return path && path[0] != '/';
}

/* From libcurl 8.12 on the sessions under a relative path are found under all of its spellings, so
 * none are kept. */
static CURLcode set_paths(struct caudit_transfer *transfer) {
  const struct caudit_curl *curl = transfer->curl;
  const struct caudit_trust *trust = &curl->trust;
  bool keeps = !is_relative(trust->file) && !is_relative(trust->directory);
  CURLcode rc = set_path(transfer, CURLOPT_CAINFO, trust->file);
  if (rc == CURLE_OK) rc = set_path(transfer, CURLOPT_CAPATH, trust->directory);
  if (rc == CURLE_OK)
    rc = curl_easy_setopt(transfer->easy, CURLOPT_SSL_SESSIONID_CACHE, keeps ? 1L : 0L);
  if (rc == CURLE_OK) transfer->spelling = curl->spelling;
  return rc;
}

CURLcode caudit_trust_follow(struct caudit_transfer *transfer) {
  struct caudit_curl *curl = transfer->curl;
  if (!look(curl)) return CURLE_SSL_CACERT_BADFILE;
  if (!curl->trust.file && !curl->trust.directory) return CURLE_OK;
  return transfer->spelling == curl->spelling ? CURLE_OK : set_paths(transfer);
}
