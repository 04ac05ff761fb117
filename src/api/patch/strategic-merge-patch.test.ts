import assert from "node:assert/strict";
import { test } from "node:test";
import { present } from "../../base/assert.js";
import { Prng } from "../../base/prng.js";
import { schemaOf } from "../schema/schemas.js";
import { StatusError } from "../status.js";
import { type StrategicCase, strategicCase } from "./patch-cases.test-data.js";
import { peerAnswers } from "./peer.test-data.js";
import { applyStrategicMergePatch } from "./strategic-merge-patch.js";

const SEED = 20261;
const CASES = 100;
const DEPLOYMENT = present(schemaOf("apps", "v1", "Deployment"), "schema");

test("applyStrategicMergePatch answers as upstream's code does, on random Deployments", () => {
  const random = new Prng(SEED);
  const cases = Array.from({ length: CASES }, () => strategicCase(random));
  const requests = cases.map((each) => ({
    mode: "strategic",
    apiVersion: "apps/v1",
    kind: "Deployment",
    ...each,
  }));
  const answers = peerAnswers("strategic-deployments.jsonl", requests);
  assert.equal(answers.length, cases.length);
  for (const [index, each] of cases.entries())
    assert.deepEqual(
      answerTo(each),
      refusalOf(answers[index]),
      `case ${index} of seed ${SEED}: ${JSON.stringify(each)}`,
    );
});

function answerTo({ original, patch }: StrategicCase): object {
  try {
    return { result: applyStrategicMergePatch(original, patch, DEPLOYMENT) };
  } catch (error) {
    if (error instanceof StatusError) return REFUSED;
    throw error;
  }
}

const REFUSED = { error: "for one of its faults" };

/** Which of several faults upstream comes upon first is up to the order of its maps. */
function refusalOf(answer: unknown): unknown {
  return typeof answer === "object" && answer !== null && "error" in answer ? REFUSED : answer;
}
