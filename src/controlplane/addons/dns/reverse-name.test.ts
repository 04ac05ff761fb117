import assert from "node:assert/strict";
import { test } from "node:test";
import { reverseName } from "./reverse-name.js";

test("reverseName reads addresses of both families", () => {
  assert.deepEqual(reverseName(["5", "0", "244", "10"], "in-addr.arpa"), {
    kind: "address",
    ip: "10.244.0.5",
  });
  const nibbles = [..."fd00000000000000000000000000000a"].toReversed();
  assert.deepEqual(reverseName(nibbles, "ip6.arpa"), { kind: "address", ip: "fd00::a" });
});

test("reverseName tells the beginning of an address from what is none", () => {
  assert.equal(reverseName(["244", "10"], "in-addr.arpa").kind, "partial");
  assert.equal(reverseName(["d", "f"], "ip6.arpa").kind, "partial");
  assert.equal(reverseName([], "ip6.arpa").kind, "partial");
  for (const labels of [["256", "0", "0", "10"], ["05", "0", "0", "10"], ["x"], ["1", "5", "0", "244", "10"]])
    assert.equal(reverseName(labels, "in-addr.arpa").kind, "none", labels.join("."));
});
