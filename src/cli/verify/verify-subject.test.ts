import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { clusterOf, readSubject, unverifiedRules } from "./verify-subject.js";

test("a scenario of saved rules names no cluster, and its rules are those that no flow is sent through", () => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-subject-"));
  const file = join(folder, "own.yaml");
  writeFileSync(
    file,
    `
apiVersion: plumbline/v1
kind: Scenario
metadata: { name: own, purpose: rules of a node }
spec:
  seed: 1
  matrix: { axes: { mode: [iptables] } }
  cluster: { iptablesSave: node.rules }
  phases:
    - kind: traffic
      packets: first-packet
      flows: { arrival: { model: closed }, target: uniform, count: 16 }
  sampling: { samples: 1 }
`,
  );
  const { name, scenario } = readSubject(file);
  rmSync(folder, { recursive: true });
  assert.deepEqual(unverifiedRules(scenario), [join(folder, "node.rules")]);
  assert.equal(clusterOf(name, scenario), null);
  assert.deepEqual(unverifiedRules(readSubject("quick").scenario), []);
});
