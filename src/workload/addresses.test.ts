import assert from "node:assert/strict";
import test from "node:test";
import { cidrContains, knownCidr } from "../base/ip.js";
import { ADDRESS_RANGES, AddressPool, freeRange, nthAddress } from "./address-ranges.js";
import { coverAddresses, knownOrCovered, largestCluster } from "./cidr-cover.js";
import { NodePortPool } from "./node-ports.js";
import { planPodAddresses } from "./pod-addresses.js";

test("ADDRESS_RANGES overlap nowhere, but for the larger Pod ranges that stand in for the usual one", () => {
  for (const { pods, ...ranges } of Object.values(ADDRESS_RANGES)) {
    assert.notEqual(pods, ranges.podsLarger[0]);
    const all = Object.values(ranges).flat().map(knownCidr);
    for (const [index, one] of all.entries()) {
      for (const other of all.slice(index + 1)) {
        const first = nthAddress(one, 0);
        assert.ok(
          !cidrContains(other, first) && !cidrContains(one, nthAddress(other, 0)),
          `${one.text} and ${other.text}`,
        );
      }
    }
  }
});

test("nthAddress counts across octets and words", () => {
  assert.equal(nthAddress(knownCidr("10.96.0.0/12"), 65_536 + 257), "10.97.1.1");
  assert.equal(nthAddress(knownCidr("fd00::/48"), 2 ** 32 + 1), "fd00::1:0:1");
  assert.throws(() => nthAddress(knownCidr("10.0.0.0/24"), 256), /address 256 lies outside 10\.0\.0\.0\/24/);
});

test("AddressPool skips what is taken, goes on to the next range, and says when there is none", () => {
  const pool = new AddressPool("widgets", ["10.0.0.0/30", "10.0.1.0/30"], new Set(["10.0.0.2"]));
  assert.deepEqual([pool.next(), pool.next(), pool.next()], ["10.0.0.1", "10.0.1.1", "10.0.1.2"]);
  assert.throws(
    () => pool.next(),
    /Cannot number widgets: every address of 10\.0\.0\.0\/30, 10\.0\.1\.0\/30 is in use/,
  );
});

test("freeRange keeps away from addresses in use", () => {
  const { podsLarger } = ADDRESS_RANGES.IPv4;
  assert.equal(freeRange(podsLarger, ["10.0.0.1"]), "10.128.0.0/9");
  assert.equal(freeRange(podsLarger, ["10.0.0.1", "10.132.0.7"]), "100.64.0.0/10");
});

test("planPodAddresses stays with the usual layout as long as it holds", () => {
  const usual = planPodAddresses({ family: "IPv4", nodes: 256, podsPerNode: 253 });
  assert.equal(usual.clusterCidr, "10.244.0.0/16");
  assert.equal(usual.nodeCidr(255), "10.244.255.0/24");
  assert.equal(usual.address(255, 252), "10.244.255.254");
  const crowded = planPodAddresses({ family: "IPv4", nodes: 3, podsPerNode: 254 });
  assert.deepEqual([crowded.clusterCidr, crowded.nodeCidr(1)], ["10.128.0.0/9", "10.128.2.0/23"]);
  const wide = planPodAddresses({ family: "IPv4", nodes: 5000, podsPerNode: 100 });
  assert.deepEqual([wide.clusterCidr, wide.nodeCidr(4999)], ["10.128.0.0/9", "10.147.135.0/24"]);
  assert.equal(
    planPodAddresses({ family: "IPv4", nodes: 1, podsPerNode: 1, avoid: ["10.244.9.9"] }).clusterCidr,
    "100.64.0.0/10",
  );
  assert.throws(
    () => planPodAddresses({ family: "IPv4", nodes: 1000, podsPerNode: 100_000 }),
    /Cannot number 100000 Pods on each of 1000 nodes: 10\.128\.0\.0\/9 has 8388608 addresses/,
  );
});

test("NodePortPool hands out every port once, the default range first", () => {
  const pool = new NodePortPool([30_001]);
  assert.deepEqual([pool.next(), pool.next()], [30_000, 30_002]);
  const ports = new Set<number>([30_000, 30_001, 30_002]);
  for (let port = pool.next(); port !== null; port = pool.next()) {
    assert.ok(!ports.has(port) && port >= 1024 && port <= 65_535);
    ports.add(port);
  }
  assert.equal(ports.size, 64_512);
  assert.equal(pool.beyondDefaultCount, 64_512 - 2768);
  assert.equal(pool.refusedCount, 1);
});

test("coverAddresses finds the smallest CIDR", () => {
  assert.equal(coverAddresses([]), null);
  assert.equal(coverAddresses(["10.1.2.3"])?.text, "10.1.2.3/32");
  assert.equal(coverAddresses(["10.1.2.3", "10.1.2.0/25", "10.1.3.1"])?.text, "10.1.2.0/23");
  assert.equal(coverAddresses(["fd00::1", "fd00:0:1::"])?.text, "fd00::/47");
  assert.deepEqual(knownOrCovered("10.96.0.0/12", coverAddresses(["10.97.0.1"])), ["10.96.0.0/12"]);
  assert.deepEqual(knownOrCovered("10.96.0.0/12", coverAddresses(["10.97.0.1", "10.0.0.1"])), ["10.0.0.0/9"]);
});

test("largestCluster leaves out addresses of another plan than most", () => {
  const pods = ["10.244.1.5", "10.244.2.5"];
  assert.deepEqual(largestCluster(["192.168.1.10", ...pods]), pods);
  assert.deepEqual(largestCluster(["fd00:10::1", "2001:db8::1", "fd00:10:1::1"]), [
    "fd00:10::1",
    "fd00:10:1::1",
  ]);
  assert.deepEqual(largestCluster([]), []);
});
