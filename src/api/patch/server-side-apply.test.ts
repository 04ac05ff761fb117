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

test("applyPatch changes nothing when it is repeated, and takes back what it is no longer asked for", () => {
  const random = new Prng(SEED + 1);
  for (let index = 0; index < CASES; index++) {
    const options = { ...WRITER, manager: "alice", force: true };
    const [step] = steps(random) as [Step];
    const created = trackUpdate(null, deploymentNamed("web"), { ...WRITER, manager: "bob", isTracked: true });
    const once = applyPatch(created, step.object, options);
    const place = `seed ${SEED + 1} case ${index}: ${JSON.stringify(step)}`;
    assert.deepEqual(applyPatch(once, step.object, { ...options, now: "2026-01-02T00:00:00Z" }), once, place);
    const added = { ...deploymentNamed("web"), metadata: { name: "web", annotations: { mine: "yes" } } };
    const asked = applyPatch(created, added, options);
    const back = applyPatch(asked, deploymentNamed("web"), options);
    assert.equal((back["metadata"] as JsonObject)["annotations"], undefined, place);
  }
});

test("applyPatch refuses with a cause for each field of another manager", () => {
  const created = trackUpdate(null, deploymentNamed("web"), {
    ...WRITER,
    manager: "kubectl-client-side-apply",
    isTracked: true,
  });
  const wanted = { ...deploymentNamed("web"), spec: { replicas: 3 } };
  assert.throws(
    () => applyPatch(created, wanted, { ...WRITER, manager: "bob", force: false }),
    (error: unknown) => {
      assert.ok(error instanceof StatusError);
      const manager = '"kubectl-client-side-apply" using apps/v1';
      assert.equal(error.message, `Apply failed with 1 conflict: conflict with ${manager}: .spec.replicas`);
      assert.deepEqual(error.status.details?.causes, [
        { reason: "FieldManagerConflict", message: `conflict with ${manager}`, field: ".spec.replicas" },
      ]);
      return error.status.code === 409;
    },
  );
});

function deploymentNamed(name: string): JsonObject {
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name }, spec: { replicas: 1 } };
}

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
