/* Creates the tracking set from the example of Tencent's CreateAuditTrack page. From a clone:
 *   cc -Icsrc/include examples/create_track.c build/5.4/libcloudaudit-curl.a \
 *     build/5.4/libcloudaudit.a -lcurl -lcrypto -o build/create_track
 *   bin/try build/create_track [step]
 * Installed: cc create_track.c $(pkg-config --cflags --libs cloudaudit-curl)
 * Blocks, or with `step` never waits. The library itself reads no environment variables. */
#include <cloudaudit/cloudaudit.h>
#include <cloudaudit/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct caudit_str events[] = {CAUDIT_STR("LookUpEvents"), CAUDIT_STR("DeleteAudit")};
static const struct caudit_Storage storage = {.StorageType = CAUDIT_STR("cos"),
                                              .StorageRegion = CAUDIT_STR("ap-guangzhou"),
                                              .StorageName = CAUDIT_STR("audit-cos"),
                                              .StoragePrefix = CAUDIT_STR("test")};
static const struct caudit_CreateAuditTrackRequest track = {.Name = CAUDIT_STR("audit"),
                                                            .ActionType = CAUDIT_STR("Read"),
                                                            .Storage = &storage,
                                                            .ResourceType = CAUDIT_STR("audit"),
                                                            .Status = CAUDIT_SET(1),
                                                            .TrackForAllMembers = CAUDIT_SET(1),
                                                            .EventNames = {events, 2}};

/* Your own loop, such as a game's: a call takes many frames, and no frame waits for it. */
static int step(struct caudit_curl *curl, struct caudit_call *call, struct caudit_buf *body,
                struct caudit_error *err) {
  struct caudit_transfer *transfer = NULL;
  unsigned frames = 1;
  for (; !caudit_curl_advance(curl, call, &transfer, body, 0); frames++) {
    /* draw the frame */
  }
  printf("frames     %u\n", frames);
  if (!caudit_call_error(call)) return 0;
  *err = *caudit_call_error(call);
  return -1;
}

int main(int argc, char **argv) {
  struct caudit_options options = {.endpoint = caudit_str(getenv("CLOUDAUDIT_ENDPOINT"))};
  struct caudit_credentials keys = {.secret_id = caudit_str(getenv("TENCENTCLOUD_SECRET_ID")),
                                    .secret_key = caudit_str(getenv("TENCENTCLOUD_SECRET_KEY"))};
  struct caudit_curl_options connections = {.ca_file = getenv("CLOUDAUDIT_CA_FILE")};
  struct caudit_client *client = NULL;
  struct caudit_curl *curl = NULL;
  struct caudit_call *call = NULL;
  struct caudit_error err;
  struct caudit_buf body;
  caudit_buf_init(&body, NULL, 1 << 20);
  const struct caudit_action *action = caudit_action(caudit_str("CreateAuditTrack"));
  bool failed = caudit_client_new(&client, &options, NULL, &err) != 0 ||
                caudit_client_credentials(client, &keys, &err) != 0 ||
                caudit_curl_new(&curl, &connections, NULL, &err) != 0 ||
                caudit_call_new(&call, client, action, &track, true, &err) != 0;
  if (!failed && argc > 1 && strcmp(argv[1], "step") == 0)
    failed = step(curl, call, &body, &err) != 0;
  else if (!failed)
    failed = caudit_curl_run(curl, call, &body, &err) != 0;
  uint64_t id = 0;
  if (failed)
    fprintf(stderr, "%s: %s (outcome %s)\n", caudit_kind_name(err.kind), err.message,
            caudit_outcome_name(err.outcome));
  else if (caudit_envelope_uint64((struct caudit_str){body.data, body.len}, "TrackId", &id))
    printf("TrackId    %" PRIu64 "\nRequestId  %s\n", id, caudit_call_request_id(call).data);
  caudit_buf_free(&body);
  caudit_call_free(call);
  caudit_curl_free(curl);
  caudit_client_free(client);
  return failed;
}
