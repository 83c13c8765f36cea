// The official Node.js SDK (installed by spec/hosts/node-sdk), and the protocol of every bench program:
// `program COUNT [WARM]` prints the wall and the CPU time of COUNT repetitions in nanoseconds.
"use strict";
const path = require("path");
const fs = require("fs");
const http = require("http");
const https = require("https");

const SDK = path.join(__dirname, "..", "..", "hosts", "node-sdk", "node_modules", "tencentcloud-sdk-nodejs", "tencentcloud");

exports.id = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE";
exports.key = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE";
exports.params = {
  Name: "audit",
  ActionType: "Read",
  ResourceType: "audit",
  Status: 1,
  TrackForAllMembers: 1,
  EventNames: ["LookUpEvents", "DeleteAudit"],
  Storage: { StorageType: "cos", StorageRegion: "ap-guangzhou", StorageName: "audit-cos", StoragePrefix: "test" },
};

exports.signer = () => require(path.join(SDK, "common", "sign")).default;

// A client of the server at BENCH_URL, with keep-alive connections.
exports.client = () => {
  const { cloudaudit } = require(path.join(SDK, "services", "cloudaudit"));
  const url = new URL(process.env.BENCH_URL);
  const lookup = (name, options, done) =>
    options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
  const ca = process.env.BENCH_CA && fs.readFileSync(process.env.BENCH_CA);
  const agent = new (url.protocol === "https:" ? https : http).Agent({ keepAlive: true, lookup, ca, servername: "localhost" });
  return new cloudaudit.v20190319.Client({
    credential: { secretId: exports.id, secretKey: exports.key },
    region: "ap-guangzhou",
    profile: { httpProfile: { protocol: `${url.protocol}//`, endpoint: `cloudaudit.localhost:${url.port}`, agent } },
  });
};

// `inFlight` at once; work() may return a promise.
exports.timed = async (work, inFlight = 1) => {
  const repeat = async (count) => {
    let left = count;
    const one = async () => {
      while (left-- > 0) await work();
    };
    await Promise.all(Array.from({ length: inFlight }, one));
  };
  await repeat(Number(process.argv[3] || 10));
  const wall = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  await repeat(Number(process.argv[2]));
  const used = process.cpuUsage(cpu);
  console.log(`${process.hrtime.bigint() - wall} ${(used.user + used.system) * 1000}`);
  process.exit(0);
};
