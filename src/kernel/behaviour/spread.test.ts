import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { fatesOf } from "./fates.js";
import { conversationOf, kubeProxyModel } from "./simulated-node.test-data.js";
import { judgeSample, P_SUSPECT, type Sample, Spread } from "./spread.js";

const SEED = 5;

function sampleOf(odds: Readonly<Record<string, number>>, seen: Readonly<Record<string, number>>): Sample {
  return {
    service: "s",
    odds: new Map(Object.entries(odds)),
    seen: new Map(Object.entries(seen)),
    conversations: new Set(),
  };
}

test("the statistic and its p-value are those of a table", () => {
  // 60 throws of a die: (4 + 1 + 4 + 1 + 9 + 9) / 10 = 2.8, p with 5 degrees of freedom.
  const odds = Object.fromEntries(["1", "2", "3", "4", "5", "6"].map((face) => [face, 1 / 6]));
  const judged = judgeSample(sampleOf(odds, { 1: 12, 2: 9, 3: 8, 4: 11, 5: 13, 6: 7 }), P_SUSPECT);
  assert.ok(Math.abs(judged.chiSquare - 2.8) < 1e-9, `${judged.chiSquare}`);
  assert.ok(Math.abs(judged.pValue - 0.7307864) < 1e-6, `${judged.pValue}`);
  assert.deepEqual([judged.backends, judged.flows, judged.agrees], [6, 60, true]);
});

test("odds need not be even, and a backend that is never taken counts", () => {
  assert.equal(judgeSample(sampleOf({ a: 0.75, b: 0.25 }, { a: 75, b: 25 }), P_SUSPECT).pValue, 1);
  assert.equal(judgeSample(sampleOf({ a: 0.75, b: 0.25 }, { a: 100 }), P_SUSPECT).agrees, false);
});

test("flows drawn with the model's odds seldom look wrong, others always do", () => {
  const model = kubeProxyModel();
  const conversation = conversationOf("k", "web", ["tcp 10.0.1.7:0 > 10.96.0.10:80"]);
  const fates = fatesOf(model, conversation);
  const draw = (share: number) => {
    const [spread, prng] = [new Spread(), new Prng(SEED)];
    for (let flow = 0; flow < 3000; flow++) {
      const pick = prng.unit() < share ? 0 : 1 + prng.below(2);
      const sent = fates.all[pick]?.packets[0]?.sent ?? null;
      spread.add(conversation, fates, { verdict: "DNAT", sent, isLocal: false, copies: 1 });
    }
    const [sample] = spread.samples();
    assert.ok(sample !== undefined);
    return judgeSample(sample, P_SUSPECT);
  };
  assert.equal(draw(1 / 3).agrees, true, `seed ${SEED}`);
  assert.equal(draw(0.45).agrees, false, `seed ${SEED}`);
});

test("too few flows are no sample, and neither are those with nothing to choose", () => {
  const model = kubeProxyModel();
  const spread = new Spread();
  for (const line of ["tcp 10.0.1.7:0 > 10.96.0.10:80", "udp 10.0.1.7:0 > 10.96.0.53:53"]) {
    const conversation = conversationOf("k", "s", [line]);
    const fates = fatesOf(model, conversation);
    const sent = fates.all[0]?.packets[0]?.sent ?? null;
    const flows = line.startsWith("udp") ? 100 : 14;
    for (let flow = 0; flow < flows; flow++)
      spread.add(conversation, fates, { verdict: "DNAT", sent, isLocal: false, copies: 1 });
  }
  assert.deepEqual(spread.samples(), []);
});
