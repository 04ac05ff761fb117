import assert from "node:assert/strict";
import { test } from "node:test";
import type { Protocol } from "../packet.js";
import { SetIndex } from "./set-index.js";
import { parseIpsets } from "./text.js";

function index(text: string): (protocol: Protocol, ...ends: [string, number][]) => boolean {
  const { sets } = parseIpsets({ file: "t", text });
  const made = new SetIndex(sets[0]!);
  return (protocol, ...ends) =>
    made.contains(
      protocol,
      ends.map(([ip, port]) => ({ ip, port })),
    );
}

test("SetIndex finds hash:ip,port by address, protocol and port", () => {
  const has = index("create A hash:ip,port\nadd A 10.0.0.1,tcp:80\n");
  assert.equal(has("tcp", ["10.0.0.1", 80], ["10.0.0.1", 80]), true);
  assert.equal(has("udp", ["10.0.0.1", 80], ["10.0.0.1", 80]), false);
  assert.equal(has("tcp", ["10.0.0.1", 81], ["10.0.0.1", 81]), false);
  assert.equal(has("tcp", ["10.0.0.1", 80]), false, "fewer ends than dimensions never match");
  assert.equal(has("icmp", ["10.0.0.1", 0], ["10.0.0.1", 0]), false);
});

test("SetIndex takes each dimension from its own end", () => {
  const has = index("create A hash:ip,port,ip\nadd A 10.0.0.1,tcp:80,10.0.0.9\n");
  assert.equal(has("tcp", ["10.0.0.1", 1], ["10.0.0.2", 80], ["10.0.0.9", 2]), true);
  assert.equal(has("tcp", ["10.0.0.1", 80], ["10.0.0.2", 1], ["10.0.0.9", 2]), false);
});

test("SetIndex lets the longest prefix decide, and an exception say no", () => {
  const has = index("create A hash:net\nadd A 10.0.0.0/8\nadd A 10.1.0.0/16 nomatch\nadd A 10.1.1.1\n");
  assert.equal(has("tcp", ["10.2.0.1", 1]), true);
  assert.equal(has("tcp", ["10.1.0.1", 1]), false);
  assert.equal(has("tcp", ["10.1.1.1", 1]), true);
  assert.equal(has("tcp", ["11.0.0.1", 1]), false);
});

test("SetIndex matches the network of hash:ip,port,net by its third end", () => {
  const has = index("create A hash:ip,port,net\nadd A 10.0.0.1,tcp:80,192.0.2.0/24\n");
  assert.equal(has("tcp", ["10.0.0.1", 80], ["10.0.0.1", 80], ["192.0.2.77", 4000]), true);
  assert.equal(has("tcp", ["10.0.0.1", 80], ["10.0.0.1", 80], ["192.0.3.77", 4000]), false);
});

test("SetIndex holds bitmap:port for TCP and UDP, whatever the address, and not for SCTP", () => {
  const has = index("create A bitmap:port range 0-65535\nadd A 30080\n");
  assert.equal(has("tcp", ["10.0.0.1", 30080]), true);
  assert.equal(has("udp", ["fd00::1", 30080]), true);
  assert.equal(has("sctp", ["10.0.0.1", 30080]), false);
  assert.equal(has("tcp", ["10.0.0.1", 30081]), false);
});

test("SetIndex never finds an address of the other family", () => {
  const has = index("create A hash:ip family inet6\nadd A fd00::1\n");
  assert.equal(has("tcp", ["fd00::1", 1]), true);
  assert.equal(has("tcp", ["10.0.0.1", 1]), false);
});
