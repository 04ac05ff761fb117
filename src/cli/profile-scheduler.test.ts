// plumb profile scheduler as a user runs it, on the smallest workloads.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { plumb } from "./plumb.test-data.js";

const folder = mkdtempSync(join(tmpdir(), "plumbline-profile-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("profile scheduler prints costs and explained attempts, and writes profile, stacks and page", () => {
  const output = join(folder, "basic");
  const { code, stdout, stderr } = plumb(["profile", "scheduler", "SchedulingBasic/5Nodes", "-o", output]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^10 attempts: mean \S+ \S+, p50 /);
  assert.match(stdout, /^Filter +10 .* all /m);
  assert.match(stdout, /^ {2}NodeResourcesFit +10 +50 /m);
  assert.match(stdout, /: given node-\S+ \(total \d+\); with all nodes asked, ties by name:/);
  assert.match(stdout, /; 5 of 5 nodes fit/);
  assert.deepEqual(readdirSync(output).sort(), [
    "SchedulingBasic-5Nodes.cpuprofile",
    "SchedulingBasic-5Nodes.flame.html",
    "SchedulingBasic-5Nodes.folded",
  ]);
  const stacks = readFileSync(join(output, "SchedulingBasic-5Nodes.folded"), "utf8").trim().split("\n");
  const profile = JSON.parse(readFileSync(join(output, "SchedulingBasic-5Nodes.cpuprofile"), "utf8")) as {
    readonly samples: readonly number[];
  };
  assert.deepEqual(Object.keys(profile).sort(), ["endTime", "nodes", "samples", "startTime", "timeDeltas"]);
  // Ten attempts take a millisecond, in which a sample need not fall.
  if (profile.samples.length > 0) for (const stack of stacks) assert.match(stack, /^\(root\)(;.*)? \d+$/);
});

test("profile scheduler --json is one object, seeded, with as many slow attempts as asked for", () => {
  const { code, stdout, stderr } = plumb([
    ...[
      "profile",
      "scheduler",
      "scheduler_perf:SchedulingBasic/5Nodes",
      "--seed",
      "7",
      "--top",
      "2",
      "--json",
    ],
    ...["-o", join(folder, "seeded")],
  ]);
  assert.equal(code, 0, stderr);
  const found = JSON.parse(stdout) as {
    seed: number;
    costs: { points: { point: string }[] };
    slowest: unknown[];
    explained: { isSame: boolean; explanation: { nodes: unknown[] } }[];
    files: string[];
  };
  assert.equal(found.seed, 7);
  assert.equal(found.slowest.length, 2);
  assert.ok(found.costs.points.some(({ point }) => point === "PreFilter"));
  assert.equal(found.explained.length, 2);
  for (const { explanation } of found.explained) assert.equal(explanation.nodes.length, 5);
  assert.equal(found.files.length, 3);
});

test("profile scheduler refuses what schedules nothing, and workloads that are not there", () => {
  const packets = plumb(["profile", "scheduler", "cliff", "-o", join(folder, "none")]);
  assert.equal(packets.code, 2);
  assert.match(packets.stderr, /Cannot profile the scheduler on 'cliff': it schedules no Pods/);
  const missing = plumb(["profile", "scheduler", "SchedulingBasic/6Nodes", "-o", join(folder, "none")]);
  assert.equal(missing.code, 2, missing.stderr);
});

test("profile scheduler --help shows examples and what is explained", () => {
  const { code, stdout } = plumb(["profile", "scheduler", "--help"]);
  assert.equal(code, 0);
  assert.match(stdout, /Examples:\n {2}plumb profile scheduler\n/);
  assert.match(stdout, /repeat in simulated time/);
});
