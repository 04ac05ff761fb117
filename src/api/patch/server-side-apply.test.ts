import assert from "node:assert/strict";
import { test } from "node:test";
import { present } from "../../base/assert.js";
import { Prng } from "../../base/prng.js";
import { schemaOf } from "../schema/schemas.js";
import { StatusError } from "../status.js";
import { trackUpdate } from "./field-tracking.js";
import { isJsonObject, type JsonObject } from "./json-tree.js";
import { type Step, steps, withoutEmpty } from "./patch-cases.test-data.js";
import { peerAnswers } from "./peer.test-data.js";
import { applyPatch } from "./server-side-apply.js";

const SEED = 20262;
const CASES = 40;
const DEPLOYMENT = present(schemaOf("apps", "v1", "Deployment"), "schema");
const WRITER = {
  apiVersion: "apps/v1",
  subresource: "",
  schema: DEPLOYMENT,
  now: "2026-01-01T00:00:00Z",
  resetFields: [],
} as const;

test("applyPatch and trackUpdate leave the owners that upstream's code leaves, on random managers", () => {
  const random = new Prng(SEED);
  const cases = Array.from({ length: CASES }, () => steps(random));
  const requests = cases.map((each) => ({
    mode: "manage",
    apiVersion: "apps/v1",
    kind: "Deployment",
    steps: each,
  }));
  const answers = peerAnswers("managed-deployments.jsonl", requests) as { steps: StepAnswer[] }[];
  assert.equal(answers.length, cases.length);
  for (const [index, each] of cases.entries()) {
    let live: JsonObject | null = null;
    for (const [at, step] of each.entries()) {
      const [next, answer]: [JsonObject | null, StepAnswer] = answerTo(live, step);
      const place: string = `seed ${SEED} case ${index} step ${at}: ${JSON.stringify({ live, step })}`;
      assert.deepEqual(comparable(answer), comparable(present(answers[index]?.steps[at], "answer")), place);
      live = next;
    }
  }
});

interface StepAnswer {
  readonly object?: JsonObject;
  readonly error?: { readonly code?: number; readonly message: string; readonly details?: unknown };
}

function answerTo(live: JsonObject | null, step: Step): [live: JsonObject | null, answer: StepAnswer] {
  const writer = { ...WRITER, manager: step.manager, subresource: step.subresource };
  try {
    const object =
      step.op === "apply"
        ? applyPatch(live, step.object, { ...writer, force: step.force })
        : trackUpdate(live, step.object, { ...writer, isTracked: true });
    const { metadata, ...rest } = object as { metadata: JsonObject };
    const { managedFields, ...others } = metadata;
    const stored = withoutEmpty({ metadata: others, ...rest }) as { metadata: JsonObject };
    return [{ ...stored, metadata: { ...stored.metadata, managedFields } }, { object }];
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return [live, { error: { message: error.message } }];
  }
}

/** Lines of a message in any order (upstream's maps have none), and no members that Go's types alone have. */
function comparable({ object, error }: StepAnswer): object {
  if (error !== undefined) return { error: error.message.split("\n").sort() };
  const { metadata, ...rest } = object as { metadata: JsonObject };
  const { managedFields, ...others } = metadata;
  return { managers: timeless(managedFields), metadata: withoutHollow(others), rest: withoutHollow(rest) };
}

/** In an order that does not depend on time. */
function timeless(entries: unknown): unknown {
  const untimed = ((entries as JsonObject[] | undefined) ?? []).map(({ time: _, ...entry }) => entry);
  const order = ({ manager, operation, subresource }: JsonObject) => `${manager} ${operation} ${subresource}`;
  return untimed.sort((left, right) => (order(left) < order(right) ? -1 : 1));
}

function withoutHollow(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutHollow);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).map(([name, member]) => [name, withoutHollow(member)] as const);
  const full = kept.filter(([, member]) => member !== undefined && member !== null && !isHollow(member));
  return Object.fromEntries(full);
}

function isHollow(value: unknown): boolean {
  return (
    value === "" || value === false || (typeof value === "object" && Object.keys(value ?? {}).length === 0)
  );
}
