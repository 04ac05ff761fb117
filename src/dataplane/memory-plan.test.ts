import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyRuleset } from "../netfilter/iptables/ruleset.js";
import { PlumbError } from "../base/errors.js";
import { encodeIptables } from "./iptables/encode.js";
import { type ArenaLayout, conntrackSlots, PAGE_BYTES, planMemory } from "./memory-plan.js";

const OPTIONS = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 128 } as const;
const { image } = encodeIptables(
  { mode: "iptables", family: "IPv4", localAddresses: [], ruleset: emptyRuleset("IPv4"), ipsets: [] },
  OPTIONS,
);

test("planMemory puts arenas behind the image, one after another, on cache lines", () => {
  const sizes = { conntrackMax: 1000, packetsMax: 10 };
  const plan = planMemory(image, [sizes, sizes, sizes]);
  const imageEnd = plan.imageBase + plan.imageCapacity;
  assert.ok(plan.imageCapacity >= image.bytes.length);
  let before = imageEnd - 1;
  for (const arena of plan.arenas) {
    const { conntrackMax: _flows, packetsMax: _packets, ...addresses } = arena satisfies ArenaLayout;
    for (const [name, address] of Object.entries(addresses)) {
      if (address === 0) continue;
      assert.equal(address % 64, 0, name);
      assert.ok(address > before, `${name} at ${address}, behind ${before}`);
      before = address;
    }
  }
  assert.ok(plan.pages * PAGE_BYTES > before);
});

test("planMemory refuses what a 32-bit memory cannot hold, and says what to do", () => {
  const sizes = { conntrackMax: 4, packetsMax: 20_000_000 };
  assert.throws(
    () => planMemory(image, [sizes, sizes]),
    (error: unknown) => error instanceof PlumbError && error.code === "LimitExceeded" && error.hint !== null,
  );
});

test("conntrack tables are at most half full", () => {
  for (const entries of [1, 3, 1000, 262_144]) {
    const slots = conntrackSlots(entries);
    assert.ok(slots >= entries * 4 && (slots & (slots - 1)) === 0, `${slots} slots for ${entries} flows`);
  }
});
