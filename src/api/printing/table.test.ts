import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { sourcePath } from "../../base/source-path.js";
import { groupVersionOf, KINDS } from "../kinds/kinds.js";
import type { KubeObject } from "../meta.js";
import { columnsOfKind } from "./columns.js";
import { humanDuration } from "./human-duration.js";
import { NOW_MS, OBJECTS } from "./objects.test-data.js";
import { tableOf } from "./table.js";

const OPTIONS = { nowMs: NOW_MS, includeObject: "None", apiVersion: "v1", metadata: {} } as const;
const GOLDEN = sourcePath(import.meta.url, "testdata/tables.txt");

test("tableOf shows every kind as kubectl get -o wide does", () => {
  const text = textOf(OBJECTS);
  if (process.env["UPDATE"] === "1") writeFileSync(GOLDEN, text);
  assert.equal(text, readFileSync(GOLDEN, "utf8"));
});

/** A block for each kind: headers as kubectl writes them, one line an object, cells apart by " | ". */
function textOf(objects: readonly KubeObject[]): string {
  const keyOf = ({ apiVersion, kind }: KubeObject) => `${groupVersionOf(apiVersion)[0]}/${kind}`;
  const blocks = [...new Set(objects.map(keyOf))].map((key) => {
    const ofKind = objects.filter((object) => keyOf(object) === key);
    const [group = "", kind = ""] = key.split("/");
    const { columnDefinitions, rows } = tableOf({ group, kind }, ofKind, OPTIONS);
    const names = (columnDefinitions as { name: string; priority: number }[]).map(
      ({ name, priority }) => name.toUpperCase() + (priority > 0 ? "*" : ""),
    );
    return [`# ${key}`, names.join(" | "), ...rows.map(({ cells }) => cells.join(" | ")), ""].join("\n");
  });
  return blocks.join("\n");
}

test("columnsOfKind has columns for every kind that can be listed, each beginning with the name", () => {
  for (const { group, kind } of KINDS) {
    const columns = columnsOfKind(group, kind);
    const named = columns.findIndex(({ format }) => format === "name");
    const isPlain = columns.some(({ type }) => type === "date");
    assert.equal(isPlain ? 0 : named, kind === "Event" ? columns.length - 1 : 0, `${group}/${kind}`);
  }
});

test("tableOf puts metadata, the object or nothing with a row, as asked", () => {
  const [pod] = OBJECTS as [KubeObject];
  const kind = { group: "", kind: "Pod" };
  const objectFor = (includeObject: "None" | "Metadata" | "Object") =>
    tableOf(kind, [pod], { ...OPTIONS, includeObject, apiVersion: "v1beta1" }).rows[0]?.object;
  assert.equal(objectFor("None"), null);
  assert.equal(objectFor("Object"), pod);
  assert.deepEqual(objectFor("Metadata"), {
    kind: "PartialObjectMetadata",
    apiVersion: "meta.k8s.io/v1beta1",
    metadata: pod.metadata,
  });
});

test("tableOf marks Pods that ran to their end, when asked about a list with metadata", () => {
  const finished = OBJECTS.filter(({ metadata }) => ["completed", "evicted"].includes(metadata.name));
  const table = tableOf({ group: "", kind: "Pod" }, finished, {
    ...OPTIONS,
    metadata: { resourceVersion: "7" },
  });
  assert.deepEqual(table.metadata, { resourceVersion: "7" });
  assert.deepEqual(
    table.rows.map(({ conditions }) => (conditions as { reason: string }[])[0]?.reason),
    ["Succeeded", "Failed"],
  );
});

test("humanDuration keeps two or three figures, at each of its steps", () => {
  const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000] as const;
  const cases: [number, string][] = [
    [-3 * second, "<invalid>"],
    [-1 * second, "0s"],
    [0, "0s"],
    [119 * second, "119s"],
    [120 * second, "2m"],
    [5 * minute + 30 * second, "5m30s"],
    [10 * minute + 30 * second, "10m"],
    [179 * minute, "179m"],
    [3 * hour, "3h"],
    [7 * hour + 59 * minute, "7h59m"],
    [8 * hour + 59 * minute, "8h"],
    [47 * hour, "47h"],
    [48 * hour, "2d"],
    [3 * day + 4 * hour, "3d4h"],
    [8 * day + 4 * hour, "8d"],
    [729 * day, "729d"],
    [731 * day, "2y1d"],
    [8 * 365 * day, "8y"],
  ];
  for (const [ms, text] of cases) assert.equal(humanDuration(ms), text, `${ms} ms`);
});
