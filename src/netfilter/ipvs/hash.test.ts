// Bucket numbers worked by hand from the kernel's formulas.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ipWords } from "../../base/ip.js";
import {
  fixedServiceBucket,
  MAGLEV_BUCKETS,
  maglevOffset,
  maglevSkip,
  resizableServiceBuckets,
  serviceHash,
  sourceHashBucket,
} from "./hash.js";

test("fixedServiceBucket xors protocol, folded address and both halves of the port, when IPv4", () => {
  // 10.96.0.1:80/tcp: 6 ^ 0x0a600001 ^ 0 ^ 80, low byte: 6 ^ 1 ^ 80 = 87.
  assert.equal(fixedServiceBucket(6, ipWords("10.96.0.1"), 80), 87);
  // Port 8080 is 0x1f90: 17 ^ 2 ^ 0x1f ^ 0x90 = 0x9c.
  assert.equal(fixedServiceBucket(17, ipWords("10.96.255.2"), 8080), 0x9c);
});

test("fixedServiceBucket folds the four words, when IPv6", () => {
  // fd00:10::5 -> fd000010 ^ 0 ^ 0 ^ 5, low byte 0x15; 6 ^ 0x15 ^ 80 = 0x43.
  assert.equal(fixedServiceBucket(6, ipWords("fd00:10::5"), 80), 0x43);
});

test("sourceHashBucket takes the top byte of the golden-ratio product", () => {
  // 10.0.0.1 = 0x0a000001; x 0x61c88647 mod 2^32 = 0x27c88647.
  assert.equal(Math.imul(0x0a000001, 0x61c88647) >>> 0, 0x27c88647);
  assert.equal(sourceHashBucket(ipWords("10.0.0.1"), 0), 0x27);
  // Adding port 1 adds one multiplier: 0x27c88647 + 0x61c88647 = 0x89910c8e.
  assert.equal(sourceHashBucket(ipWords("10.0.0.1"), 1), 0x89);
});

test("resizableServiceBuckets is eight per service rounded up to a power of two, within 16 and 2^20", () => {
  const cases = [0, 1, 2, 3, 100, 1000, 50_000, 1_000_000].map(resizableServiceBuckets);
  assert.deepEqual(cases, [16, 16, 16, 32, 1024, 8192, 524_288, 1_048_576]);
});

test("serviceHash spreads consecutive services evenly, both families", () => {
  for (const [family, prefix] of [
    ["IPv4", "10.96.0."],
    ["IPv6", "fd00:10::"],
  ] as const) {
    const buckets = new Set<number>();
    for (let host = 1; host <= 100; host++) {
      buckets.add(serviceHash(family, 6, ipWords(`${prefix}${host}`), 80) & 1023);
    }
    // 100 balls in 1024 bins leave 95.3 bins hit on average, standard deviation about 2.1.
    assert.ok(buckets.size >= 87, `${family}: ${buckets.size} of 1024 buckets hit`);
  }
});

test("maglevOffset and maglevSkip are SipHash-1-3 under the kernel's two keys", () => {
  // Worked with another implementation, which gives the published vectors of SipHash-2-4 too.
  const numbers = (ip: string, port: number) => [
    maglevOffset(ipWords(ip), port),
    maglevSkip(ipWords(ip), port),
  ];
  assert.deepEqual(numbers("10.0.0.1", 0), [3711, 966]);
  assert.deepEqual(numbers("10.0.0.1", 8080), [3531, 434]);
  // Address and port are added, and the sum wraps.
  assert.deepEqual(numbers("255.255.255.240", 80), [401, 937]);
});

test("maglevSkip is a step that visits every bucket, for any server", () => {
  for (let host = 1; host < 255; host++) {
    const skip = maglevSkip(ipWords(`10.0.0.${host}`), 8080);
    assert.ok(skip >= 1 && skip < MAGLEV_BUCKETS, `skip ${skip}`);
    assert.ok(maglevOffset(ipWords(`10.0.0.${host}`), 8080) < MAGLEV_BUCKETS);
  }
});
