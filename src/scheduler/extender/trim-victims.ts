// Extenders with a preemptVerb, asked about victims before a node is chosen. Each is told what the one before left, and
// answers the nodes where it agrees and who must go there. Its word is taken: it may leave nodes and victims out, and name
// other Pods of a node, or another node.
// Candidates keep their order: of equal ones the first is taken, and which that is must not depend on how an extender
// writes a map.
// Cost: a request per extender; O(victims x Pods of their node) to read an answer.
// Source: kube-scheduler framework/preemption/preemption.go (callExtenders), extender.go (ProcessPreemption).
import type { NodeInfo } from "../cache/node-info.js";
import type { PodInfo } from "../cache/pod-info.js";
import type { ExtenderConfig } from "../config/configuration.js";
import { EXTENDER } from "../cycle/diagnosis.js";
import type { Snapshot } from "../framework/handle.js";
import { failure } from "../framework/status.js";
import { type Candidate, noVictimMessage } from "../plugins/default-preemption/candidates.js";
import type { TrimVictims, Trimming } from "../plugins/default-preemption/preemption.js";
import {
  type ExtenderMetaVictims,
  type ExtenderPreemptionArgs,
  type ExtenderPreemptionResult,
  type ExtenderReply,
  isInterested,
} from "./extender.js";

/** null: none of the extenders takes part in preemption. */
export function victimTrimmer(extenders: readonly ExtenderConfig[], snapshot: Snapshot): TrimVictims | null {
  if (extenders.every(({ preemptVerb }) => preemptVerb === null)) return null;
  return (pod, candidates) => trimVictims(extenders, snapshot, { pod, candidates });
}

function* trimVictims(
  extenders: readonly ExtenderConfig[],
  snapshot: Snapshot,
  { pod, candidates }: { readonly pod: PodInfo; readonly candidates: readonly Candidate[] },
): Trimming {
  let left = candidates;
  for (const extender of extenders) {
    const { preemptVerb: verb, ignorable } = extender;
    if (verb === null || left.length === 0 || !isInterested(extender, pod)) continue;
    const reply = yield { extender, verb, body: preemptionArgs(extender, pod, left) };
    const agreed = readCandidates(extender, reply, snapshot);
    if (typeof agreed !== "string") left = inOrderOf(left, agreed);
    else if (!ignorable) return failure(EXTENDER, agreed);
  }
  return left;
}

function preemptionArgs(
  { nodeCacheCapable }: ExtenderConfig,
  { pod }: PodInfo,
  candidates: readonly Candidate[],
): ExtenderPreemptionArgs {
  return {
    Pod: pod,
    NodeNameToVictims: nodeCacheCapable ? null : victimsByNode(candidates, (victim) => victim.pod),
    NodeNameToMetaVictims: nodeCacheCapable ? victimsByNode(candidates, ({ uid }) => ({ UID: uid })) : null,
  };
}

function victimsByNode<T>(candidates: readonly Candidate[], sent: (victim: PodInfo) => T) {
  return Object.fromEntries(
    candidates.map(({ nodeName, pods, violations }) => [
      nodeName,
      { Pods: pods.map(sent), NumPDBViolations: violations },
    ]),
  );
}

/** Text: what is wrong with the answer. A node without victims is wrong, or left out if the extender may be ignored. */
function readCandidates(
  { urlPrefix, ignorable }: ExtenderConfig,
  reply: ExtenderReply,
  snapshot: Snapshot,
): readonly Candidate[] | string {
  if (!reply.ok) return reply.error;
  if (typeof reply.value !== "object" || reply.value === null)
    return `extender ${urlPrefix} answered no object`;
  const { NodeNameToMetaVictims: victimsByName } = reply.value as ExtenderPreemptionResult;
  const candidates: Candidate[] = [];
  for (const [nodeName, victims] of Object.entries(victimsByName ?? {})) {
    const node = snapshot.get(nodeName);
    if (node === undefined) return `nodeinfo not found for node name "${nodeName}"`;
    const candidate = readCandidate(urlPrefix, node, victims ?? {});
    if (typeof candidate === "string") return candidate;
    candidates.push(candidate);
  }
  const victimless = candidates.find(({ pods }) => pods.length === 0);
  if (victimless !== undefined && !ignorable) return noVictimMessage(victimless.nodeName);
  return candidates.filter(({ pods }) => pods.length > 0);
}

function readCandidate(
  urlPrefix: string,
  node: NodeInfo,
  { Pods, NumPDBViolations }: Partial<ExtenderMetaVictims>,
): Candidate | string {
  const victims = Pods ?? [];
  const violations = NumPDBViolations ?? 0;
  if (!Array.isArray(victims) || !Number.isInteger(violations))
    return `extender ${urlPrefix} answered no victims for node ${node.name}`;
  const pods: PodInfo[] = [];
  for (const victim of victims) {
    const uid: unknown = victim?.UID;
    const pod = node.pods.find((each) => each.uid === uid);
    if (pod === undefined)
      return `extender: ${urlPrefix} claims to preempt pod (UID: ${uid}) on node: ${node.name}, but the pod is not found on that node`;
    pods.push(pod);
  }
  return { nodeName: node.name, pods, violations };
}

/** Nodes that only the extender named come last. */
function inOrderOf(asked: readonly Candidate[], agreed: readonly Candidate[]): readonly Candidate[] {
  const positions = new Map(asked.map(({ nodeName }, position) => [nodeName, position]));
  const positionOf = ({ nodeName }: Candidate) => positions.get(nodeName) ?? asked.length;
  return agreed.toSorted((a, b) => positionOf(a) - positionOf(b));
}
