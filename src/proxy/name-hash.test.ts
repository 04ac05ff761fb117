import assert from "node:assert/strict";
import { test } from "node:test";
import { hashBase32 } from "./name-hash.js";

test("hashBase32 gives prefixes of one encoding, whatever the length", () => {
  const whole = hashBase32("ns1/svc1/tcp/p80", 51);
  assert.match(whole, /^[A-Z2-7]{51}$/);
  for (const length of [1, 7, 8, 16, 33])
    assert.equal(hashBase32("ns1/svc1/tcp/p80", length), whole.slice(0, length));
  assert.equal(whole.slice(0, 8), "ULMVA6XW");
});
