// Our scheduler against upstream's own code on random clusters that use every plugin: the same verdicts, reasons, scores,
// preemptions and messages, node by node, or the smallest case where they differ.
// Which nodes are sampled and who wins a tie is chance upstream: all nodes are looked at, and the first name wins.
import { Prng } from "../../base/prng.js";
import {
  generateSchedulingCluster,
  type SchedulingCluster,
} from "../../workload/scheduling-cluster/scheduling-cluster.js";
import { DecisionTally, type Disagreement, type PluginTally } from "./compare-decisions.js";
import { type CaseVerdict, type DecisionCase, inputOf, isAgreed, judgeCase } from "./judge-case.js";
import type { Peer, PeerHeader } from "./peer-protocol.js";
import { COMPARED_PROFILES, DEFAULT_PROFILE } from "./profiles.js";
import { shrinkCase } from "./shrink-case.js";

export interface VerifyOptions {
  readonly seed: number;
  /** Pods to compare, over all clusters. */
  readonly pods: number;
  readonly nodesMin: number;
  readonly nodesMax: number;
  readonly peer: Peer;
  readonly onProgress: (pods: number) => void;
  /** A difference was found and is being made small, which takes up to some hundred runs of the peer. */
  readonly onShrink: () => void;
}

export interface VerifyResult {
  readonly header: PeerHeader | null;
  readonly clusters: number;
  readonly pods: number;
  readonly placed: number;
  readonly agreed: number;
  readonly tally: DecisionTally;
  readonly failure: VerifyFailure | null;
}

/** The first cluster on which the two disagree, made small. */
export interface VerifyFailure {
  readonly seed: number;
  readonly nodes: number;
  readonly profile: string;
  readonly disagreements: readonly Disagreement[];
  /** What the peer is asked; it can be run by hand. */
  readonly input: string;
}

/** Pods of one cluster: enough to fill it and to preempt, few enough that one difference hides little. */
const PODS_PER_CLUSTER = 50;
const SHRINK_TRIES_MAX = 400;

/** Clusters whose decisions differ are counted and compared to the end; the first of them is made small. */
export async function verifyScheduler(options: VerifyOptions): Promise<VerifyResult> {
  const sizes = new Prng(options.seed).fork("sizes");
  const total = { pods: 0, placed: 0, agreed: 0, clusters: 0 };
  const tally = new DecisionTally();
  let header: PeerHeader | null = null;
  let failure: VerifyFailure | null = null;
  while (total.pods < options.pods) {
    const seed = (options.seed + total.clusters) >>> 0;
    const nodes = options.nodesMin + sizes.below(options.nodesMax - options.nodesMin + 1);
    const pending = Math.min(PODS_PER_CLUSTER, options.pods - total.pods);
    const cluster = generateSchedulingCluster({ seed, nodes, pending });
    const profile = COMPARED_PROFILES[total.clusters % COMPARED_PROFILES.length] ?? DEFAULT_PROFILE;
    const verdict = await judgeCase({ cluster, profile }, options.peer);
    header = verdict.header;
    total.clusters++;
    // Pods behind the first that is placed elsewhere are not compared: they count as asked for, not as agreed.
    total.pods += pending;
    total.placed += verdict.placed;
    total.agreed += verdict.agreed;
    addTally(tally, verdict.tally);
    if (failure === null && !isAgreed(verdict)) {
      options.onShrink();
      failure = await describeFailure({ cluster, profile }, { seed, nodes }, options.peer);
    }
    options.onProgress(total.pods);
  }
  return { header, ...total, tally, failure };
}

async function describeFailure(
  { cluster, profile }: DecisionCase,
  { seed, nodes }: { readonly seed: number; readonly nodes: number },
  peer: Peer,
): Promise<VerifyFailure> {
  const shows = async (candidate: SchedulingCluster) => {
    const verdict = await judgeOrNull({ cluster: candidate, profile }, peer);
    return verdict !== null && !isAgreed(verdict);
  };
  const smallest = await shrinkCase(cluster, shows, { triesMax: SHRINK_TRIES_MAX });
  const shrunk = { cluster: smallest, profile };
  const { disagreements, ownDisagreements } = await judgeCase(shrunk, peer);
  return {
    seed,
    nodes,
    profile: profile.name,
    disagreements: [...disagreements, ...ownDisagreements],
    input: inputOf(shrunk),
  };
}

/** A case from which too much was taken may be none. */
async function judgeOrNull(candidate: DecisionCase, peer: Peer): Promise<CaseVerdict | null> {
  const { pending, nodes } = candidate.cluster;
  if (pending.length === 0 || nodes.length === 0) return null;
  try {
    return await judgeCase(candidate, peer);
  } catch {
    return null;
  }
}

function addTally(sum: DecisionTally, part: DecisionTally): void {
  sum.verdicts += part.verdicts;
  sum.feasible += part.feasible;
  sum.preemptions += part.preemptions;
  sum.messages += part.messages;
  for (const [plugin, counts] of part.plugins) {
    const into = sum.of(plugin);
    for (const key of Object.keys(counts) as (keyof PluginTally)[]) into[key] += counts[key];
  }
}
