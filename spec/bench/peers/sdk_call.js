// Calls of the official Node.js SDK, BENCH_IN_FLIGHT (1) at a time.
"use strict";
const sdk = require("./sdk");
const client = sdk.client();

sdk.timed(async () => {
  const answer = await client.CreateAuditTrack(sdk.params);
  if (answer.TrackId !== 1) throw new Error(JSON.stringify(answer));
}, Number(process.env.BENCH_IN_FLIGHT || 1));
