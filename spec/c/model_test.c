/* The model's lookups by name. */
#include "support.h"

static void lookups_match_exact_names(void **state) {
  (void)state;
  size_t actions, shapes;
  const struct caudit_action *all = caudit_actions(&actions);
  const struct caudit_shape *const *every = caudit_shapes(&shapes);
  assert_int_equal(actions, 19 + 2);
  assert_int_equal(shapes, 12 + 2 + 2 * actions); /* every action has two of its own */
  for (size_t i = 0; i < actions; i++) {
    assert_ptr_equal(caudit_action(caudit_str(all[i].name)), &all[i]);
    bool sts = strcmp(all[i].service->name, "sts") == 0;
    assert_string_equal(all[i].service->version, sts ? "2018-08-13" : "2019-03-19");
    assert_int_equal(sts, i >= 19); /* a service after the other, each sorted */
    if (i > 0 && i != 19) assert_true(strcmp(all[i - 1].name, all[i].name) < 0);
    char name[80];
    (void)snprintf(name, sizeof name, "%sRequest", all[i].name);
    assert_string_equal(all[i].request->name, name);
    assert_ptr_equal(caudit_shape(caudit_str(name)), all[i].request);
    (void)snprintf(name, sizeof name, "%sResponse", all[i].name);
    assert_ptr_equal(caudit_shape(caudit_str(name)), all[i].response);
  }
  for (size_t i = 0; i < shapes; i++) {
    assert_ptr_equal(caudit_shape(caudit_str(every[i]->name)), every[i]);
    for (size_t k = 0; k < every[i]->field_count; k++)
      assert_ptr_equal(caudit_field(every[i], caudit_str(every[i]->fields[k].name)),
                       &every[i]->fields[k]);
  }
  assert_null(caudit_action(caudit_str("createaudittrack")));
  assert_null(caudit_action(caudit_str("CreateAuditTrac")));
  assert_null(caudit_action(caudit_str(NULL)));
  assert_null(caudit_shape(caudit_str("storage")));
  assert_null(caudit_field(caudit_shape(caudit_str("Storage")), caudit_str("StorageNam")));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lookups_match_exact_names)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
