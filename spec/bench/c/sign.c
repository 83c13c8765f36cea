/* The signature of the documented example, with the signing key of the day cached. */
#include "timed.h"

#include "cloudaudit/cloudaudit.h"
#include "example.h"

struct signing {
  struct caudit_signer *signer;
  struct caudit_credentials credentials;
  struct caudit_sign_input input;
  struct caudit_buf authorization;
};

static void sign(struct signing *s) {
  struct caudit_signature signature;
  s->authorization.len = 0;
  if (caudit_sign(s->signer, &s->credentials, &s->input, &signature, &s->authorization, NULL) != 0)
    abort();
}

static void signatures(void *of, long count) {
  while (count-- > 0) sign(of);
}

int main(int argc, char **argv) {
  struct signing s = {.credentials = {CAUDIT_STR(EXAMPLE_ID), CAUDIT_STR(EXAMPLE_KEY), {NULL, 0}},
                      .input = {.method = CAUDIT_STR("POST"),
                                .content_type = CAUDIT_STR("application/json"),
                                .host = CAUDIT_STR("cloudaudit.tencentcloudapi.com"),
                                .payload = CAUDIT_STR(EXAMPLE_BODY),
                                .service = CAUDIT_STR("cloudaudit"),
                                .timestamp = EXAMPLE_TIMESTAMP}};
  if (caudit_signer_new(&s.signer, NULL, NULL) != 0) return 1;
  caudit_buf_init(&s.authorization, NULL, 4096);
  int status = timed_many(argc, argv, signatures, &s);
  caudit_buf_free(&s.authorization);
  caudit_signer_free(s.signer);
  return status;
}
