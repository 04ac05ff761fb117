import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMITS } from "../../base/limits.js";
import { StatusError } from "../status.js";
import { applyJsonPatch } from "./json-patch.js";
import { applyMergePatch } from "./merge-patch.js";

const TARGET = { metadata: { labels: { a: "1" } }, spec: { list: ["x", "y"], replicas: 1 } };

function refusalOf(run: () => unknown): { code: number; message: string; cause: unknown } {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError)
      return { code: error.status.code, message: error.message, cause: error.cause };
  }
  return assert.fail("it was not refused");
}

test("applyJsonPatch carries out each operation and leaves the target alone", () => {
  const before = structuredClone(TARGET);
  const result = applyJsonPatch(TARGET, [
    { op: "test", path: "/spec/replicas", value: 1 },
    { op: "add", path: "/spec/list/1", value: "z" },
    { op: "add", path: "/spec/list/-", value: "end" },
    { op: "remove", path: "/spec/list/0" },
    { op: "copy", from: "/metadata/labels/a", path: "/metadata/labels/b~1c" },
    { op: "move", from: "/spec/replicas", path: "/spec/count" },
    { op: "replace", path: "/metadata/labels/a", value: "2" },
  ]);
  assert.deepEqual(result, {
    metadata: { labels: { a: "2", "b/c": "1" } },
    spec: { list: ["z", "y", "end"], count: 1 },
  });
  assert.deepEqual(TARGET, before);
});

test("applyJsonPatch allows what upstream's library allows beyond the RFC", () => {
  const patch = [
    { op: "replace", path: "/metadata/labels/new", value: "n" },
    { op: "replace", path: "/spec/list/-1", value: "last" },
    { op: "test", path: "/spec/absent", value: null },
  ];
  const result = applyJsonPatch(TARGET, patch);
  assert.deepEqual(result["metadata"], { labels: { a: "1", new: "n" } });
  assert.deepEqual((result["spec"] as { list: unknown }).list, ["x", "last"]);
});

test("applyJsonPatch refuses with 422 what does not apply, and says why in the cause", () => {
  const cases: [object, string][] = [
    [{ op: "test", path: "/spec/replicas", value: 2 }, "testing value /spec/replicas failed: test failed"],
    [
      { op: "remove", path: "/spec/absent" },
      "error in remove for path: '/spec/absent': Unable to remove nonexistent key: absent: missing value",
    ],
    [
      { op: "add", path: "/absent/a", value: 1 },
      'add operation does not apply: doc is missing path: "/absent/a": missing value',
    ],
    [
      { op: "add", path: "/spec/list/7", value: 1 },
      "error in add for path: '/spec/list/7': Unable to access invalid index: 7: invalid index referenced",
    ],
    [{ op: "jump", path: "/spec" }, "Unexpected kind: jump"],
  ];
  for (const [operation, cause] of cases) {
    const refusal = refusalOf(() => applyJsonPatch(TARGET, [operation]));
    assert.deepEqual(refusal, {
      code: 422,
      message: "the server rejected our request due to an error in our request",
      cause,
    });
  }
});

test("applyJsonPatch refuses patches that are no list, too long, or aim at prototypes", () => {
  assert.equal(refusalOf(() => applyJsonPatch(TARGET, {})).code, 400);
  const long = Array.from({ length: LIMITS.JSON_PATCH_OPERATIONS_MAX + 1 }, () => ({ op: "test", path: "" }));
  assert.equal(
    refusalOf(() => applyJsonPatch(TARGET, long)).message,
    "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
  );
  assert.equal(
    refusalOf(() => applyJsonPatch(TARGET, [{ op: "add", path: "/__proto__/x", value: 1 }])).code,
    422,
  );
  assert.equal(({} as { x?: unknown }).x, undefined);
});

test("applyMergePatch merges objects, replaces lists, removes by null and drops nulls of what is new", () => {
  const result = applyMergePatch(TARGET, { spec: { list: ["z"], replicas: null, new: { a: null, b: 1 } } });
  assert.deepEqual(result, { metadata: { labels: { a: "1" } }, spec: { list: ["z"], new: { b: 1 } } });
  assert.equal(result["metadata"], TARGET.metadata, "what is not touched is shared");
});

test("applyMergePatch refuses what is no object with upstream's words, and takes __proto__ for a name", () => {
  assert.equal(
    refusalOf(() => applyMergePatch(TARGET, [])).message,
    "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
  );
  const hostile: unknown = JSON.parse('{"__proto__":{"x":1}}');
  const result = applyMergePatch(TARGET, hostile);
  assert.equal((result as { x?: unknown }).x, undefined);
  assert.deepEqual(Object.getOwnPropertyDescriptor(result, "__proto__")?.value, { x: 1 });
});
