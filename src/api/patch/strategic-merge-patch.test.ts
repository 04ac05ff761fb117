import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { StatusError } from "../status.js";
import { jsonEquals } from "./json-tree.js";
import { type StrategicCase, strategicCase } from "./patch-cases.test-data.js";
import { peerAnswers } from "./peer.test-data.js";
import { applyStrategicMergePatch } from "./strategic-merge-patch.js";
import { DEPLOYMENT } from "./type-schemas.test-data.js";

const SEED = 20261;
const CASES = 150;

test("applyStrategicMergePatch answers as upstream's code does, on random Deployments", () => {
  const random = new Prng(SEED);
  const cases = Array.from({ length: CASES }, () => strategicCase(random));
  const requests = cases.map((each) => ({ mode: "strategic", apiVersion: "apps/v1", kind: "Deployment", ...each }));
  const answers = peerAnswers("strategic-deployments.jsonl", requests);
  assert.equal(answers.length, cases.length);
  for (const [index, each] of cases.entries())
    assert.deepEqual(answerTo(each), answers[index], `case ${index} of seed ${SEED}: ${JSON.stringify(each)}`);
});

function answerTo({ original, patch }: StrategicCase): object {
  try {
    return { result: applyStrategicMergePatch(original, patch, DEPLOYMENT) };
  } catch (error) {
    if (error instanceof StatusError) return { error: error.message };
    throw error;
  }
}
void jsonEquals;
