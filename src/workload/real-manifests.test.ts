// Manifests that other projects ship. They are not part of this repository: PLUMB_REAL_DATA names the folder.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { buildClusterObjects } from "./cluster.js";
import { readDocuments } from "./documents.js";
import { loadInputs } from "./inputs.js";
import { replicate } from "./replicate.js";
import { clusterIPsOf } from "./traffic-targets.js";

const root = process.env["PLUMB_REAL_DATA"];
const folder = root === undefined ? null : join(root, "manifests");
const skip =
  folder === null
    ? "PLUMB_REAL_DATA is not set"
    : existsSync(folder)
      ? false
      : `PLUMB_REAL_DATA names no folder with manifests: ${folder}`;

function build(path: string) {
  return buildClusterObjects(readDocuments(loadInputs([path], { stdin: null })));
}

test("buildClusterObjects finds endpoints for every Service of real manifests", { skip }, () => {
  for (const name of readdirSync(folder ?? "")) {
    const built = build(join(folder ?? "", name));
    assert.ok(built.summary.services > 0 || built.warnings.length > 0, name);
    assert.equal(built.summary.clusterIPsMadeUp, built.objects.services.length, name);
  }
  const { objects, warnings, summary } = build(folder ?? "");
  assert.deepEqual([summary.services, summary.endpoints, summary.nodesMadeUp], [90, 90, true]);
  const served = new Set(
    objects.endpointSlices.map(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"]),
  );
  assert.deepEqual(
    objects.services.filter(({ metadata }) => !served.has(metadata.name)),
    [],
  );
  assert.deepEqual(warnings, ["not read: 11 ServiceAccount, 1 Namespace"]);
});

test("replicate makes 18,000 Services of real manifests", { skip }, () => {
  const { objects, warnings } = replicate(build(folder ?? "").objects, 200);
  assert.equal(objects.services.length, 18_000);
  assert.equal(objects.endpointSlices.length, 18_000);
  assert.equal(new Set(objects.services.flatMap(clusterIPsOf)).size, 18_000);
  assert.deepEqual(objects.podCIDRs, ["10.128.0.0/9"]);
  assert.equal(warnings.length, 1);
});
