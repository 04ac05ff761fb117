// PodTopologySpread over columns: matching Pods per node are kept (columns/pod-counts); for a new Pod they are summed by
// domain over the nodes that count, and a node is judged by its domain's sum.
// Cost: O(nodes) per constraint.
import { LABEL_HOSTNAME } from "../../../api/scheduling.js";
import { matchesSelector } from "../../../api/selector.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { SpreadConstraint } from "../../cache/pod-terms.js";
import { type ColumnCycle, type ColumnFilter, type ColumnScore, PASS } from "../../columns/column-plugin.js";
import type { PodTopologySpreadArgs } from "../../config/configuration.js";
import type { FrameworkHandle } from "../../framework/handle.js";
import { SKIP } from "../../framework/status.js";
import { SPREAD_REASON_LABEL } from "../../../../asm/abi/scheduler.js";
import { requiredMask } from "../node-affinity/node-affinity-columns.js";
import { forbiddenTable } from "../taint-toleration/taint-toleration-columns.js";
import { ConstraintSource, selects } from "./constraints.js";
import { KEYLESS, NAME, SKEWED } from "./filtering.js";

/** What Filter needs of one hard constraint. */
interface Judged {
  readonly domain: number;
  readonly sums: number;
  /** Matching Pods that a domain may have already. */
  readonly most: number;
}

export function createPodTopologySpreadColumns(
  args: PodTopologySpreadArgs,
  { objects }: FrameworkHandle,
): ColumnFilter & ColumnScore {
  const source = new ConstraintSource(args, objects);
  let judged: readonly Judged[] = [];
  let soft: readonly SpreadConstraint[] = [];
  return {
    name: NAME,
    prepareFilter(cycle) {
      const constraints = source.hard(cycle.pod);
      if (constraints.length === 0) return { status: SKIP, nodeNames: null };
      const counted = new CountedNodes(cycle, constraints);
      judged = constraints.map((constraint) => judge(cycle, constraint, counted));
      return PASS;
    },
    filter({ columns: { memory, verdict, reason } }, { list, from, to }, code) {
      for (const { domain, sums, most } of judged)
        memory.kernels.filterSpread(list, from, to, verdict, code, reason, domain, sums, most);
    },
    describe: (reason) => (reason === SPREAD_REASON_LABEL ? KEYLESS : SKEWED),
    prepareScore({ pod }) {
      soft = source.soft(pod);
      return soft.length > 0;
    },
    score: (cycle, count, score) =>
      scoreSoft(cycle, { constraints: soft, needsAllKeys: source.needsAllKeys(cycle.pod) }, count, score),
  };
}

function judge(cycle: ColumnCycle, constraint: SpreadConstraint, counted: CountedNodes): Judged {
  const { columns, nodes, pod } = cycle;
  const { kernels } = columns.memory;
  const { at: domain, values } = columns.labels.column(constraint.topologyKey);
  const sums = columns.scratch.takeZeroed(values.length * 4);
  const seen = columns.scratch.takeZeroed(values.length);
  const eligible = counted.by(constraint);
  kernels.addDomains(columns.list, nodes.length, domain, countsOf(cycle, constraint), eligible, sums, seen);
  const hasEnough = countMarks(columns.memory.u8, seen, values.length) >= constraint.minDomains;
  const least = hasEnough ? kernels.minimumDomain(sums, seen, values.length) : 0;
  const self = selects(constraint, pod) ? 1 : 0;
  return { domain, sums, most: constraint.maxSkew + least - self };
}

/** Domains that have an eligible node; number 0 stands for nodes without the label. */
function countMarks(u8: Uint8Array, seen: number, domains: number): number {
  let marks = 0;
  for (let domain = 1; domain < domains; domain++) marks += u8[seen + domain] as number;
  return marks;
}

function scoreSoft(
  cycle: ColumnCycle,
  { constraints, needsAllKeys }: { constraints: readonly SpreadConstraint[]; needsAllKeys: boolean },
  count: number,
  score: number,
): void {
  const { columns, nodes } = cycle;
  const { memory, scratch, feasible, labels } = columns;
  const { kernels } = memory;
  const scored = scratch.take(columns.capacity);
  kernels.fillEligible(feasible, count, scored);
  if (needsAllKeys)
    for (const { topologyKey } of constraints)
      kernels.keepLabelled(feasible, count, scored, labels.column(topologyKey).at);
  const counted = new CountedNodes(cycle, needsAllKeys ? constraints : []);
  for (const constraint of constraints) {
    const { at: domain, values } = labels.column(constraint.topologyKey);
    const counts = countsOf(cycle, constraint);
    const skew = constraint.maxSkew - 1;
    if (constraint.topologyKey === LABEL_HOSTNAME) {
      const weight = Math.log(kernels.countEligible(feasible, count, scored) + 2);
      kernels.addSpreadScores(feasible, count, score, scored, domain, counts, 1, weight, skew);
    } else {
      const seen = scratch.takeZeroed(values.length);
      const weight = Math.log(kernels.countDomains(feasible, count, domain, scored, seen) + 2);
      const sums = scratch.takeZeroed(values.length * 4);
      kernels.addDomains(columns.list, nodes.length, domain, counts, counted.by(constraint), sums, seen);
      kernels.addSpreadScores(feasible, count, score, scored, domain, sums, 0, weight, skew);
    }
  }
  kernels.roundSpreadScores(count, score);
  kernels.normalizeSpread(feasible, count, score, scored);
}

/** Address of the column of Pods that count for a constraint. An empty selector counts none, as upstream. */
function countsOf({ columns, pod }: ColumnCycle, { selector, selectorId }: SpreadConstraint): number {
  const { namespace } = pod;
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  const isEmpty = Object.keys(matchLabels).length + matchExpressions.length === 0;
  return columns.podCounts.column({
    id: `spread ${selectorId}`,
    countsTerminating: false,
    matches: (set) =>
      selector !== null && !isEmpty && set.namespace === namespace && matchesSelector(set.labels, selector),
  });
}

/** Nodes whose Pods count: with all of some keys, and by each constraint's policies. Few combinations occur. */
class CountedNodes {
  readonly #cycle: ColumnCycle;
  readonly #keys: readonly string[];
  readonly #byPolicies = new Map<string, number>();

  constructor(cycle: ColumnCycle, constraints: readonly SpreadConstraint[]) {
    this.#cycle = cycle;
    this.#keys = constraints.map(({ topologyKey }) => topologyKey);
  }

  /** Address of a u8 per slot: 1 where the node counts. */
  by({ nodeAffinityPolicy, nodeTaintsPolicy }: SpreadConstraint): number {
    const honorsAffinity = nodeAffinityPolicy === "Honor" && demandsNodes(this.#cycle.pod);
    const honorsTaints = nodeTaintsPolicy === "Honor";
    const key = `${honorsAffinity} ${honorsTaints}`;
    let eligible = this.#byPolicies.get(key);
    if (eligible === undefined) {
      eligible = this.#fill(honorsAffinity, honorsTaints);
      this.#byPolicies.set(key, eligible);
    }
    return eligible;
  }

  #fill(honorsAffinity: boolean, honorsTaints: boolean): number {
    const { columns, nodes, pod } = this.#cycle;
    const { memory, scratch, list, labels, taints } = columns;
    const { kernels } = memory;
    const eligible = scratch.take(columns.capacity);
    kernels.fillEligible(list, nodes.length, eligible);
    for (const key of this.#keys) kernels.keepLabelled(list, nodes.length, eligible, labels.column(key).at);
    if (honorsAffinity)
      kernels.keepMasked(list, nodes.length, eligible, requiredMask(columns, pod.pod.spec ?? {}));
    if (honorsTaints)
      kernels.keepTabled(list, nodes.length, eligible, taints.ids, forbiddenTable(columns, pod));
    return eligible;
  }
}

function demandsNodes({ pod }: PodInfo): boolean {
  const { nodeSelector = {}, affinity } = pod.spec ?? {};
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required !== undefined || Object.keys(nodeSelector).length > 0;
}
