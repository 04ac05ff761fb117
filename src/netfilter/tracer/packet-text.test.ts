import assert from "node:assert/strict";
import { test } from "node:test";
import { PlumbError } from "../../base/errors.js";
import { packetText, parsePacket } from "./packet-text.js";

test("parsePacket reads what packetText writes", () => {
  for (const text of [
    "tcp 10.0.1.7:40000 > 10.96.0.9:80",
    "udp [fd00::7]:40000 > [fd00:10:96::a]:53 in=veth1",
    "sctp 10.0.1.7:40000 > 10.96.0.9:80 from=node",
    "icmp 10.0.1.7 > 10.96.0.9",
    "icmpv6 fd00::1 > fd00::2",
    "tcp 10.0.1.7:1 > 10.96.0.9:2 flags=SYN,ACK payload=1400",
    "tcp 10.0.1.7:1 > 10.96.0.9:2 flags=NONE",
  ]) {
    assert.equal(packetText(parsePacket(text)), text);
  }
});

test("parsePacket takes a bare TCP packet for a SYN from outside", () => {
  assert.deepEqual(parsePacket("TCP 10.0.1.7:40000 > 10.96.0.9:80"), {
    protocol: "tcp",
    source: "10.0.1.7",
    sourcePort: 40000,
    destination: "10.96.0.9",
    destinationPort: 80,
    inInterface: "eth0",
    tcpFlags: 2,
    payloadBytes: 0,
  });
});

const MALFORMED: readonly [string, RegExp][] = [
  ["", /protocol '', expected one of tcp, udp, sctp, icmp, icmpv6$/],
  ["tcp 10.0.0.1:1 10.0.0.2:2", /expected 'PROTOCOL SOURCE:PORT > DESTINATION:PORT/],
  ["tcp 10.0.0.1 > 10.0.0.2:2", /'10.0.0.1', expected ADDRESS:PORT or \[IPV6\]:PORT$/],
  ["tcp 10.0.0.1:99999 > 10.0.0.2:2", /'10.0.0.1:99999', expected ADDRESS:PORT/],
  ["tcp 10.0.0.1:1 > [fd00::1]:2", /'10.0.0.1' and 'fd00::1' are of two families, expected one$/],
  ["icmp 10.0.0.1:1 > 10.0.0.2", /'10.0.0.1:1', expected an address without a port$/],
  ["tcp 10.0.0.1:1 > 10.0.0.2:2 flags=SIN", /flag 'SIN', expected FIN, SYN, RST, PSH, ACK, URG or NONE$/],
  ["udp 10.0.0.1:1 > 10.0.0.2:2 flags=SYN", /'flags=SYN', expected in=INTERFACE/],
  ["tcp 10.0.0.1:1 > 10.0.0.2:2 hello", /'hello', expected in=INTERFACE/],
];

test("parsePacket says what it expected", () => {
  for (const [text, pattern] of MALFORMED) {
    assert.throws(
      () => parsePacket(text),
      (error: unknown) => error instanceof PlumbError && pattern.test(error.message),
      text,
    );
  }
});
