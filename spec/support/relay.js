// Relays that cut: listeners that pass bytes on to another port and cut the connection after a given number of
// them. Operations of misbehave.js; compare with the requests that the target has read.
//   {op: "relays", target: port, count}  ->  {relays: [{id, port}...]}
//   {op: "arm", plans: [{id, up | down: bytes, how: "fin" | "rst" | "stall", fresh: bool}...]}  ->  {}
//       with fresh, first closes all connections; counts from now on; cuts the first connection that has passed `up`
//       bytes on to the target, or `down` bytes back; later ones stay intact
//   {op: "relayed", ids: [...]}  ->  {relays: [{cut, up (bytes received), down, connections}...]}, since armed
"use strict";
const net = require("net");

const relays = new Map();

class Relay {
  constructor(target) {
    this.target = target;
    this.links = new Set();
    this.arm({});
    this.server = net.createServer({ allowHalfOpen: true }, (client) => this.accept(client));
  }

  arm(plan) {
    this.plan = plan;
    this.passed = { up: 0, down: 0 };
    this.cut = false;
    this.connections = 0;
    this.up = 0;
    if (plan.fresh) for (const link of this.links) link.client.destroy();
    // A limit of 0 cuts at once: a kept connection that dies while idle.
    for (const link of this.links) if (plan.up === 0) this.end(link);
  }

  accept(client) {
    this.connections++;
    client.setNoDelay(true);
    const target = net.connect({ port: this.target, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    const link = { client, target, dead: false };
    this.links.add(link);
    const gone = () => {
      this.links.delete(link);
      client.destroy();
      target.destroy();
    };
    client.on("error", gone).on("close", gone);
    target.on("error", gone).on("close", () => !link.dead && gone());
    client.on("data", (data) => this.pass(link, "up", data, target));
    target.on("data", (data) => this.pass(link, "down", data, client));
    client.on("end", () => link.dead || target.end());
    target.on("end", () => link.dead || client.end());
    if (this.plan.up === 0 && !this.cut) this.end(link);
  }

  pass(link, direction, data, to) {
    if (direction === "up") this.up += data.length;
    if (link.dead) return;
    const limit = this.cut ? undefined : this.plan[direction];
    if (limit === undefined || this.passed[direction] + data.length < limit) {
      this.passed[direction] += data.length;
      to.write(data);
      return;
    }
    to.write(data.subarray(0, limit - this.passed[direction]));
    this.end(link);
  }

  // The target gets an orderly end, so that it reads everything that was passed on.
  end(link) {
    this.cut = true;
    link.dead = true;
    this.links.delete(link);
    link.target.end();
    link.target.resume();
    if (this.plan.how === "fin") link.client.end();
    if (this.plan.how === "rst") link.client.resetAndDestroy();
  }
}

function listen(server) {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
}

module.exports = {
  async relays(order) {
    const made = [];
    for (let i = 0; i < order.count; i++) {
      const relay = new Relay(order.target);
      const id = relays.size + 1;
      relays.set(id, relay);
      made.push({ id, port: await listen(relay.server) });
    }
    return { relays: made };
  },

  async arm(order) {
    for (const plan of order.plans) relays.get(plan.id).arm(plan);
    return {};
  },

  async relayed(order) {
    const report = ({ cut, up, passed, connections }) => ({ cut, up, down: passed.down, connections });
    return { relays: order.ids.map((id) => report(relays.get(id))) };
  },
};
