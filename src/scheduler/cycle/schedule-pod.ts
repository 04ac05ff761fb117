// The scheduling cycle's decision: PreFilter, Filter, extenders, Score, and the best node. Deciding only; what becomes of
// it (assume, reserve, bind, or wait) is the scheduler's.
// A generator, because extenders answer over the network: it yields a request and is resumed with the reply, and without
// extenders it runs through at once.
// Source: kube-scheduler schedule_one.go (schedulePod, findNodesThatFitPod).
import type { Prng } from "../../base/prng.js";
import { present } from "../../base/assert.js";
import type { NodeInfo } from "../cache/node-info.js";
import type { ExtenderReply, ExtenderRequest } from "../extender/extender.js";
import type { Extenders } from "../extender/extenders.js";
import { type Status, unresolvable } from "../framework/status.js";
import type { Nominator } from "../queue/nominator.js";
import type { CycleRecorder } from "./cycle-recorder.js";
import { type Diagnosis, diagnoseNothing, diagnoseSearch, type ExtenderVerdicts } from "./diagnosis.js";
import { feasibleNodesWanted } from "./feasible-count.js";
import { type Candidates, findNodes, type Search } from "./find-nodes.js";
import { NO_NODES } from "./fit-error.js";
import type { PodCycle } from "./pod-cycle.js";
import { runPreFilter } from "./pre-filter.js";
import { addExtraScores, feasibleNodes, prioritize, selectNode } from "./prioritize.js";

export type Decision =
  | {
      readonly kind: "node";
      readonly node: NodeInfo;
      readonly evaluatedNodes: number;
      readonly feasibleNodes: number;
    }
  | { readonly kind: "unschedulable"; readonly diagnosis: Diagnosis; readonly evaluatedNodes: number }
  | { readonly kind: "error"; readonly status: Status };

export interface AlgorithmOptions {
  readonly nominator: Nominator;
  readonly prng: Prng;
  readonly extenders: Extenders;
  /** 0: by the number of nodes. */
  readonly percentageOfNodesToScore: number;
}

const NONE: ReadonlyMap<string, Status> = new Map();

export type Deciding = Generator<ExtenderRequest, Decision, ExtenderReply>;

export class Algorithm {
  readonly #options: AlgorithmOptions;
  /** Where the next search begins, so that all nodes get their turn. */
  #nextStart = 0;

  constructor(options: AlgorithmOptions) {
    this.#options = options;
  }

  *decide(cycle: PodCycle, recorder: CycleRecorder): Deciding {
    // No plugin has turned the Pod down, and there is nobody to preempt: it comes back after a backoff.
    if (cycle.nodes.length === 0) return { kind: "error", status: unresolvable("", NO_NODES) };
    const begun = recorder.pointBegins();
    const preFilter = runPreFilter(cycle, recorder);
    recorder.pointEnds("PreFilter", begun, preFilter.status);
    const { status, nodeNames, excluded } = preFilter;
    if (status !== null) {
      if (status.code === "Error") return { kind: "error", status };
      return { kind: "unschedulable", diagnosis: diagnoseNothing(status, cycle.nodes), evaluatedNodes: 0 };
    }
    if ((cycle.pod.pod.status?.nominatedNodeName ?? "") !== "") {
      const decision = yield* this.#tryNominated(cycle, recorder);
      if (decision !== null) return decision;
    }
    return yield* this.#search(cycle, this.#candidates(cycle, nodeNames), { recorder, excluded });
  }

  /** A Pod that made room for itself is tried there first; null when it does not fit, or has no such node. */
  *#tryNominated(
    cycle: PodCycle,
    recorder: CycleRecorder,
  ): Generator<ExtenderRequest, Decision | null, ExtenderReply> {
    const name = cycle.pod.pod.status?.nominatedNodeName ?? "";
    const node = name === "" ? undefined : cycle.cache.get(name);
    if (node === undefined) return null;
    const search = this.#filter(cycle, { list: listOf(cycle, [node]), count: 1, start: 0 }, recorder);
    if (search.error !== null || search.found === 0) return null;
    const left = yield* this.#askFilters(cycle, search.found);
    if ("code" in left || left.found === 0) return null;
    return { kind: "node", node, evaluatedNodes: 1, feasibleNodes: 1 };
  }

  *#search(
    cycle: PodCycle,
    candidates: Candidates,
    { recorder, excluded }: { recorder: CycleRecorder; excluded: Status },
  ): Deciding {
    const { extenders, prng } = this.#options;
    const search = this.#filter(cycle, candidates, recorder);
    this.#nextStart = (this.#nextStart + search.evaluated) % cycle.nodes.length;
    if (search.error !== null) return { kind: "error", status: search.error };
    // Without extenders nothing is awaited: another generator would be made for every Pod for nothing.
    const left = extenders.isEmpty
      ? { found: search.found, statuses: NONE }
      : yield* this.#askFilters(cycle, search.found);
    if ("code" in left) return { kind: "error", status: left };
    const evaluatedNodes = search.evaluated;
    if (left.found === 0) {
      const diagnosis = diagnoseSearch(cycle, search, { excluded, extenders: left });
      return { kind: "unschedulable", diagnosis, evaluatedNodes };
    }
    const feasible = left.found;
    if (feasible > 1) {
      this.#score(cycle, feasible, recorder);
      if (!extenders.isEmpty)
        addExtraScores(
          cycle,
          feasible,
          yield* extenders.prioritize(cycle.pod, feasibleNodes(cycle, feasible)),
        );
    }
    const node = feasible > 1 ? selectNode(cycle, feasible, prng) : onlyNode(cycle);
    return { kind: "node", node, evaluatedNodes, feasibleNodes: feasible };
  }

  #candidates(cycle: PodCycle, nodeNames: ReadonlySet<string> | null): Candidates {
    const { columns, nodes, cache } = cycle;
    if (nodeNames === null) return { list: columns.list, count: nodes.length, start: this.#nextStart };
    const named: NodeInfo[] = [];
    for (const name of nodeNames) {
      const node = cache.get(name);
      if (node !== undefined) named.push(node);
    }
    if (named.length > 1) named.sort((a, b) => columns.positionOf(a) - columns.positionOf(b));
    const start = named.length === 0 ? 0 : this.#nextStart % named.length;
    return { list: listOf(cycle, named), count: named.length, start };
  }

  #filter(cycle: PodCycle, candidates: Candidates, recorder: CycleRecorder): Search {
    const { nominator } = this.#options;
    const begun = recorder.pointBegins();
    const search = findNodes(cycle, candidates, this.#wanted(cycle, candidates.count), {
      nominator,
      recorder,
    });
    recorder.pointEnds("Filter", begun, search.error);
    return search;
  }

  #wanted({ framework }: PodCycle, count: number): number {
    const { extenders, percentageOfNodesToScore } = this.#options;
    // Nothing can tell one node from another: the first will do.
    if (framework.scores.length === 0 && extenders.isEmpty) return 1;
    return feasibleNodesWanted(count, framework.profile.percentageOfNodesToScore ?? percentageOfNodesToScore);
  }

  /** Extenders' filters, one after another on what is left. A status is an error that ends the cycle. */
  *#askFilters(
    cycle: PodCycle,
    found: number,
  ): Generator<ExtenderRequest, ExtenderVerdicts | Status, ExtenderReply> {
    const { extenders } = this.#options;
    if (extenders.isEmpty || found === 0) return { found, statuses: NONE };
    return yield* extenders.filter(cycle.pod, feasibleNodes(cycle, found), (nodes) =>
      cycle.columns.writeSlots(cycle.columns.feasible, nodes),
    );
  }

  #score(cycle: PodCycle, feasible: number, recorder: CycleRecorder): void {
    const begun = recorder.pointBegins();
    prioritize(cycle, feasible, recorder);
    recorder.pointEnds("Score", begun);
  }
}

function onlyNode(cycle: PodCycle): NodeInfo {
  return present(feasibleNodes(cycle, 1)[0], "feasible node");
}

function listOf({ columns }: PodCycle, nodes: readonly NodeInfo[]): number {
  const list = columns.scratch.take(Math.max(1, nodes.length) * 4);
  columns.writeSlots(list, nodes);
  return list;
}
