// The scheduler's loops over columns against their twins on objects: the same Pod, the same nodes, one plugin at a time,
// in interleaved rounds. Prints ns per node and the ratio, and says which loops are not worth their WASM (below 3).
// usage: node dist/bench/scheduler/loops.js [NODES]
import { present } from "../../src/base/assert.js";
import { realClock } from "../../src/base/clock.js";
import type { PodInfo } from "../../src/scheduler/cache/pod-info.js";
import { defaultConfiguration } from "../../src/scheduler/config/default-configuration.js";
import { CycleState } from "../../src/scheduler/framework/cycle-state.js";
import { feasibleNodes, scorePlugin } from "../../src/scheduler/cycle/prioritize.js";
import { UNTIMED } from "../../src/scheduler/cycle/cycle-recorder.js";
import type { Framework } from "../../src/scheduler/cycle/framework.js";
import { PodCycle } from "../../src/scheduler/cycle/pod-cycle.js";
import { runPreFilter } from "../../src/scheduler/cycle/pre-filter.js";
import { DEFAULT_FEATURES, Scheduler } from "../../src/scheduler/scheduler.js";
import { median } from "../../src/measure/statistics/quantiles.js";
import { clusterNode, runningPod, waitingPod } from "./loop-cluster.js";

const ROUNDS = 21;
/** A loop below this ratio belongs in TypeScript. */
const RATIO_MIN = 3;
const FEASIBLE = 500;

interface Contender {
  readonly name: string;
  /** Nodes that one run looks at. */
  readonly nodes: number;
  readonly columns: () => void;
  readonly objects: () => void;
}

const nodeCount = Number(process.argv[2] ?? 5_000);
const scheduler = new Scheduler({
  configuration: defaultConfiguration(),
  features: DEFAULT_FEATURES,
  seed: 1,
  stopwatch: () => Number(realClock.now()) / 1e6,
  act: () => {},
});
for (let index = 0; index < nodeCount; index++) scheduler.cluster.setNode(clusterNode(index), 0);
for (let index = 0; index < nodeCount * 4; index++) scheduler.cluster.setPod(runningPod(index, nodeCount), 0);
const [profile] = scheduler.profiles.values();
const { framework } = present(profile, "profile");
const pod = scheduler.cluster.read(waitingPod());

console.log(
  `${nodeCount} nodes, ${nodeCount * 4} Pods, medians of ${ROUNDS} interleaved rounds, ns per node`,
);
console.log("loop                                             columns    objects   ratio");
const slow: string[] = [];
for (const contender of [...filterContenders(framework, pod), ...scoreContenders(framework, pod)]) {
  const { columnsNs, objectsNs } = race(contender);
  const ratio = objectsNs / columnsNs;
  if (ratio < RATIO_MIN) slow.push(contender.name);
  const cells = [
    columnsNs.toFixed(1).padStart(8),
    objectsNs.toFixed(1).padStart(11),
    ratio.toFixed(1).padStart(8),
  ];
  console.log(`${contender.name.padEnd(48)}${cells.join("")}`);
}
console.log(
  slow.length === 0
    ? `all loops are at least ${RATIO_MIN} times as fast`
    : `below ${RATIO_MIN}: ${slow.join(", ")}`,
);

/** Each plugin's PreFilter and Filter over all nodes. */
function filterContenders(framework: Framework, pod: PodInfo): Contender[] {
  const cycle = new PodCycle(pod, framework, scheduler.cache);
  const { columns, nodes } = cycle;
  const range = { list: columns.list, from: 0, to: nodes.length };
  return framework.filters.flatMap(({ name, filter, columns: form }): Contender[] => {
    if (form === null) return [];
    const preFilter = framework.preFilter.find((plugin) => plugin.name === name);
    return [
      {
        name: `Filter ${name}`,
        nodes: nodes.length,
        columns: () => {
          columns.scratch.reset();
          columns.memory.kernels.begin(range.list, range.from, range.to, columns.verdict);
          if (form.prepareFilter(cycle)?.status?.code !== "Skip") form.filter(cycle, range, 1);
        },
        objects: () => {
          const state = new CycleState();
          if (preFilter?.preFilter(state, pod, nodes).status?.code === "Skip") return;
          for (const node of nodes) filter.filter(state, pod, node);
        },
      },
    ];
  });
}

/** Each plugin's PreScore, Score and normalisation over as many nodes as a cycle scores. */
function scoreContenders(framework: Framework, pod: PodInfo): Contender[] {
  const cycle = new PodCycle(pod, framework, scheduler.cache);
  runPreFilter(cycle, UNTIMED);
  const feasible = cycle.nodes.slice(0, FEASIBLE);
  cycle.columns.writeSlots(cycle.columns.feasible, feasible);
  const onObjects = new PodCycle(pod, framework, scheduler.cache, "objects");
  return framework.scores
    .filter(({ columns, name }) => columns !== null && name !== "VolumeBinding")
    .map((step) => ({
      name: `Score ${step.name}`,
      nodes: feasible.length,
      columns: () => {
        cycle.columns.scratch.reset();
        scorePlugin(cycle, step, feasible.length, UNTIMED);
      },
      objects: () => {
        const { score, preScore } = step;
        const nodes = feasibleNodes(onObjects, feasible.length);
        if (preScore?.preScore(onObjects.state, pod, nodes)?.code === "Skip") return;
        const scores = nodes.map((node) => score.score(onObjects.state, pod, node));
        score.normalize?.(onObjects.state, pod, nodes, scores);
      },
    }));
}

function race({ nodes, columns, objects }: Contender): { columnsNs: number; objectsNs: number } {
  const columnsNs: number[] = [];
  const objectsNs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    columnsNs.push(timePerRun(columns, 40) / nodes);
    objectsNs.push(timePerRun(objects, 4) / nodes);
  }
  // The first rounds are the compiler's.
  return { columnsNs: median(columnsNs.slice(5)), objectsNs: median(objectsNs.slice(5)) };
}

function timePerRun(run: () => void, times: number): number {
  const begun = realClock.now();
  for (let time = 0; time < times; time++) run();
  return Number(realClock.now() - begun) / times;
}
