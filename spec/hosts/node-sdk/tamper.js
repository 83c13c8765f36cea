// Requests signed by the official SDK's signer and then modified.
"use strict";
const assert = require("assert");
const Sign = require("tencentcloud-sdk-nodejs/tencentcloud/common/sign").default;
const { exchange } = require("./emulator");

const BODY = '{"PageNumber":1,"PageSize":10}';

// A signed DescribeAuditTracks; `age` is how many seconds ago it was signed.
function signed(emulator, { age = 0, secretId = emulator.secretId, secretKey = emulator.secretKey, service = "cloudaudit" } = {}) {
  const timestamp = Math.floor(Date.now() / 1000) - age;
  const headers = { "Content-Type": "application/json" };
  headers.Authorization = Sign.sign3({
    method: "POST", url: emulator.protocol + emulator.endpoint + "/", payload: JSON.parse(BODY),
    timestamp, service, secretId, secretKey, headers,
  });
  Object.assign(headers, {
    Host: emulator.endpoint, "X-TC-Action": "DescribeAuditTracks", "X-TC-Version": "2019-03-19",
    "X-TC-Region": "ap-guangzhou", "X-TC-Timestamp": String(timestamp),
  });
  return { headers, body: BODY };
}

// The error code of a request's response, "" for a success.
async function codeOf(emulator, request) {
  const response = await exchange(emulator, request);
  assert.strictEqual(response.status, 200);
  const inner = JSON.parse(response.text).Response;
  assert.match(inner.RequestId, /^[0-9a-f-]{36}$/);
  assert.ok(!response.text.includes(emulator.secretKey), "the answer tells the key");
  return inner.Error ? inner.Error.Code : "";
}

// A change to a signed request, and the error code that it must cause.
const CHANGES = [
  ["nothing", "", () => {}],
  ["the body", "AuthFailure.SignatureFailure", (r) => (r.body = '{"PageNumber":2,"PageSize":10}')],
  ["one blank in the body", "AuthFailure.SignatureFailure", (r) => (r.body = BODY + " ")],
  ["Content-Type", "AuthFailure.SignatureFailure",
    (r) => (r.headers["Content-Type"] = "application/json; charset=utf-8")],
  ["Host", "AuthFailure.SignatureFailure", (r) => (r.headers.Host = "localhost")],
  ["X-TC-Timestamp", "AuthFailure.SignatureFailure",
    (r) => (r.headers["X-TC-Timestamp"] = String(Number(r.headers["X-TC-Timestamp"]) - 1))],
  ["the date of the scope", "AuthFailure.SignatureFailure",
    (r) => (r.headers.Authorization = r.headers.Authorization.replace(/\/\d{4}-\d\d-\d\d\//, "/2019-02-25/"))],
  ["the service of the scope", "AuthFailure.SignatureFailure",
    (r) => (r.headers.Authorization = r.headers.Authorization.replace("/cloudaudit/", "/cvm/"))],
  ["one digit of the signature", "AuthFailure.SignatureFailure",
    (r) => (r.headers.Authorization = r.headers.Authorization.replace(/.$/, (c) => (c === "0" ? "1" : "0")))],
  ["SignedHeaders", "AuthFailure.SignatureFailure",
    (r) => (r.headers.Authorization = r.headers.Authorization.replace("content-type;host", "content-type;host;x-tc-action"))],
  ["SignedHeaders, without host", "AuthFailure.InvalidAuthorization",
    (r) => (r.headers.Authorization = r.headers.Authorization.replace("content-type;host", "content-type"))],
  ["the secret id", "AuthFailure.SecretIdNotFound",
    (r) => (r.headers.Authorization = r.headers.Authorization.replace("Credential=AKID", "Credential=AKIX"))],
  ["Authorization, cut", "AuthFailure.InvalidAuthorization",
    (r) => (r.headers.Authorization = r.headers.Authorization.slice(0, 40))],
  ["Authorization, left out", "AuthFailure.InvalidAuthorization", (r) => delete r.headers.Authorization],
  ["a token added", "AuthFailure.TokenFailure", (r) => (r.headers["X-TC-Token"] = "token")],
  ["X-TC-Version", "NoSuchVersion", (r) => (r.headers["X-TC-Version"] = "2019-03-20")],
  ["X-TC-Timestamp, left out", "MissingParameter", (r) => delete r.headers["X-TC-Timestamp"]],
  ["X-TC-Region, left out", "MissingParameter", (r) => delete r.headers["X-TC-Region"]],
  ["the verb", "UnsupportedProtocol", (r) => (r.method = "PUT")],
];

const SIGNERS = [
  ["a wrong key", "AuthFailure.SignatureFailure", { secretKey: "x".repeat(32) }],
  ["another service", "AuthFailure.SignatureFailure", { service: "cvm" }],
  ["295 s ago", "", { age: 295 }],
  ["305 s ago", "AuthFailure.SignatureExpire", { age: 305 }],
  ["305 s ahead", "AuthFailure.SignatureExpire", { age: -305 }],
];

async function run(check, emulator) {
  for (const [name, code, change] of CHANGES) {
    await check(`${code || "accepted"}: changed ${name}`, async () => {
      const request = signed(emulator);
      change(request);
      assert.strictEqual(await codeOf(emulator, request), code);
    });
  }
  for (const [name, code, options] of SIGNERS) {
    await check(`${code || "accepted"}: signed with ${name}`, async () => {
      assert.strictEqual(await codeOf(emulator, signed(emulator, options)), code);
    });
  }
}

module.exports = { run };
