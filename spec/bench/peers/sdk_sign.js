// The signature of the official Node.js SDK for the documented example.
"use strict";
const sdk = require("./sdk");
const Sign = sdk.signer();

sdk.timed(() => {
  Sign.sign3({
    method: "POST",
    url: "https://cloudaudit.tencentcloudapi.com/",
    payload: sdk.params,
    timestamp: 1551113065,
    service: "cloudaudit",
    secretId: sdk.id,
    secretKey: sdk.key,
    multipart: false,
    boundary: "",
    headers: { "Content-Type": "application/json" },
  });
});
