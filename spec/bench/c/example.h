/* The documented input example as it is sent, signed with a made-up key. */
#ifndef BENCH_EXAMPLE_H
#define BENCH_EXAMPLE_H

#define EXAMPLE_ID "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
#define EXAMPLE_KEY "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
#define EXAMPLE_AGENT "cloudaudit/0.1.0"
#define EXAMPLE_TIMESTAMP 1551113065
#define EXAMPLE_BODY                                                                               \
  "{\"Name\":\"audit\",\"ActionType\":\"Read\",\"ResourceType\":\"audit\",\"Status\":1,"           \
  "\"TrackForAllMembers\":1,\"EventNames\":[\"LookUpEvents\",\"DeleteAudit\"],\"Storage\":{"       \
  "\"StorageType\":\"cos\",\"StorageRegion\":\"ap-guangzhou\",\"StorageName\":\"audit-cos\","      \
  "\"StoragePrefix\":\"test\"}}"
#define EXAMPLE_LINES                                                                              \
  {                                                                                                \
    "Content-Type: application/json", "X-TC-Action: CreateAuditTrack", "X-TC-Version: 2019-03-19", \
        "X-TC-Timestamp: 1551113065", "X-TC-Region: ap-guangzhou",                                 \
        "X-TC-RequestClient: cloudaudit_lua_0.1.0",                                                \
        "Authorization: TC3-HMAC-SHA256 "                                                          \
        "Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cloudaudit/tc3_request, "      \
        "SignedHeaders=content-type;host, "                                                        \
        "Signature=57176484b37a5af4f1a6924a0609c91154c44493d06412980df2ea7221f8fcfc",              \
        "Expect:"                                                                                  \
  }

#endif
