// The columns against the objects they stand for: on random clusters, while Pods come and go and nodes change, both forms
// of every plugin say the same of every node; and columns that were kept in step equal columns that were made anew.
// PLUMB_ORACLE_CASES raises the number of clusters, PLUMB_ORACLE_SEED sets the first seed.
import assert from "node:assert/strict";
import test from "node:test";
import type { Node, Pod } from "../../api/types.js";
import { Prng } from "../../base/prng.js";
import type { SchedulerConfiguration } from "../../scheduler/config/configuration.js";
import { explainPod } from "../../scheduler/explain/explain-pod.js";
import type { Explanation } from "../../scheduler/explain/explanation.js";
import type { Scheduler } from "../../scheduler/scheduler.js";
import { nodeName, randomNode } from "../../workload/scheduling-cluster/random-nodes.js";
import {
  generateSchedulingCluster,
  type SchedulingCluster,
} from "../../workload/scheduling-cluster/scheduling-cluster.js";
import { compareDecisions, DecisionTally } from "./compare-decisions.js";
import { decideOne, profileOf, schedulerFor } from "./local-decisions.js";
import { COMPARED_PROFILES, DEFAULT_PROFILE, ownConfiguration } from "./profiles.js";

const CASES = Number(process.env["PLUMB_ORACLE_CASES"] ?? 12);
const FIRST_SEED = Number(process.env["PLUMB_ORACLE_SEED"] ?? 1);

/** A cluster that changes, as a scheduler and as the objects that one made anew would be told. */
class ChangingCluster {
  readonly scheduler: Scheduler;
  readonly #cluster: SchedulingCluster;
  readonly #configuration: SchedulerConfiguration;
  readonly #nodes: Map<string, Node>;
  readonly #pods: Map<string, Pod>;
  readonly #prng: Prng;

  constructor(cluster: SchedulingCluster, configuration: SchedulerConfiguration, prng: Prng) {
    this.#cluster = cluster;
    this.#configuration = configuration;
    this.#prng = prng;
    this.scheduler = schedulerFor(cluster, configuration);
    this.#nodes = new Map(cluster.nodes.map((node) => [node.metadata.name, node]));
    this.#pods = new Map(cluster.running.map((pod) => [pod.metadata.uid as string, pod]));
  }

  placed(pod: Pod, name: string): void {
    this.#pods.set(pod.metadata.uid as string, { ...pod, spec: { ...pod.spec, nodeName: name } });
  }

  change(): void {
    const prng = this.#prng;
    switch (prng.below(5)) {
      case 0:
        this.#setNode(randomNode(prng, prng.pick([...this.#nodes.keys()])));
        return;
      case 1:
        this.#setNode(randomNode(prng, nodeName(1000 + prng.below(20))));
        return;
      case 2:
        this.#deleteNode(prng.pick([...this.#nodes.keys()]));
        return;
      default:
        if (this.#pods.size > 0) this.#deletePod(prng.pick([...this.#pods.values()]));
    }
  }

  anew(): Scheduler {
    const { others } = this.#cluster;
    const running = [...this.#pods.values()];
    return schedulerFor({ nodes: [...this.#nodes.values()], running, others }, this.#configuration);
  }

  #setNode(node: Node): void {
    this.#nodes.set(node.metadata.name, node);
    this.scheduler.cluster.setNode(node, 0);
  }

  #deleteNode(name: string): void {
    this.#nodes.delete(name);
    this.scheduler.cluster.deleteNode(name, 0);
  }

  #deletePod(pod: Pod): void {
    this.#pods.delete(pod.metadata.uid as string);
    this.scheduler.cluster.deletePod(pod, 0);
  }
}

function assertSame(ours: Explanation, theirs: Explanation, where: string): void {
  const [first] = compareDecisions(ours, theirs, { tally: new DecisionTally(), withSkips: false });
  assert.equal(first, undefined, `${where}: ${JSON.stringify(first)}`);
}

/** Nodes in the order of their names: what is made anew has them in another order. */
function byName(explanation: Explanation): Explanation {
  return { ...explanation, nodes: explanation.nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** Volumes are promised in the scheduler's own memory, which one made anew does not have. */
function hasClaims({ spec }: Pod): boolean {
  return (spec?.volumes ?? []).length > 0;
}

function explainColumns(scheduler: Scheduler, pod: Pod): Explanation {
  const info = scheduler.cluster.read(pod);
  return explainPod(scheduler, info, profileOf(scheduler, info), { form: "columns", nowMs: 0 }).explanation;
}

for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
  test(`columns decide as objects do, as Pods and nodes come and go, seed ${seed}`, () => {
    const prng = new Prng(seed);
    const spec = { seed, nodes: 40 + prng.below(120), pending: 40 };
    const cluster = generateSchedulingCluster(spec);
    const profile = COMPARED_PROFILES[seed % COMPARED_PROFILES.length] ?? DEFAULT_PROFILE;
    const changing = new ChangingCluster(cluster, ownConfiguration(profile), prng.fork("changes"));
    for (const [index, pod] of cluster.pending.entries()) {
      const where = `seed ${seed}, Pod ${pod.metadata.name}`;
      if (index % 4 === 3) changing.change();
      if (index % 10 === 9 && !hasClaims(pod)) {
        const kept = byName(explainColumns(changing.scheduler, pod));
        const made = byName(explainColumns(changing.anew(), pod));
        assertSame(kept, made, `${where}, kept in step against made anew`);
      }
      const { onColumns, onObjects } = decideOne(changing.scheduler, changing.scheduler.cluster.read(pod));
      assertSame(onColumns, onObjects, `${where}, columns against objects`);
      if (onColumns.chosen !== null) changing.placed(pod, onColumns.chosen);
    }
  });
}
