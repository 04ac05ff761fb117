import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePacket, encodePacket, type WirePacket } from "./wire-packet.js";

const ENDS = {
  IPv4: { source: "10.0.0.1", destination: "203.0.113.9" },
  IPv6: { source: "fd00::1", destination: "2001:db8::9" },
} as const;

function packetOf(family: "IPv4" | "IPv6", protocol: WirePacket["protocol"]): WirePacket {
  return {
    ...ENDS[family],
    protocol,
    sourcePort: 40_000,
    destinationPort: 80,
    number: 0x12345678,
    tcpFlags: protocol === "tcp" ? 2 : 0,
    sctpChunk: "INIT",
    answers: 0,
  };
}

/** Sum of 16-bit words, folded: 0xffff over bytes that hold their own checksum. */
function foldedSum(bytes: Iterable<number>): number {
  const list = [...bytes];
  let total = 0;
  for (let at = 0; at < list.length; at += 2) total += ((list[at] ?? 0) << 8) | (list[at + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

/** CRC32c by table, as RFC 9260 appendix A has it. */
function crc32c(bytes: Iterable<number>): number {
  const table = Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    return value >>> 0;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 255] as number);
  return ~crc >>> 0;
}

test("the CRC that SCTP packets are held to gives the known value for '123456789'", () => {
  assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
});

for (const family of ["IPv4", "IPv6"] as const) {
  for (const protocol of ["tcp", "udp", "sctp"] as const) {
    test(`${protocol} over ${family}: what is read off a packet is what was written`, () => {
      const packet = packetOf(family, protocol);
      const { sctpChunk: _, answers: __, ...said } = packet;
      assert.deepEqual(decodePacket(encodePacket(packet)), { ...said, refuses: false, icmp: null });
    });

    test(`${protocol} over ${family}: checksums are right`, () => {
      const bytes = encodePacket(packetOf(family, protocol));
      const head = family === "IPv4" ? 20 : 40;
      if (family === "IPv4") assert.equal(foldedSum(bytes.subarray(0, head)), 0xffff);
      const transport = Buffer.from(bytes.subarray(head));
      if (protocol === "sctp") {
        const stored = transport.readUInt32LE(8);
        transport.writeUInt32LE(0, 8);
        assert.equal(stored, crc32c(transport));
      } else {
        const addresses = bytes.subarray(family === "IPv4" ? 12 : 8, head);
        const pseudo = [
          ...addresses,
          0,
          protocol === "tcp" ? 6 : 17,
          transport.length >>> 8,
          transport.length & 255,
        ];
        assert.equal(foldedSum([...pseudo, ...transport]), 0xffff);
      }
    });
  }
}

test("an ICMP error carries the number of the packet it quotes, and the addresses of its own", () => {
  const quoted = encodePacket(packetOf("IPv4", "udp"));
  const error = new Uint8Array(20 + 8 + quoted.length);
  error.set(
    encodePacket({ ...packetOf("IPv4", "udp"), source: "192.168.0.2", destination: "10.0.0.1" }).subarray(
      0,
      20,
    ),
  );
  error.set([3, 3], 20);
  error[9] = 1;
  error.set(quoted, 28);
  const seen = decodePacket(error);
  assert.deepEqual(
    [seen?.protocol, seen?.icmp, seen?.number, seen?.refuses, seen?.source, seen?.destination],
    ["icmp", "3/3", 0x12345678, true, "192.168.0.2", "10.0.0.1"],
  );
  error[20] = 8;
  assert.equal(decodePacket(error), null, "an echo request is none of ours");
});

test("a RST of number 0 refuses the packet that it acknowledges; one with a number is itself", () => {
  const reset = { ...packetOf("IPv4", "tcp"), tcpFlags: 4 | 16, number: 0, answers: 0x1001 };
  const seen = decodePacket(encodePacket(reset));
  assert.deepEqual([seen?.number, seen?.refuses], [0x1000, true]);
  const own = decodePacket(encodePacket({ ...reset, number: 0x2000 }));
  assert.deepEqual([own?.number, own?.refuses], [0x2000, false]);
});

test("bytes that are no packet of ours are passed over", () => {
  assert.equal(decodePacket(new Uint8Array(0)), null);
  assert.equal(decodePacket(Uint8Array.from({ length: 40 }, () => 0x45)), null);
});
