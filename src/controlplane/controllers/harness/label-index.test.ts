import assert from "node:assert/strict";
import { test } from "node:test";
import { LabelledObjects, Selectors } from "./label-index.js";

const SERVICES = 10_000;
const PODS = 30_000;

test("label-index finds 30,000 Pods' Services and 10,000 Services' Pods", () => {
  const selectors = new Selectors();
  const pods = new LabelledObjects();
  const labelsOf = (index: number) => ({ tier: "backend", app: `app-${index % SERVICES}` });
  for (let index = 0; index < SERVICES; index++) selectors.put(`s${index}`, "default", labelsOf(index));
  for (let index = 0; index < PODS; index++)
    pods.put(`p${index}`, "default", { pod: `p${index}`, ...labelsOf(index) });
  for (let index = 0; index < PODS; index += 7)
    assert.deepEqual(selectors.selecting("default", labelsOf(index)), [`s${index % SERVICES}`]);
  for (let index = 0; index < SERVICES; index++)
    assert.equal(pods.selected("default", labelsOf(index)).length, PODS / SERVICES);
});
