import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { realClock } from "../base/clock.js";
import { METRICS, type MetricName } from "../measure/metrics.js";
import { MODES } from "../netfilter/rule-model.js";
import { COMPILERS } from "../proxy/modes.js";
import { buildProxyState } from "../proxy/state/build-state.js";
import { forkSample } from "./fork-sample.js";
import { measureCase } from "./measure-case.js";
import { realWaits } from "./scheduling/real-waits.js";
import { prepareCase } from "./prepare.js";
import { parseScenario } from "./scenario.js";
import type { SampleRequest, SampleResult } from "./sample-types.js";

function requests(spec: string): SampleRequest[] {
  const text = `
apiVersion: plumbline/v1
kind: Scenario
metadata: { name: t, purpose: Is every phase measured? }
spec:
  seed: 7
${spec}
  sampling: { samples: 6, order: blocked, warmup: 1, isolate: none, timeBudget: 60s }
`;
  const scenario = parseScenario(
    { file: "t.yaml", text },
    { resolvePreset: () => null, folder: process.cwd() },
  );
  return scenario.cases.map((scenarioCase) => ({
    case: scenarioCase,
    seed: scenario.seed,
    block: 0,
    warmup: 1,
    timedNs: 2e6,
  }));
}

const SMALL = `
  matrix: { axes: { mode: [userspace, iptables, ipvs, nftables] } }
  cluster: { services: { count: 40, endpoints: { kind: fixed, count: 3 } } }
  phases:
    - kind: program
    - { kind: traffic, packets: first-packet, flows: { arrival: { model: closed }, target: uniform, count: 2048 } }
    - { kind: traffic, packets: established, flows: { arrival: { model: closed }, target: uniform, count: 256 } }
    - { kind: traffic, packets: mixed, flows: { arrival: { model: closed }, target: zipf, count: 256, newConnectionRatio: 10% } }
    - { kind: workers, counts: [1, 2], flows: { arrival: { model: closed }, target: uniform, count: 256 } }
`;

function metricOf(result: SampleResult, name: MetricName): number {
  const found = result.values.find((value) => value.name === name);
  assert.ok(found, `${result.caseId} has no ${name}`);
  return found.value;
}

test("measureCase fills every metric of its phases, in every mode", async () => {
  const results = await Promise.all(
    requests(SMALL).map((request) => measureCase(request, realClock, realWaits)),
  );
  assert.deepEqual(
    results.map(({ caseId }) => caseId),
    MODES.map((mode) => `mode=${mode}`),
  );
  for (const result of results) {
    assert.deepEqual(result.workload.applied, { services: 40, endpoints: 120, nodes: 3 });
    for (const { name, value } of result.values)
      assert.ok(Number.isFinite(value) && value >= 0, `${result.caseId} ${name} is ${value}`);
    for (const name of [
      "first.core_ns",
      "established.core_ns",
      "mixed.core_ns",
      "sync.full.bytes",
      "state.image_bytes",
    ] as const) {
      assert.ok(metricOf(result, name) > 0, `${result.caseId} ${name}`);
    }
  }
  const rules = Object.fromEntries(
    results.map((result) => [result.caseId, metricOf(result, "first.rules_evaluated")]),
  );
  assert.ok((rules["mode=iptables"] ?? 0) > 20, "half of 40 Services and more");
  assert.ok((rules["mode=nftables"] ?? 99) < 20, "a map, whatever the number of Services");
});

test("measureCase finds the same exact values in another process", async () => {
  const [request] = requests(SMALL.replace("[userspace, iptables, ipvs, nftables]", "[iptables]"));
  assert.ok(request);
  const here = await measureCase(request, realClock, realWaits);
  const there = await forkSample(request, new AbortController().signal);
  const exact = ({ values }: SampleResult) => values.filter(({ name }) => METRICS[name].assume === "exact");
  assert.ok(exact(here).length >= 10);
  assert.deepEqual(exact(there), exact(here));
});

test("measureCase fills the conntrack table as rate times lifetime, and drops what does not fit", async () => {
  const spec = (entries: number) => `
  matrix: { axes: { mode: [iptables, nftables] } }
  cluster: { services: { count: 10 } }
  phases:
    - kind: conntrack
      tableEntries: ${entries}
      duration: 200s
      flows: { arrival: { model: open, rate: 20/s, process: poisson }, target: uniform, count: 5000 }
`;
  for (const request of requests(spec(65536))) {
    const result = await measureCase(request, realClock, realWaits);
    const entries = metricOf(result, "conntrack.entries");
    // 20 a second, each held for TIME_WAIT's 120 s.
    assert.ok(Math.abs(entries - 2400) < 300, `${result.caseId}: ${entries} entries`);
    assert.equal(metricOf(result, "conntrack.dropped"), 0);
  }
  for (const request of requests(spec(1000))) {
    const result = await measureCase(request, realClock, realWaits);
    assert.equal(metricOf(result, "conntrack.entries"), 1000, result.caseId);
    assert.ok(metricOf(result, "conntrack.dropped") > 500, result.caseId);
  }
});

test("measureCase breaks no affinity below a hundred clients an endpoint, and sees iptables forget above", async () => {
  const spec = (clients: number) => `
  matrix: { axes: { mode: [userspace, iptables, ipvs, nftables] } }
  cluster: { services: { count: 2, affinityShare: 100%, affinityTimeout: 10m, endpoints: { kind: fixed, count: 4 } } }
  phases:
    - { kind: affinity, clients: ${clients}, returnsPerClient: 3, interval: 1m, endpointChurn: 0% }
`;
  for (const request of requests(spec(200))) {
    assert.equal(
      metricOf(await measureCase(request, realClock, realWaits), "affinity.broken_share"),
      0,
      request.case.id,
    );
  }
  const many = await Promise.all(
    requests(spec(3000)).map((request) => measureCase(request, realClock, realWaits)),
  );
  const broken = Object.fromEntries(
    many.map((result) => [result.caseId, metricOf(result, "affinity.broken_share")]),
  );
  assert.ok(
    (broken["mode=iptables"] ?? 0) > 0.3,
    `xt_recent remembers 100 clients a list: ${broken["mode=iptables"]}`,
  );
  assert.equal(broken["mode=ipvs"], 0);
  assert.equal(broken["mode=nftables"], 0);
});

test("measureCase keeps affinity to endpoints that survive a churn", async () => {
  const results = await Promise.all(
    requests(`
  matrix: { axes: { mode: [iptables, ipvs, nftables] } }
  cluster: { services: { count: 5, affinityShare: 100%, affinityTimeout: 10m, endpoints: { kind: fixed, count: 6 } } }
  phases:
    - { kind: affinity, clients: 100, returnsPerClient: 4, interval: 1m, endpointChurn: 30% }
`).map((request) => measureCase(request, realClock, realWaits)),
  );
  for (const result of results) assert.equal(metricOf(result, "affinity.broken_share"), 0, result.caseId);
});

test("measureCase evaluates a saved ruleset as it is, with the walk the compiler's own rules give", async () => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-ruleset-"));
  const file = join(folder, "node.rules");
  const [direct] = requests(SMALL.replace("[userspace, iptables, ipvs, nftables]", "[iptables]"));
  assert.ok(direct?.case.kind === "packets");
  const { objects, config } = prepareCase(direct.case, direct.seed);
  const [document] = COMPILERS.iptables.documents(buildProxyState(objects, config), config);
  writeFileSync(file, [...(document?.text() ?? [])].join(""));
  const [request] = requests(`
  matrix: { axes: { mode: [iptables] } }
  cluster: { iptablesSave: ${file} }
  phases:
    - { kind: traffic, packets: first-packet, flows: { arrival: { model: closed }, target: uniform, count: 256 } }
`);
  assert.ok(request);
  const result = await measureCase(request, realClock, realWaits);
  rmSync(folder, { recursive: true });
  assert.equal(result.workload.applied["targets"], 40);
  const own = metricOf(await measureCase(direct, realClock, realWaits), "first.rules_evaluated");
  const saved = metricOf(result, "first.rules_evaluated");
  assert.ok(Math.abs(saved - own) < 3, `saved ${saved}, compiled ${own}`);
});

test("measureCase names everything in a saved ruleset that packets do not decide, in one warning", async () => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-undecided-"));
  const file = join(folder, "node.rules");
  const rule = "-A PREROUTING -d 10.96.0.9/32 -p tcp -m tcp --dport 80";
  writeFileSync(
    file,
    `*nat\n${rule} -j DNAT --to-destination 10.0.0.5:80\n${rule} -m owner --uid-owner 0 -j ACCEPT\n` +
      "-A POSTROUTING -o eth0 -m set --match-set pods src -m addrtype ! --dst-type LOCAL -j MASQUERADE\n" +
      "-A POSTROUTING -j CONNMARK --save-mark\nCOMMIT\n",
  );
  const [request] = requests(`
  matrix: { axes: { mode: [iptables] } }
  cluster: { iptablesSave: ${file} }
  phases:
    - { kind: traffic, packets: first-packet, flows: { arrival: { model: closed }, target: uniform, count: 16 } }
`);
  assert.ok(request);
  const { warnings } = await measureCase(request, realClock, realWaits);
  rmSync(folder, { recursive: true });
  const said = warnings.filter(({ code }) => code === "RULESET").map(({ message }) => message);
  assert.deepEqual(said, [
    [
      `${file}:3: match 'owner' is not decided by a packet: taken to be false`,
      `${file}:4: option '-o' is not decided by a packet: taken to name no interface`,
      `${file}:5: target 'CONNMARK': connection marks are not modelled: the packet goes on unchanged`,
      "iptables-save holds no sets: taken to be empty: pods",
      "no address of the node is known, only loopback is taken to be its own: rules that ask for it: 1",
    ].join("; "),
  ]);
});
