/* The seed's input example as it goes out. */
#ifndef BENCH_EXAMPLE_H
#define BENCH_EXAMPLE_H

#define EXAMPLE_ID "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
#define EXAMPLE_KEY "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
#define EXAMPLE_TIMESTAMP 1551113065
#define EXAMPLE_BODY                                                                               \
  "{\"Name\":\"audit\",\"Status\":1,\"Storage\":{\"StorageType\":\"cos\",\"StorageRegion\":"       \
  "\"ap-guangzhou\",\"StorageName\":\"audit-cos\",\"StoragePrefix\":\"test\"},\"ActionType\":"     \
  "\"Read\",\"ResourceType\":\"audit\",\"EventNames\":[\"LookUpEvents\",\"DeleteAudit\"],"         \
  "\"TrackForAllMembers\":1}"

#endif
