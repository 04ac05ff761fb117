import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { OWN_RULES } from "../own-rules.test-data.js";
import { clusterOf, readSubject, unverifiedRules } from "./verify-subject.js";

test("a scenario of saved rules names no cluster, and its rules are those that no flow is sent through", () => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-subject-"));
  const file = join(folder, "own.yaml");
  writeFileSync(file, OWN_RULES);
  const { name, scenario } = readSubject(file);
  rmSync(folder, { recursive: true });
  assert.deepEqual(unverifiedRules(scenario), [join(folder, "node.rules")]);
  assert.equal(clusterOf(name, scenario), null);
  assert.deepEqual(unverifiedRules(readSubject("quick").scenario), []);
});
