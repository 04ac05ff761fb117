import assert from "node:assert/strict";
import { test } from "node:test";
import { realTimers } from "../../../base/timers.js";
import { LabelledObjects, Selectors } from "./label-index.js";

const SERVICES = 10_000;
const PODS = 30_000;

/** Far more than it takes, far less than looking at everything would: 10,000 x 30,000 comparisons. */
const LIMIT_MS = 1500;

test("label-index finds 30,000 Pods' Services and 10,000 Services' Pods without looking at all of them", () => {
  const selectors = new Selectors();
  const pods = new LabelledObjects();
  const start = realTimers.milliseconds();
  const labelsOf = (index: number) => ({ tier: "backend", app: `app-${index % SERVICES}` });
  for (let index = 0; index < SERVICES; index++) selectors.put(`s${index}`, "default", labelsOf(index));
  for (let index = 0; index < PODS; index++)
    pods.put(`p${index}`, "default", { pod: `p${index}`, ...labelsOf(index) });
  for (let index = 0; index < PODS; index += 7)
    assert.deepEqual(selectors.selecting("default", labelsOf(index)), [`s${index % SERVICES}`]);
  for (let index = 0; index < SERVICES; index++)
    assert.equal(pods.selected("default", labelsOf(index)).length, PODS / SERVICES);
  const tookMs = realTimers.milliseconds() - start;
  assert.ok(tookMs < LIMIT_MS, `${tookMs} ms`);
});
