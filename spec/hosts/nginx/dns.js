// A DNS server on a free UDP port of 127.0.0.1, which it prints: NAME.test is 127.0.0.1, silent.test gets no
// response, every other name does not exist. Runs until it is killed.
"use strict";
const socket = require("dgram").createSocket("udp4");

function nameOf(query) {
  const labels = [];
  for (let at = 12; query[at] > 0; at += query[at] + 1) labels.push(query.toString("latin1", at + 1, at + 1 + query[at]));
  return labels.join(".");
}

socket.on("message", (query, peer) => {
  const name = nameOf(query);
  if (name === "silent.test") return;
  const known = name.endsWith(".test");
  const question = query.subarray(12, 12 + name.length + 2 + 4);
  const head = Buffer.from([query[0], query[1], 0x81, known ? 0x80 : 0x83, 0, 1, 0, known ? 1 : 0, 0, 0, 0, 0]);
  const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
  socket.send(Buffer.concat([head, question, known ? answer : Buffer.alloc(0)]), peer.port, peer.address);
});
socket.bind(0, "127.0.0.1", () => console.log(socket.address().port));
