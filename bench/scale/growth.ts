// Does a packet cost the same at 50,000 Services as at 100? First and established packets of every mode, both sizes alive
// in one process, timed in turns; ratios of medians. Also whether iptables is linear in rules, what a second worker
// brings, and how the core compares with the tracer.
// usage: node dist/bench/scale/growth.js [--rounds N] [--services N] [--modes M,M: only the sizes, of these modes]
import { realClock } from "../../src/base/clock.js";
import { Prng } from "../../src/base/prng.js";
import { createEvaluator, Evaluator, shareImage } from "../../src/dataplane/evaluator.js";
import { WorkerPool } from "../../src/dataplane/pool.js";
import { encodeModel, openFlows } from "../../src/experiment/data-path.js";
import { calibrateTimer } from "../../src/measure/timer.js";
import { median } from "../../src/measure/statistics/quantiles.js";
import { linearRegression } from "../../src/measure/statistics/linear-regression.js";
import { MODES, type Mode, type RuleModel } from "../../src/netfilter/rule-model.js";
import { SeededChance } from "../../src/netfilter/tracer/chance.js";
import { createTracer } from "../../src/netfilter/tracer/index.js";
import { defaultProxyConfig } from "../../src/proxy/default-config.js";
import { COMPILERS } from "../../src/proxy/modes.js";
import { nodeOf } from "../../src/proxy/node.js";
import { buildProxyState } from "../../src/proxy/state/build-state.js";
import { shardColumns } from "../../src/workload/flow-hash.js";
import { generateCluster } from "../../src/workload/generate.js";
import { defaultGenerateSpec } from "../../src/workload/generate-spec.js";
import { generateTraffic, type TrafficPlan } from "../../src/workload/traffic.js";
import { defaultTrafficSpec } from "../../src/workload/traffic-spec.js";
import { trafficTargets } from "../../src/workload/traffic-targets.js";

const SEED = 42;
const FLOWS = 4096;
const ENDPOINTS = 10;

interface Subject {
  readonly mode: Mode;
  readonly services: number;
  readonly model: RuleModel;
  readonly first: Evaluator;
  readonly firstPlan: TrafficPlan;
  readonly established: Evaluator;
  readonly plan: TrafficPlan;
  readonly image: Parameters<typeof shareImage>[0];
}

function subject(mode: Mode, services: number, endpoints: number): Subject {
  const objects = generateCluster({
    ...defaultGenerateSpec,
    seed: SEED,
    services,
    endpoints: { kind: "fixed", count: endpoints },
    nodes: 20,
  });
  const config = defaultProxyConfig(mode, "IPv4", nodeOf(objects, null), { clusterCIDRs: objects.podCIDRs });
  const model = COMPILERS[mode].compile(buildProxyState(objects, config), config);
  const { image } = encodeModel(model, {
    ipvsTables: "resizable",
    ipvsConnectionsMax: 2 * FLOWS,
    affinityClientsMax: 1024,
  });
  const targets = trafficTargets(objects, "IPv4", config.node.addresses, "sorted");
  const traffic = {
    ...defaultTrafficSpec,
    flows: FLOWS,
    packets: FLOWS,
    arrival: { model: "backlog" } as const,
  };
  const firstPlan = generateTraffic(targets, { ...traffic, kind: "first-packet" }, SEED);
  const plan = generateTraffic(targets, { ...traffic, kind: "established" }, SEED);
  const options = { conntrackMax: 2 * FLOWS, packetsMax: FLOWS, seed: SEED };
  const first = createEvaluator(image, options);
  first.load(firstPlan.steady);
  const established = createEvaluator(image, options);
  openFlows(established, plan, model);
  established.load(plan.steady);
  return { mode, services, model, first, firstPlan, established, plan, image };
}

function timeNs(run: () => void): number {
  const start = realClock.now();
  run();
  return Number(realClock.now() - start);
}

function firstNs({ first }: Subject): number {
  first.reset();
  return timeNs(() => first.evaluate()) / FLOWS;
}

function establishedNs({ established }: Subject): number {
  return timeNs(() => established.evaluate()) / FLOWS;
}

/** Medians of every subject, subjects taking turns in an order shuffled per round. */
function inTurns(
  subjects: readonly Subject[],
  rounds: number,
  sample: (subject: Subject) => number,
): number[] {
  const prng = new Prng(SEED);
  const samples = subjects.map(() => [] as number[]);
  for (let round = -3; round < rounds; round++) {
    for (const index of prng.shuffled(subjects.map((_, position) => position))) {
      const ns = sample(subjects[index] as Subject);
      if (round >= 0) samples[index]?.push(ns);
    }
  }
  return samples.map((values) => median(values));
}

function compareSizes(mode: Mode, large: number, rounds: number): void {
  const subjects = [subject(mode, 100, ENDPOINTS), subject(mode, large, ENDPOINTS)];
  const first = inTurns(subjects, rounds, firstNs);
  const established = inTurns(subjects, rounds, establishedNs);
  const row = (name: string, [small = 0, big = 0]: number[]) =>
    console.log(
      `${mode.padEnd(10)} ${name.padEnd(12)} 100: ${small.toFixed(0)} ns, ${large}: ${big.toFixed(0)} ns, ratio ${(big / small).toFixed(2)} (n=${rounds})`,
    );
  row("first", first);
  row("established", established);
}

function linearity(rounds: number): void {
  const subjects = [100, 300, 1000, 3000, 10000, 30000].map((services) => subject("iptables", services, 1));
  const ns = inTurns(subjects, rounds, firstNs);
  const rules = subjects.map(({ first }) => {
    first.reset();
    first.evaluate();
    return first.counters().rulesEvaluated / FLOWS;
  });
  const fit = linearRegression(rules, ns);
  console.log(
    `iptables ns per first packet against rules evaluated: slope ${fit.slope.toFixed(3)} ns a rule, R^2 ${fit.rSquared.toFixed(5)}`,
  );
}

async function workers(mode: Mode, rounds: number): Promise<void> {
  const one = subject(mode, 1000, ENDPOINTS);
  const pools = [1, 2].map((count) => {
    const openings = shardColumns(one.plan.opening, count);
    const steadies = shardColumns(one.plan.steady, count);
    const { sites } = shareImage(
      one.image,
      steadies.map(() => ({ conntrackMax: 2 * FLOWS, packetsMax: FLOWS })),
    );
    for (const [index, site] of sites.entries()) {
      const evaluator = new Evaluator(site, { seed: SEED + index, imageCapacity: 0 });
      openFlows(evaluator, { ...one.plan, opening: openings[index] ?? one.plan.opening }, one.model);
      evaluator.load(steadies[index] ?? one.plan.steady);
    }
    return { pool: new WorkerPool(sites), packets: steadies.map(({ count: packets }) => packets) };
  });
  const rates = pools.map(() => [] as number[]);
  for (let round = -1; round < rounds; round++) {
    for (const [index, { pool, packets }] of pools.entries()) {
      const { packets: done, ns } = await pool.evaluate(packets, 400);
      if (round >= 0) rates[index]?.push(done / (ns / 1e9));
    }
  }
  for (const { pool } of pools) await pool.close();
  const [single = 0, double = 0] = rates.map((values) => median(values));
  console.log(
    `${mode.padEnd(10)} workers      1: ${(single / 1e6).toFixed(1)} Mpps, 2: ${(double / 1e6).toFixed(1)} Mpps, ratio ${(double / single).toFixed(2)} (n=${rounds})`,
  );
}

function againstTracer(mode: Mode): void {
  const one = subject(mode, 1000, ENDPOINTS);
  const packets = Array.from({ length: 200 }, (_, index) => one.firstPlan.steady.at(index));
  const tracer = createTracer(one.model, {
    chance: new SeededChance(new Prng(SEED)),
    steps: false,
    conntrackMax: 2 * FLOWS,
  });
  const tracerNs =
    timeNs(() => {
      for (const packet of packets) tracer.send(packet, 0);
    }) / packets.length;
  const core = median(Array.from({ length: 20 }, () => firstNs(one)));
  console.log(
    `${mode.padEnd(10)} core ${core.toFixed(0)} ns, tracer ${tracerNs.toFixed(0)} ns a first packet: ${(tracerNs / core).toFixed(0)} times`,
  );
}

function option(name: string): string | null {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? null : (process.argv[at + 1] ?? null);
}

const rounds = Number(option("rounds") ?? 31);
const services = Number(option("services") ?? 50_000);
const chosen = option("modes")?.split(",");
const { overheadNs } = calibrateTimer(realClock);
console.log(`clock ${overheadNs} ns a reading; batches of ${FLOWS} packets; uniform random targets`);
for (const mode of MODES)
  if (chosen === undefined || chosen.includes(mode)) compareSizes(mode, services, rounds);
if (chosen === undefined) {
  linearity(rounds);
  for (const mode of MODES) await workers(mode, 9);
  for (const mode of MODES) againstTracer(mode);
}
