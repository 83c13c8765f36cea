// The official Node.js SDK against the served emulator, over HTTP and HTTPS, with signatures checked:
// an independent signer agrees with this library's. Prints "N passed, N failed"; exits non-zero on a failure.
"use strict";
const assert = require("assert");
const { cloudaudit } = require("tencentcloud-sdk-nodejs/tencentcloud/services/cloudaudit");
const { start, exchange } = require("./emulator");
const tracks = require("./tracks");
const tamper = require("./tamper");

let passed = 0;
let failed = 0;

async function check(name, fn) {
  try {
    await fn();
    passed++;
  } catch (error) {
    failed++;
    console.error(`failed: ${name}\n  ${error.message}`);
  }
}

function clientOf(emulator, reqMethod, signMethod = "TC3-HMAC-SHA256") {
  return new cloudaudit.v20190319.Client({
    credential: { secretId: emulator.secretId, secretKey: emulator.secretKey },
    region: "ap-guangzhou",
    profile: {
      signMethod,
      httpProfile: { protocol: emulator.protocol, endpoint: emulator.endpoint, agent: emulator.agent, reqMethod },
    },
  });
}

// Checks with the journal that refused requests had no effect.
async function checkJournal(emulator) {
  const { text } = await exchange(emulator, { method: "GET", target: "/_emulator/state" });
  const state = JSON.parse(text);
  assert.strictEqual(state.verify, true);
  assert.strictEqual(state.counts.CreateAuditTrack.effects, 8);
  assert.strictEqual(state.counts.CreateEventsAuditTrack.effects, 1);
  assert.strictEqual(state.counts.DeleteAuditTrack.effects, 9);
  assert.deepStrictEqual(state.tracks, []);
}

async function run(tls) {
  const emulator = await start(tls);
  const over = (name, fn) => check(`${emulator.protocol} ${name}`, fn);
  try {
    const client = clientOf(emulator, "POST");
    await tracks.run(over, client, clientOf(emulator, "GET"));
    await tracks.runRefusals(over, client);
    await tracks.runPages(over, client);
    for (const method of ["POST", "GET"]) {
      for (const signMethod of ["HmacSHA1", "HmacSHA256"]) {
        await tracks.runV1(over, `${signMethod} by ${method}`, clientOf(emulator, method, signMethod));
      }
    }
    await tamper.run(over, emulator);
    await over("the journal agrees", () => checkJournal(emulator));
  } finally {
    await emulator.stop();
  }
}

async function main() {
  await check("HTTP", () => run(false));
  await check("HTTPS", () => run(true));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main();
