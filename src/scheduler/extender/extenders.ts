// All extenders of a configuration, asked in order. Each yields its request and goes on with the reply.
// An extender that fails ends the attempt, unless it is ignorable. A node that one calls unresolvable stays so.
// Source: kube-scheduler schedule_one.go (findNodesThatPassExtenders, prioritizeNodes).
import type { NodeInfo } from "../cache/node-info.js";
import type { PodInfo } from "../cache/pod-info.js";
import type { ExtenderConfig } from "../config/configuration.js";
import { EXTENDER, type ExtenderVerdicts } from "../cycle/diagnosis.js";
import { failure, type Status, unresolvable, unschedulable } from "../framework/status.js";
import {
  extenderArgs,
  type ExtenderFilterResult,
  type ExtenderReply,
  type ExtenderRequest,
  type HostPriorityList,
  isInterested,
} from "./extender.js";

/** Extenders score 0..10, plugins 0..100. */
const SCORE_SCALE = 10;

export class Extenders {
  readonly #extenders: readonly ExtenderConfig[];

  constructor(extenders: readonly ExtenderConfig[]) {
    this.#extenders = extenders;
  }

  get isEmpty(): boolean {
    return this.#extenders.length === 0;
  }

  /** The first interested extender that binds in the API server's stead; null for none. */
  binder(pod: PodInfo): ExtenderConfig | null {
    return this.#extenders.find((each) => each.bindVerb !== null && isInterested(each, pod)) ?? null;
  }

  /** @param keep told the nodes that are left, in order, when some were dropped */
  *filter(
    pod: PodInfo,
    feasible: readonly NodeInfo[],
    keep: (nodes: readonly NodeInfo[]) => void,
  ): Generator<ExtenderRequest, ExtenderVerdicts | Status, ExtenderReply> {
    const statuses = new Map<string, Status>();
    let nodes = feasible;
    for (const extender of this.#extenders) {
      if (extender.filterVerb === null || nodes.length === 0 || !isInterested(extender, pod)) continue;
      const reply = yield this.#request(extender, extender.filterVerb, pod, nodes);
      const result = readFilterResult(extender, reply);
      if (typeof result === "string") {
        if (extender.ignorable) continue;
        return failure(EXTENDER, result);
      }
      for (const [name, reason] of result.failed) statuses.set(name, unschedulable(EXTENDER, reason));
      for (const [name, reason] of result.unresolvable) statuses.set(name, unresolvable(EXTENDER, reason));
      nodes = nodes.filter(({ name }) => result.passed.has(name));
    }
    if (nodes.length < feasible.length) keep(nodes);
    return { found: nodes.length, statuses };
  }

  /** Points per node, weighed and on the plugins' scale. An extender that fails gives none. */
  *prioritize(
    pod: PodInfo,
    nodes: readonly NodeInfo[],
  ): Generator<ExtenderRequest, ReadonlyMap<string, number>, ExtenderReply> {
    const scores = new Map<string, number>();
    for (const extender of this.#extenders) {
      if (extender.prioritizeVerb === null || !isInterested(extender, pod)) continue;
      const reply = yield this.#request(extender, extender.prioritizeVerb, pod, nodes);
      if (!reply.ok || !Array.isArray(reply.value)) continue;
      for (const { Host, Score } of reply.value as HostPriorityList)
        scores.set(Host, (scores.get(Host) ?? 0) + Math.trunc(Score) * extender.weight * SCORE_SCALE);
    }
    return scores;
  }

  #request(
    extender: ExtenderConfig,
    verb: string,
    pod: PodInfo,
    nodes: readonly NodeInfo[],
  ): ExtenderRequest {
    const objects = nodes.map(({ node }) => node);
    return { extender, verb, body: extenderArgs(extender, pod, objects) };
  }
}

interface FilterResult {
  readonly passed: ReadonlySet<string>;
  readonly failed: readonly (readonly [string, string])[];
  readonly unresolvable: readonly (readonly [string, string])[];
}

/** Text: what is wrong with the answer. */
function readFilterResult(
  { nodeCacheCapable, urlPrefix }: ExtenderConfig,
  reply: ExtenderReply,
): FilterResult | string {
  if (!reply.ok) return reply.error;
  if (typeof reply.value !== "object" || reply.value === null)
    return `extender ${urlPrefix} answered no object`;
  const result = reply.value as ExtenderFilterResult;
  if (result.Error !== undefined && result.Error !== "") return result.Error;
  const names = nodeCacheCapable
    ? (result.NodeNames ?? [])
    : (result.Nodes?.items ?? []).map(({ metadata }) => metadata.name);
  return {
    passed: new Set(names),
    failed: Object.entries(result.FailedNodes ?? {}),
    unresolvable: Object.entries(result.FailedAndUnresolvableNodes ?? {}),
  };
}
