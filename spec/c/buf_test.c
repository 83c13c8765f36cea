/* The bounded buffer: growth, maximum, the failure that it keeps, and memory that is overwritten
 * before it is freed. */
#include "core/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Counts live bytes, checks the sizes of freed blocks, and fails after `left` allocations. */
struct meter {
  size_t bytes;
  int left;
  bool dirty; /* a block was freed that was not overwritten */
};

static void *meter_alloc(void *ud, void *ptr, size_t osize, size_t nsize) {
  struct meter *meter = ud;
  if (ptr) {
    const char *bytes = ptr;
    for (size_t i = 0; i < osize; i++)
      if (bytes[i] != 0) meter->dirty = true;
    meter->bytes -= osize;
    free(ptr);
  }
  if (nsize == 0) return NULL;
  if (meter->left == 0) return NULL;
  meter->left--;
  meter->bytes += nsize;
  return calloc(1, nsize); /* zeroed, so that unwritten bytes count as clean */
}

static void starts_empty(void **state) {
  (void)state;
  struct caudit_buf buf;
  caudit_buf_init(&buf, NULL, 10);
  assert_null(buf.data);
  assert_int_equal(buf.len, 0);
  assert_int_equal(buf.max, 10);
  caudit_buf_free(&buf);
  caudit_buf_free(&buf);
}

static void grows_and_keeps_every_byte(void **state) {
  (void)state;
  struct meter meter = {0, -1, false};
  struct caudit_allocator allocator = {meter_alloc, &meter};
  struct caudit_buf buf;
  caudit_buf_init(&buf, &allocator, 100000);
  for (int i = 0; i < 5000; i++) {
    char piece[7];
    memset(piece, i % 251 + 1, sizeof piece);
    assert_int_equal(caudit_buf_append(&buf, piece, sizeof piece), 0);
  }
  assert_int_equal(buf.len, 35000);
  assert_true(buf.capacity <= buf.max);
  for (size_t i = 0; i < buf.len; i++)
    assert_int_equal((unsigned char)buf.data[i], (i / 7) % 251 + 1);
  assert_int_equal(meter.bytes, buf.capacity);
  caudit_buf_clear(&buf);
  caudit_buf_append(&buf, "shorter", 7);
  caudit_buf_free(&buf);
  assert_int_equal(meter.bytes, 0);
  assert_false(meter.dirty);
}

static void stops_at_the_maximum(void **state) {
  (void)state;
  struct caudit_buf buf;
  char bytes[300] = {0};
  caudit_buf_init(&buf, NULL, sizeof bytes);
  assert_int_equal(caudit_buf_append(&buf, bytes, sizeof bytes), 0);
  assert_int_equal(buf.capacity, sizeof bytes);
  assert_int_equal(caudit_buf_append(&buf, "x", 1), -CAUDIT_QUOTA);
  assert_int_equal(buf.len, sizeof bytes);
  caudit_buf_free(&buf);
}

static void the_first_failure_is_kept(void **state) {
  (void)state;
  struct caudit_buf buf;
  caudit_buf_init(&buf, NULL, 4);
  assert_int_equal(caudit_buf_append(&buf, "12345", 5), -CAUDIT_QUOTA);
  assert_int_equal(caudit_buf_append(&buf, "1", 1), -CAUDIT_QUOTA);
  assert_int_equal(caudit_buf_append(&buf, "", 0), -CAUDIT_QUOTA);
  assert_null(caudit_buf_reserve(&buf, 1));
  assert_int_equal(buf.len, 0);
  caudit_buf_clear(&buf);
  assert_int_equal(caudit_buf_append(&buf, "1", 1), 0);
  assert_memory_equal(buf.data, "1", 1);
  caudit_buf_free(&buf);
}

static void sizes_do_not_overflow(void **state) {
  (void)state;
  struct caudit_buf buf;
  caudit_buf_init(&buf, NULL, SIZE_MAX);
  assert_int_equal(caudit_buf_append(&buf, "1", 1), 0);
  assert_null(caudit_buf_reserve(&buf, SIZE_MAX));
  assert_int_equal(buf.status, -CAUDIT_QUOTA);
  caudit_buf_free(&buf);
}

static void a_failed_allocation_is_kept(void **state) {
  (void)state;
  struct meter meter = {0, 1, false};
  struct caudit_allocator allocator = {meter_alloc, &meter};
  struct caudit_buf buf;
  caudit_buf_init(&buf, &allocator, 100000);
  assert_int_equal(caudit_buf_append(&buf, "kept", 4), 0);
  char *room = caudit_buf_reserve(&buf, 50000);
  assert_null(room);
  assert_int_equal(buf.status, -CAUDIT_MEMORY);
  assert_int_equal(buf.len, 4);
  assert_memory_equal(buf.data, "kept", 4);
  caudit_buf_free(&buf);
  assert_int_equal(meter.bytes, 0);
  assert_false(meter.dirty);
}

static void reserve_does_not_change_the_length(void **state) {
  (void)state;
  struct caudit_buf buf;
  caudit_buf_init(&buf, NULL, 1000);
  char *room = caudit_buf_reserve(&buf, 1000);
  assert_non_null(room);
  assert_int_equal(buf.len, 0);
  memset(room, 'r', 1000);
  buf.len = 1000;
  assert_ptr_equal(caudit_buf_reserve(&buf, 0), buf.data + 1000);
  caudit_buf_clear(&buf);
  assert_int_equal(buf.len, 0);
  assert_int_equal(buf.capacity, 1000);
  caudit_buf_free(&buf);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(starts_empty),
      cmocka_unit_test(grows_and_keeps_every_byte),
      cmocka_unit_test(stops_at_the_maximum),
      cmocka_unit_test(the_first_failure_is_kept),
      cmocka_unit_test(sizes_do_not_overflow),
      cmocka_unit_test(a_failed_allocation_is_kept),
      cmocka_unit_test(reserve_does_not_change_the_length),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
