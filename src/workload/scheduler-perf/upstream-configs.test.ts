// Upstream's own files, where there is a copy of them: PLUMB_SCHEDULER_PERF names test/integration/scheduler_perf of a
// kubernetes/kubernetes checkout. They are not ours to keep here.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PlumbError } from "../../base/errors.js";
import { SourceText } from "../source-text.js";
import { configsBelow, newMaking, objectsOf, readConfigFile } from "./config-files.test-data.js";
import { resolveWorkload } from "./resolve-workload.js";
import { parseTemplate } from "./template-parser.js";
import type { ResolvedWorkload } from "./test-case.js";
import { unsupportedIn } from "./unsupported.js";

const FOLDER = process.env["PLUMB_SCHEDULER_PERF"] ?? "";
const skip =
  FOLDER === "" &&
  "PLUMB_SCHEDULER_PERF is not set; point it at test/integration/scheduler_perf of kubernetes/kubernetes";

/** Workloads that upstream cannot run either, or whose parameters its Go tests read. */
const WITHOUT_PARAMETERS = /^(NodeDeclaredFeatures|SchedulingWithResourceClaimTemplate\/empty_)/;

function resolvable(): readonly ResolvedWorkload[] {
  return configsBelow(FOLDER).flatMap((file) =>
    readConfigFile(file).flatMap((testCase) =>
      testCase.workloads.flatMap((workload) => {
        const name = `${testCase.name}/${workload.name}`;
        try {
          return [resolveWorkload(testCase, workload)];
        } catch (error) {
          assert.ok(error instanceof PlumbError && WITHOUT_PARAMETERS.test(name), `${name}: ${error}`);
          return [];
        }
      }),
    ),
  );
}

test("readPerformanceConfig reads upstream's files, and each workload resolves", { skip }, () => {
  const workloads = resolvable();
  assert.ok(workloads.length > 100, `${workloads.length} workloads`);
  const { templates } = newMaking();
  for (const name of ["SchedulingBasic/5000Nodes_10000Pods", "SchedulingCSIPVs/5000Nodes_5000Pods"])
    assert.deepEqual(unsupportedIn(present(workloads, name), templates), [], name);
});

test("unsupportedIn gives what, why and where, for upstream's workloads that need more than we do", {
  skip,
}, () => {
  const { templates } = newMaking();
  const inFolder = (folder: string) =>
    resolvable().filter(({ at }) => at.file.startsWith(join(FOLDER, folder)));
  for (const workload of [...inFolder("dra/"), ...inFolder("podgroup/")]) {
    const parts = unsupportedIn(workload, templates);
    assert.ok(parts.length > 0, workload.name);
    for (const { what, reason, at } of parts) assert.ok(what && reason && at.line > 0);
  }
  for (const folder of ["affinity/", "topology_spreading/", "volumes/", "event_handling/", "misc/"])
    for (const workload of inFolder(folder)) assert.deepEqual(unsupportedIn(workload, templates), []);
});

test("objectsOf makes objects from every template that upstream's operations name", { skip }, () => {
  for (const { name, ops } of resolvable()) {
    const making = newMaking();
    ops.forEach((op, index) => {
      for (const object of objectsOf(op, index, making, 2)) assert.ok(object.metadata.name !== "", name);
    });
  }
});

test("parseTemplate reads every template file of upstream", { skip }, () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
    .filter((file) => /templates\/.*\.yaml$/.test(file))
    .map((file) => join(FOLDER, file));
  assert.ok(files.length > 50);
  for (const file of files) parseTemplate(new SourceText(file, readFileSync(file, "utf8")));
});

function present(workloads: readonly ResolvedWorkload[], name: string): ResolvedWorkload {
  const found = workloads.find((workload) => workload.name === name);
  assert.ok(found !== undefined, name);
  return found;
}
