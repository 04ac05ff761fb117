import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice } from "../../api/types.js";
import { testEndpoint, testSlice } from "../cluster.test-data.js";
import { mergeSlices, serviceOfSlice } from "./endpoints-map.js";

const texts = (slices: readonly EndpointSlice[], key = "p80/TCP", family: "IPv4" | "IPv6" = "IPv4") =>
  (mergeSlices(slices, family, "node-0").get(key) ?? []).map((endpoint) => endpoint.text);

test("mergeSlices sorts by endpoint text, not by number", () => {
  const slice = testSlice("a/b", ["10.0.0.2", "10.0.0.10", "10.0.0.1"]);
  assert.deepEqual(texts([slice]), ["10.0.0.10:80", "10.0.0.1:80", "10.0.0.2:80"]);
});

test("mergeSlices joins slices and keeps ports apart", () => {
  const ports = [
    { name: "http", protocol: "TCP" as const, port: 80 },
    { name: "dns", protocol: "UDP" as const, port: 53 },
    { name: "unset", protocol: "TCP" as const },
  ];
  const slices = [
    testSlice("a/b", ["10.0.0.3"], { suffix: "1", ports }),
    testSlice("a/b", ["10.0.0.1"], { suffix: "2", ports: ports.slice(0, 1) }),
  ];
  assert.deepEqual(texts(slices, "http/TCP"), ["10.0.0.1:80", "10.0.0.3:80"]);
  assert.deepEqual(texts(slices, "dns/UDP"), ["10.0.0.3:53"]);
  assert.deepEqual(texts(slices, "unset/TCP"), []);
});

test("mergeSlices counts an endpoint once, and the copy on this node wins", () => {
  const here = testSlice("a/b", ["10.0.0.1@node-0"], { suffix: "1" });
  const elsewhere = testSlice("a/b", ["10.0.0.1@node-1"], { suffix: "2" });
  for (const slices of [
    [here, elsewhere],
    [elsewhere, here],
  ]) {
    const [endpoint, ...others] = mergeSlices(slices, "IPv4", "node-0").get("p80/TCP") ?? [];
    assert.equal(others.length, 0);
    assert.equal(endpoint?.isLocal, true);
  }
});

test("mergeSlices fills in conditions: ready unless told, serving as ready, not terminating", () => {
  const slice = testSlice("a/b", [
    testEndpoint("10.0.0.1"),
    testEndpoint("10.0.0.2", { conditions: { ready: false } }),
    testEndpoint("10.0.0.3", { conditions: { ready: false, serving: true, terminating: true } }),
  ]);
  const endpoints = mergeSlices([slice], "IPv4", "node-0").get("p80/TCP") ?? [];
  assert.deepEqual(
    endpoints.map(({ ready, serving, terminating }) => [ready, serving, terminating]),
    [
      [true, true, false],
      [false, false, false],
      [false, true, true],
    ],
  );
});

test("mergeSlices drops bad addresses and those of the other family, and prints the rest canonically", () => {
  assert.deepEqual(texts([testSlice("a/b", ["10.0.0.010", "10.0.0", "fd00::1", ""])]), ["10.0.0.10:80"]);
  const six = testSlice("a/b", ["FD00:0:0::1", "10.0.0.1"], { family: "IPv6" });
  assert.deepEqual(texts([six], "p80/TCP", "IPv6"), ["[fd00::1]:80"]);
});

test("serviceOfSlice needs the label and the family", () => {
  const slice = testSlice("a/b", []);
  assert.equal(serviceOfSlice(slice, "IPv4"), "a/b");
  assert.equal(serviceOfSlice(slice, "IPv6"), null);
  assert.equal(serviceOfSlice({ ...slice, addressType: "FQDN" }, "IPv4"), null);
  assert.equal(serviceOfSlice({ ...slice, metadata: { name: "x", namespace: "a" } }, "IPv4"), null);
});
