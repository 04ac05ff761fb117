import assert from "node:assert/strict";
import { test } from "node:test";
import { localDetectorOf } from "./local-detector.js";

test("localDetectorOf takes the first CIDR of the family", () => {
  const localDetector = {
    kind: "cidr",
    cidrs: ["10.0.0.0/8", "fd00:10::/32", "172.16.0.0/12", "fd00:11::/32"],
  } as const;
  const cidrsOf = (family: "IPv4" | "IPv6") => localDetectorOf({ localDetector, family });
  assert.deepEqual(cidrsOf("IPv4"), { kind: "cidr", cidrs: ["10.0.0.0/8"] });
  assert.deepEqual(cidrsOf("IPv6"), { kind: "cidr", cidrs: ["fd00:10::/32"] });
});

test("localDetectorOf finds no detector in a family without a CIDR, and an interface in both", () => {
  const six = { kind: "cidr", cidrs: ["fd00:10::/32"] } as const;
  assert.equal(localDetectorOf({ localDetector: six, family: "IPv4" }), null);
  assert.equal(localDetectorOf({ localDetector: { kind: "none" }, family: "IPv4" }), null);
  const bridge = { kind: "bridge", interface: "cni0" } as const;
  assert.deepEqual(localDetectorOf({ localDetector: bridge, family: "IPv6" }), bridge);
});
