import assert from "node:assert/strict";
import { test } from "node:test";
import { loadModel } from "./load-model.js";

test("loadModel reads each model, and refuses what lacks a number or a unit", () => {
  assert.deepEqual(loadModel("closed"), { model: "closed" });
  assert.deepEqual(loadModel("poisson 500/s"), { model: "poisson", ratePerSecond: 500 });
  assert.deepEqual(loadModel(" fixed  2k/s "), { model: "fixed", ratePerSecond: 2000 });
  assert.deepEqual(loadModel("waves 100 1s"), { model: "waves", waveSize: 100, gapMs: 1000 });
  for (const text of [
    "",
    "open 5/s",
    "fixed",
    "fixed 500",
    "poisson 0/s",
    "poisson 5/s 6",
    "waves 0 1s",
    "closed 1",
  ])
    assert.throws(() => loadModel(text), /expected 'closed', 'fixed 500\/s'/, text);
});
