// A scripted server, exact to the byte: a script per connection, and a journal of everything that arrived.
// Loopback only; exits at the end of its standard input. misbehave.lua controls it from specs.
//
// One JSON object per line on stdin, one answer per line on stdout, in order:
//   {op: "listen", scripts: [[step...]...], again: bool, tls: {cert, key, min, max}?}  ->  {id, port}
//       the n-th connection runs the n-th script; further ones run the last (again) or are reset
//   {op: "journal", id, bytes: bool}  ->  {requests, unexpected, connections: [...]}
//   {op: "count", id, pattern}  ->  {counts: {text that the pattern's group matched: number of complete requests}}
//   {op: "close", id}  ->  {}
//   and the operations of relay.js
// Steps, as arrays: ["tls"], ["request"], ["read", n], ["send", hex], ["flood", hex, times?],
//   ["drip", hex, seconds], ["wait", seconds], ["pause"], ["resume"], ["fin"], ["cut"], ["rst"], ["stall"],
//   ["again"] (from the step after "tls").
"use strict";
const net = require("net");
const tls = require("tls");
const relay = require("./relay");
const readline = require("readline");

const listeners = new Map();
let lastId = 0;

// The end of the request that starts at `from`, or -1 while it is incomplete.
function requestEnd(input, from) {
  const head = input.indexOf("\r\n\r\n", from, "latin1");
  if (head < 0) return -1;
  const length = /\r\ncontent-length:[ \t]*(\d+)/i.exec(input.toString("latin1", from, head));
  const end = head + 4 + (length ? Number(length[1]) : 0);
  return end <= input.length ? end : -1;
}

// Every complete request of an input.
function requestsIn(input) {
  const found = [];
  for (let at = 0, end; (end = requestEnd(input, at)) >= 0; at = end) found.push(input.subarray(at, end));
  return found;
}

class Connection {
  constructor(listener, raw, script) {
    this.listener = listener;
    this.raw = raw;
    this.socket = raw;
    this.script = script;
    this.room = this.input = Buffer.alloc(0);
    this.taken = 0;
    this.sent = 0;
    this.step = 0;
    this.end = "open";
    this.protocol = null;
    this.wake = () => {};
    raw.on("error", (error) => this.ended(error.code === "ECONNRESET" ? "rst" : error.code));
    raw.on("close", () => this.ended("closed"));
    if (!listener.context) this.listen();
  }

  ended(how) {
    if (this.end === "open") this.end = how;
    this.wake();
  }

  listen() {
    this.socket.on("data", (data) => {
      this.append(data);
      this.wake();
    });
    this.socket.on("end", () => this.ended("fin"));
    this.socket.resume();
  }

  append(data) {
    const length = this.input.length + data.length;
    if (length > this.room.length) {
      const larger = Buffer.alloc(2 * length);
      this.input.copy(larger);
      this.room = larger;
    }
    data.copy(this.room, this.input.length);
    this.input = this.room.subarray(0, length);
  }

  // Resolves once ready() holds; rejects when the peer disconnects before.
  async until(ready) {
    while (!ready()) {
      if (this.end !== "open" || this.raw.destroyed) throw new Error("gone");
      await new Promise((resolve) => (this.wake = resolve));
    }
  }

  async write(data) {
    if (this.socket.destroyed) throw new Error("gone");
    this.sent += data.length;
    const full = !this.socket.write(data);
    if (!full) return;
    let drained = false;
    this.socket.once("drain", () => {
      drained = true;
      this.wake();
    });
    await this.until(() => drained);
  }

  async run() {
    try {
      while (this.step < this.script.length) {
        const [name, ...args] = this.script[this.step++];
        await steps[name](this, ...args);
      }
    } catch (error) {
      if (error.message !== "gone") this.end = String(error.message);
    }
    if (!this.raw.destroyed) this.socket.end();
    this.socket.on("end", () => this.raw.destroy());
  }
}

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const steps = {
  async tls(connection) {
    const { context, versions } = connection.listener;
    const offer = { ALPNProtocols: ["h2", "http/1.1"] };
    const secure = new tls.TLSSocket(connection.raw, { isServer: true, secureContext: context, ...offer, ...versions });
    let done = false;
    secure.on("error", (error) => connection.ended(error.code || error.message));
    secure.on("secure", () => {
      done = true;
      connection.protocol = secure.getProtocol();
      connection.application = secure.alpnProtocol || "";
      connection.wake();
    });
    connection.socket = secure;
    connection.listen();
    await connection.until(() => done);
  },
  async request(connection) {
    let end = -1;
    await connection.until(() => (end = requestEnd(connection.input, connection.taken)) >= 0);
    connection.taken = end;
  },
  async read(connection, count) {
    await connection.until(() => connection.input.length >= connection.taken + count);
    connection.taken += count;
  },
  send: (connection, hex) => connection.write(Buffer.from(hex, "hex")),
  async flood(connection, hex, times) {
    const data = Buffer.from(hex, "hex");
    for (let i = 0; times === undefined || i < times; i++) await connection.write(data);
  },
  async drip(connection, hex, seconds) {
    for (const byte of Buffer.from(hex, "hex")) {
      await connection.write(Buffer.from([byte]));
      await sleep(seconds);
    }
  },
  wait: (connection, seconds) => sleep(seconds),
  async pause(connection) {
    connection.socket.pause();
  },
  async resume(connection) {
    connection.socket.resume();
  },
  async fin(connection) {
    connection.socket.end();
  },
  async cut(connection) {
    connection.raw.destroy();
  },
  async rst(connection) {
    connection.raw.resetAndDestroy();
  },
  stall: (connection) => connection.until(() => false),
  async again(connection) {
    connection.step = connection.script[0][0] === "tls" ? 1 : 0;
  },
};

function accept(listener, raw) {
  raw.setNoDelay(true);
  const index = listener.connections.length;
  const script = listener.scripts[index] || (listener.again && listener.scripts[listener.scripts.length - 1]);
  const connection = new Connection(listener, raw, script || [["rst"]]);
  if (!script) listener.unexpected++;
  listener.connections.push(connection);
  connection.run();
}

// Reads everything that has arrived before the journal is written.
async function settle() {
  for (let i = 0; i < 8; i++) await new Promise((resolve) => setImmediate(resolve));
}

const operations = {
  ...relay,

  listen(order) {
    const listener = { scripts: order.scripts, again: order.again, connections: [], unexpected: 0 };
    if (order.tls) {
      const { cert, key, min, max } = order.tls;
      const versions = { minVersion: min || "TLSv1.2", maxVersion: max || "TLSv1.3" };
      const ciphers = min && min < "TLSv1.2" ? "ALL:@SECLEVEL=0" : undefined;
      listener.context = tls.createSecureContext({ cert, key, ciphers, ...versions });
      listener.versions = versions;
    }
    const id = ++lastId;
    listeners.set(id, listener);
    const options = { allowHalfOpen: true, pauseOnConnect: true };
    listener.server = net.createServer(options, (raw) => accept(listener, raw));
    return new Promise((resolve, reject) => {
      listener.server.on("error", reject);
      listener.server.listen(0, "127.0.0.1", () => resolve({ id, port: listener.server.address().port }));
    });
  },

  async journal(order) {
    await settle();
    const listener = listeners.get(order.id);
    const connections = listener.connections.map((connection) => ({
      requests: requestsIn(connection.input).length,
      received: connection.input.length,
      bytes: order.bytes ? connection.input.toString("hex") : undefined,
      sent: connection.sent,
      end: connection.end,
      protocol: connection.protocol || undefined,
      application: connection.application,
    }));
    const requests = connections.reduce((sum, connection) => sum + connection.requests, 0);
    return { requests, unexpected: listener.unexpected, connections };
  },

  async count(order) {
    await settle();
    const pattern = new RegExp(order.pattern);
    const counts = {};
    for (const connection of listeners.get(order.id).connections)
      for (const request of requestsIn(connection.input)) {
        const found = pattern.exec(request.toString("latin1"));
        if (found) counts[found[1]] = (counts[found[1]] || 0) + 1;
      }
    return { counts };
  },

  close(order) {
    const listener = listeners.get(order.id);
    listeners.delete(order.id);
    for (const connection of listener.connections) connection.raw.destroy();
    return new Promise((resolve) => listener.server.close(() => resolve({})));
  },
};

async function answer(line) {
  try {
    const order = JSON.parse(line);
    return await operations[order.op](order);
  } catch (error) {
    return { error: String((error && error.stack) || error) };
  }
}

let queue = Promise.resolve();
readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    queue = queue.then(() => answer(line)).then((reply) => process.stdout.write(JSON.stringify(reply) + "\n"));
  })
  .on("close", () => process.exit(0));
