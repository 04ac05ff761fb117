import assert from "node:assert/strict";
import { test } from "node:test";
import {
  canonicalIp,
  cidrContains,
  ipText,
  ipWords,
  joinHostPort,
  parseCidr,
  prefixMask,
  splitHostPort,
} from "./ip.js";

const cidr = (text: string) => {
  const parsed = parseCidr(text);
  assert.ok(parsed, text);
  return parsed;
};

test("canonicalIp drops leading zeros as Go's ParseIPSloppy does", () => {
  assert.equal(canonicalIp("172.30.0.041"), "172.30.0.41");
  assert.equal(canonicalIp(" 10.0.0.1 "), "10.0.0.1");
  assert.equal(canonicalIp("FD00:0:0::1"), "fd00::1");
});

test("canonicalIp refuses what is no address", () => {
  for (const text of [
    "",
    "10.0.0",
    "10.0.0.256",
    "10.0.0.1.2",
    "a.b.c.d",
    "fe80::1%eth0",
    "1:2",
    "0x0a.0.0.1",
  ]) {
    assert.equal(canonicalIp(text), null, text);
  }
});

test("parseCidr clears host bits and prints canonically", () => {
  assert.equal(cidr("203.0.113.077/025").text, "203.0.113.0/25");
  assert.equal(cidr("10.1.2.3").text, "10.1.2.3/32");
  assert.equal(cidr("fd00:10::ffff/64").text, "fd00:10::/64");
  for (const text of ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "fd00::/129", "x/8", "10.0.0.0/"]) {
    assert.equal(parseCidr(text), null, text);
  }
});

test("cidrContains compares the prefix only, within one family", () => {
  assert.equal(cidrContains(cidr("10.0.0.0/8"), "10.255.0.1"), true);
  assert.equal(cidrContains(cidr("10.0.0.0/8"), "11.0.0.1"), false);
  assert.equal(cidrContains(cidr("0.0.0.0/0"), "fd00::1"), false);
  assert.equal(cidrContains(cidr("fd00::/16"), "fd00:ffff::1"), true);
});

test("ipText is the inverse of ipWords", () => {
  for (const text of ["0.0.0.0", "255.255.255.255", "10.96.0.1"])
    assert.equal(ipText(ipWords(text), "IPv4"), text);
  for (const text of ["::", "fd00:10:96::a", "2001:db8::1"])
    assert.equal(ipText(ipWords(text), "IPv6"), text);
});

test("prefixMask covers the words from the left", () => {
  assert.deepEqual(prefixMask(8, "IPv4"), [0xff000000, 0, 0, 0]);
  assert.deepEqual(prefixMask(0, "IPv4"), [0, 0, 0, 0]);
  assert.deepEqual(prefixMask(65, "IPv6"), [0xffffffff, 0xffffffff, 0x80000000, 0]);
});

test("splitHostPort is the inverse of joinHostPort and refuses the rest", () => {
  assert.deepEqual(splitHostPort(joinHostPort("fd00::1", 80)), { ip: "fd00::1", port: 80 });
  assert.deepEqual(splitHostPort("10.0.0.1:65535"), { ip: "10.0.0.1", port: 65535 });
  for (const text of ["10.0.0.1", "10.0.0.1:65536", "fd00::1:80", "[10.0.0.1]:80", ":80"]) {
    assert.equal(splitHostPort(text), null, text);
  }
});
