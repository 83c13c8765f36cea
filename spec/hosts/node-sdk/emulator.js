// Starts and stops `cloudaudit emulate` as a child process, which exits when its standard input closes, so it never
// outlives this script.
"use strict";
const { spawn } = require("child_process");
const fs = require("fs");
const http = require("http");
const https = require("https");
const path = require("path");

const COMMAND = path.join(__dirname, "..", "..", "..", "bin", "cloudaudit");

// The emulator's shell exports, by name.
function readExports(text) {
  const values = {};
  for (const match of text.matchAll(/^export (\w+)='(.*)'$/gm)) values[match[1]] = match[2];
  return values;
}

async function start(tls) {
  const given = ["emulate", "--until-stdin-closes", "--print-env", "--rate", "0"].concat(tls ? ["--tls"] : []);
  const child = spawn(COMMAND, given, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
  const text = await new Promise((resolve, reject) => {
    let seen = "";
    child.stdout.on("data", (data) => {
      seen += data;
      if (/^export CLOUDAUDIT_EMULATOR_PID=.*\n/m.test(seen)) resolve(seen);
    });
    child.on("error", reject);
    ended.then((code) => reject(new Error(`the emulator ended with code ${code}`)));
  });
  const values = readExports(text);
  const options = { keepAlive: true };
  if (tls) options.ca = fs.readFileSync(values.CLOUDAUDIT_CA_FILE);
  const agent = tls ? new https.Agent(options) : new http.Agent(options);
  return {
    agent,
    protocol: tls ? "https://" : "http://",
    // The announced address without its scheme, as the SDK wants it.
    endpoint: new URL(values.CLOUDAUDIT_ENDPOINT).host,
    secretId: values.TENCENTCLOUD_SECRET_ID,
    secretKey: values.TENCENTCLOUD_SECRET_KEY,
    async stop() {
      agent.destroy();
      child.stdin.end();
      const code = await ended;
      if (code !== 0) throw new Error(`the emulator ended with code ${code}`);
    },
  };
}

// One HTTP exchange; resolves to {status, headers, text}.
function exchange(emulator, { method = "POST", target = "/", headers = {}, body = "" }) {
  const library = emulator.protocol === "https://" ? https : http;
  return new Promise((resolve, reject) => {
    const request = library.request(
      emulator.protocol + emulator.endpoint + target,
      { method, headers, agent: emulator.agent },
      (response) => {
        let text = "";
        response.on("data", (data) => (text += data));
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
      }
    );
    request.on("error", reject);
    request.end(body);
  });
}

module.exports = { start, exchange };
