import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { PlumbError } from "../base/errors.js";
import { packageRoot } from "../base/source-path.js";
import { resolveCases, scenarioDigest, parseScenario, type ScenarioOptions } from "./scenario.js";
import { scenarioSchema } from "./scenario-schema.js";
import type { PacketsCase, Scenario } from "./scenario-types.js";

const SMALL = `apiVersion: plumbline/v1
kind: Scenario
metadata: { name: small, purpose: How much is little? }
spec:
  params:
    services: { type: int, default: 10, max: 1000 }
  matrix:
    axes: { mode: [iptables, ipvs], services: [10, 100] }
    exclude: [{ mode: ipvs, services: 10 }]
  cluster:
    services: { count: "\${services}", affinityTimeout: 90s, affinityShare: 12.5% }
  phases:
    - kind: program
    - { kind: traffic, packets: first-packet, flows: { arrival: { model: open, rate: 50k/s }, payload: 1Ki } }
  sampling: { timeBudget: 2m }
  thresholds:
    - { metric: first.core_ns, where: { mode: ipvs }, must: "<= 1.5us", because: a test }
`;

const presetFolder = `${packageRoot}/bench/scenarios`;
const readPreset = (name: string) => ({
  file: `${presetFolder}/${name}.yaml`,
  text: readFileSync(`${presetFolder}/${name}.yaml`, "utf8"),
});

/** A scenario of packets only. */
function scenarioOf(text: string, options: Partial<ScenarioOptions> = {}): PacketsScenario {
  const scenario = parseScenario({ file: "/work/s.yaml", text }, { resolvePreset: () => null, ...options });
  return { ...scenario, cases: scenario.cases.filter((one) => one.kind === "packets") };
}

interface PacketsScenario extends Scenario {
  readonly cases: readonly PacketsCase[];
}

test("parseScenario reads quantities into base units and fills defaults in", () => {
  const { cases, sampling, thresholds, seed, regression } = scenarioOf(SMALL);
  const first = cases[0];
  assert.ok(first?.cluster.source.kind === "services");
  const { services } = first.cluster.source;
  assert.deepEqual(
    [services.services, services.affinitySeconds, services.affinityShare, services.seed],
    [10, 90, 0.125, 42],
  );
  const traffic = first.phases[1];
  assert.ok(traffic?.kind === "traffic" && traffic.flows.arrival.model === "open");
  assert.deepEqual(
    [traffic.flows.arrival.rate, traffic.flows.arrival.process, traffic.flows.payload],
    [50_000, "poisson", 1024],
  );
  assert.deepEqual(sampling, {
    samples: 10,
    order: "blocked",
    warmup: "auto",
    isolate: "process",
    timeBudget: 120e9,
  });
  assert.deepEqual(thresholds[0]?.operator, "<=");
  assert.equal(thresholds[0]?.limit, 1500);
  assert.deepEqual([seed, regression], [42, { margin: {}, policy: "likely" }]);
  assert.deepEqual(first.proxy.ipvs, { scheduler: "rr", tables: "fixed" });
});

test("cases are the matrix in axis order less what is excluded, with ids of their labels", () => {
  const scenario = scenarioOf(SMALL);
  assert.deepEqual(
    scenario.cases.map(({ id }) => id),
    ["mode=iptables services=10", "mode=iptables services=100", "mode=ipvs services=100"],
  );
  assert.deepEqual(scenario.cases[1]?.labels, { mode: "iptables", services: 100 });
  assert.deepEqual(
    resolveCases(scenario, "mode=iptables *").map(({ labels }) => labels["mode"]),
    ["iptables", "iptables"],
  );
  assert.equal(resolveCases(scenario).length, 3);
  assert.throws(
    () => resolveCases(scenario, "mode=nft*"),
    (error) => error instanceof PlumbError && error.code === "NotFound",
  );
});

test("a phase with `when` runs only in the cases that meet it, which then have no `when` left", () => {
  const text = SMALL.replace("- kind: program", "- { kind: program, when: { mode: [ipvs], services: 100 } }");
  const phases = scenarioOf(text).cases.map((each) => each.phases.map(({ kind }) => kind).join());
  assert.deepEqual(phases, ["traffic", "traffic", "program,traffic"]);
  assert.equal(
    scenarioDigest(
      scenarioOf(SMALL.replace("- kind: program", "- { kind: program, when: { mode: [ipvs, iptables] } }")),
    ),
    scenarioDigest(scenarioOf(SMALL)),
  );
});

test("set changes a parameter, collapses its axis, or lays a value on a path below spec", () => {
  const set = (...settings: [string, string][]) => scenarioOf(SMALL, { set: settings, folder: "/here" });
  assert.deepEqual(
    set(["services", "500"]).cases.map(({ id }) => id),
    ["mode=iptables services=500", "mode=ipvs services=500"],
  );
  assert.deepEqual(
    set(["services", "[5, 6]"], ["mode", "ipvs"]).cases.map(({ id }) => id),
    ["mode=ipvs services=5", "mode=ipvs services=6"],
  );
  const several = set(["sampling.samples", "3"], ["seed", "7"], ["proxy.ipvs.scheduler", "wrr"]);
  assert.deepEqual([several.sampling.samples, several.sampling.timeBudget, several.seed], [3, 120e9, 7]);
  assert.equal(several.cases[0]?.proxy.ipvs.scheduler, "wrr");
});

test("set can put in a cluster of one's own: the path is the command line's, axes without use fall away", () => {
  const { cases, axes } = scenarioOf(SMALL, {
    set: [
      ["cluster.manifests", "my/cluster"],
      ["cluster.replicate", "200"],
    ],
    folder: "/here",
  });
  assert.deepEqual(Object.keys(axes), ["mode"]);
  assert.deepEqual(
    cases.map(({ id }) => id),
    ["mode=iptables", "mode=ipvs"],
  );
  assert.deepEqual(cases[0]?.cluster, {
    source: { kind: "manifests", path: "/here/my/cluster" },
    replicate: 200,
    nodes: 3,
  });
});

test("set can put in a ruleset of one's own: phases that need Services fall away", () => {
  const { cases } = scenarioOf(SMALL, {
    set: [
      ["cluster.iptablesSave", "rules.txt"],
      ["mode", "iptables"],
    ],
    folder: "/here",
  });
  assert.deepEqual(
    cases.map(({ id, cluster, phases }) => [id, cluster.source, phases.map(({ kind }) => kind)]),
    [["mode=iptables", { kind: "iptablesSave", path: "/here/rules.txt" }, ["traffic"]]],
  );
});

test("paths in a file are relative to the file, those of a path parameter too", () => {
  const text = SMALL.replace(/services: \{ count.*\n/, `manifests: "\${where}"\n`)
    .replace(
      "services: { type: int, default: 10, max: 1000 }",
      "where: { type: path, default: dumps/a.json }",
    )
    .replace(/axes:.*\n.*exclude.*\n/, "axes: { mode: [ipvs] }\n");
  const pathOf = (scenario: PacketsScenario) => {
    const source = scenario.cases[0]?.cluster.source;
    return source?.kind === "manifests" ? source.path : null;
  };
  assert.equal(pathOf(scenarioOf(text)), "/work/dumps/a.json");
  assert.equal(pathOf(scenarioOf(text, { set: [["where", "b.json"]], folder: "/here" })), "/here/b.json");
});

test("extends lays a file over a preset: maps merge, lists replace, null removes, a new source replaces the old", () => {
  const text = `apiVersion: plumbline/v1
kind: Scenario
extends: preset:quick
metadata: { name: mine }
spec:
  seed: 1
  matrix: { axes: { mode: [nftables] } }
  cluster: { manifests: ./cluster.yaml }
  sampling: { timeBudget: null }
`;
  const scenario = scenarioOf(text, { resolvePreset: readPreset });
  assert.deepEqual(
    [scenario.name, scenario.seed, scenario.labels],
    ["mine", 1, { suite: "proxy", size: "small" }],
  );
  assert.deepEqual(
    scenario.cases.map(({ id, cluster }) => [id, cluster.source]),
    [["mode=nftables", { kind: "manifests", path: "/work/cluster.yaml" }]],
  );
  assert.equal(
    scenario.cases[0]?.phases.length,
    scenarioOf(readPreset("quick").text).cases[0]?.phases.length,
  );
});

test("scenarioDigest hangs on what is measured, not on how often, on text or on where an input lies", () => {
  const digest = scenarioDigest(scenarioOf(SMALL));
  const changed = (from: string | RegExp, to: string) => scenarioDigest(scenarioOf(SMALL.replace(from, to)));
  assert.equal(changed("timeBudget: 2m", "samples: 20"), digest);
  assert.equal(changed("# none", ""), digest);
  assert.equal(changed("How much is little?", "Something else?"), digest);
  assert.notEqual(changed("payload: 1Ki", "payload: 2Ki"), digest);
  assert.notEqual(scenarioDigest(scenarioOf(SMALL, { set: [["seed", "1"]] })), digest);
  const own = (folder: string) => scenarioOf(SMALL, { set: [["cluster.manifests", "c"]], folder });
  const content = (folder: string) => new Map([[`${folder}/c`, "sha"]]);
  assert.equal(scenarioDigest(own("/a"), content("/a")), scenarioDigest(own("/b"), content("/b")));
});

test("every preset is a valid scenario, for the checker and for the published schema, and asks one question", () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(scenarioSchema);
  const names = readdirSync(presetFolder).filter((file) => file.endsWith(".yaml"));
  assert.deepEqual(names.sort(), [
    "affinity-sticky.yaml",
    "api-load.yaml",
    "cliff.yaml",
    "conntrack.yaml",
    "control-plane.yaml",
    "migrate.yaml",
    "node-join.yaml",
    "pod-startup.yaml",
    "programming-latency.yaml",
    "quick.yaml",
    "rollout.yaml",
    "sched-affinity.yaml",
    "sched-basic.yaml",
    "sched-churn.yaml",
    "sched-floors.yaml",
    "sched-gated.yaml",
    "sched-preemption.yaml",
    "sched-spread.yaml",
    "sched-trace.yaml",
  ]);
  for (const file of names) {
    const preset = readPreset(file.replace(".yaml", ""));
    const scenario = parseScenario(preset, { resolvePreset: () => null });
    assert.equal(`${scenario.name}.yaml`, file);
    assert.match(scenario.purpose, /^[A-Z][^.?]*\?$/, file);
    assert.ok(validate(parse(preset.text)), `${file}: ${JSON.stringify(validate.errors)}`);
  }
});
