/* The system's trust store as any libcurl may name it: curl_version_info is given by the test. */
#include "curl/internal.h"
#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64], bundle[96], directory[96], link_name[128];
static curl_version_info_data named;

curl_version_info_data *__wrap_curl_version_info(CURLversion age);

curl_version_info_data *__wrap_curl_version_info(CURLversion age) {
  (void)age;
  return &named;
}

static void write_file(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(close(fd), 0);
}

static int prepare(void **state) {
  (void)state;
  (void)snprintf(root, sizeof root, "/tmp/cloudaudit-trust-XXXXXX");
  if (!mkdtemp(root)) return -1;
  (void)snprintf(bundle, sizeof bundle, "%s/bundle.pem", root);
  (void)snprintf(directory, sizeof directory, "%s/certs", root);
  (void)snprintf(link_name, sizeof link_name, "%s/9d66eef0.0", directory);
  write_file(bundle);
  if (mkdir(directory, 0700) != 0) return -1;
  write_file(link_name);
  memset(&named, 0, sizeof named);
  named.age = CURLVERSION_SEVENTH;
  named.ssl_version = "OpenSSL/3.0.2";
  named.cainfo = bundle;
  named.capath = directory;
  return 0;
}

static int clean(void **state) {
  (void)state;
  (void)unlink(link_name);
  (void)rmdir(directory);
  (void)unlink(bundle);
  return rmdir(root);
}

struct bench {
  struct caudit_curl curl;
  struct caudit_transfer transfer;
};

static void open_bench(struct bench *bench) {
  memset(bench, 0, sizeof *bench);
  bench->transfer.curl = &bench->curl;
  bench->transfer.easy = curl_easy_init();
  assert_non_null(bench->transfer.easy);
  assert_int_equal(caudit_trust_init(&bench->transfer), CURLE_OK);
}

/* What a handle trusts at its next exchange. */
static void trusts(struct bench *bench, const char *file, const char *path) {
  assert_int_equal(caudit_trust_follow(&bench->transfer), CURLE_OK);
  assert_ptr_equal(bench->curl.trust.file, file);
  assert_ptr_equal(bench->curl.trust.directory, path);
  assert_int_equal(bench->transfer.spelling, file || path ? bench->curl.spelling : -1);
}

static void trusts_at_first(const char *file, const char *path) {
  struct bench bench;
  open_bench(&bench);
  trusts(&bench, file, path);
  curl_easy_cleanup(bench.transfer.easy);
}

static void a_directory_with_hashed_names_is_taken_alone(void **state) {
  (void)state;
  trusts_at_first(NULL, directory);
  named.cainfo = NULL;
  trusts_at_first(NULL, directory);
}

static void else_the_bundle_is_taken_alone(void **state) {
  (void)state;
  const char *other[] = {"GnuTLS/3.7.9", "wolfSSL/5.6", NULL};
  for (size_t i = 0; i < 3; i++) {
    named.ssl_version = other[i];
    trusts_at_first(bundle, NULL);
  }
  named.ssl_version = "LibreSSL/3.8.2";
  trusts_at_first(NULL, directory);
  assert_int_equal(unlink(link_name), 0);
  trusts_at_first(bundle, NULL);
  named.capath = NULL;
  trusts_at_first(bundle, NULL);
}

static void libcurl_keeps_its_defaults_when_neither_is_there(void **state) {
  (void)state;
  named.capath = "/nowhere/certs";
  named.cainfo = "/nowhere/bundle.pem";
  trusts_at_first(NULL, NULL);
  named.age = CURLVERSION_SIXTH;
  trusts_at_first(NULL, NULL);
}

/* As in a new root that has the bundle alone, and while update-ca-certificates is at work. */
static void the_choice_is_made_again_when_what_was_chosen_changes(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench);
  trusts(&bench, NULL, directory);
  int before = bench.curl.spelling;
  assert_int_equal(unlink(link_name), 0);
  assert_int_equal(rmdir(directory), 0);
  trusts(&bench, bundle, NULL);
  assert_int_equal(bench.curl.spelling, before + 1);
  trusts(&bench, bundle, NULL);
  assert_int_equal(bench.curl.spelling, before + 1);
  assert_int_equal(unlink(bundle), 0);
  trusts(&bench, bundle, NULL); /* the failure names it */
  assert_int_equal(bench.curl.spelling, before + 2);
  assert_int_equal(mkdir(directory, 0700), 0);
  write_file(link_name);
  write_file(bundle);
  trusts(&bench, NULL, directory);
  curl_easy_cleanup(bench.transfer.easy);
}

/* Two changes of a directory within one step of the file system's clock have one time. */
static void a_directory_that_has_just_changed_is_looked_at_again(void **state) {
  (void)state;
  struct bench bench;
  struct timespec now, times[2];
  open_bench(&bench);
  clock_gettime(CLOCK_REALTIME, &now);
  now.tv_sec += 3600; /* recent for as long as the test may take */
  times[0] = times[1] = now;
  assert_int_equal(utimensat(AT_FDCWD, directory, times, 0), 0);
  trusts(&bench, NULL, directory);
  assert_true(bench.curl.trust.directory_mark.recent);
  assert_int_equal(bench.curl.spelling, 0);
  bench.curl.trust.directory_mark.seconds = 0; /* so that only `recent` will differ */
  times[0].tv_sec = times[1].tv_sec = 0;
  assert_int_equal(utimensat(AT_FDCWD, directory, times, 0), 0);
  trusts(&bench, NULL, directory);
  assert_int_equal(bench.curl.spelling, 1);
  trusts(&bench, NULL, directory);
  assert_int_equal(bench.curl.spelling, 1);
  curl_easy_cleanup(bench.transfer.easy);
}

static void the_options_come_before_the_system(void **state) {
  (void)state;
  static char file[] = "/own.pem", path[] = "/own";
  for (int i = 1; i < 4; i++) {
    struct bench bench;
    open_bench(&bench);
    bench.curl.ca_file = i & 1 ? file : NULL;
    bench.curl.ca_path = i & 2 ? path : NULL;
    trusts(&bench, i & 1 ? file : NULL, i & 2 ? path : NULL);
    curl_easy_cleanup(bench.transfer.easy);
  }
}

static void a_path_without_certificates_to_find_is_refused_by_name(void **state) {
  (void)state;
  struct caudit_curl *curl;
  struct caudit_error err;
  struct caudit_curl_options options = {.ca_path = directory};
  assert_int_equal(caudit_curl_new(&curl, &options, NULL, &err), 0);
  caudit_curl_free(curl);
  assert_int_equal(unlink(link_name), 0);
  const char *wrong[] = {directory, bundle, "/nowhere", "", "/tmp:/tmp"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    options.ca_path = wrong[i];
    assert_int_equal(caudit_curl_new(&curl, &options, NULL, &err), -CAUDIT_CONFIG);
    assert_null(curl);
    assert_string_equal(err.field, "ca_path");
    assert_int_equal(strncmp(err.message, "ca_path: ", 9), 0);
    assert_int_equal(caudit_curl_new(&curl, &options, NULL, NULL), -CAUDIT_CONFIG);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, clean)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_directory_with_hashed_names_is_taken_alone),
      TEST(else_the_bundle_is_taken_alone),
      TEST(libcurl_keeps_its_defaults_when_neither_is_there),
      TEST(the_choice_is_made_again_when_what_was_chosen_changes),
      TEST(a_directory_that_has_just_changed_is_looked_at_again),
      TEST(the_options_come_before_the_system),
      TEST(a_path_without_certificates_to_find_is_refused_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
