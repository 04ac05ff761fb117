// Whether preempting Pods helps one that fits nowhere, and where: eligible? -> nodes where it may help -> dry runs ->
// extenders -> the node where it harms least. It only decides; actuation.ts says what is to be done.
// In two halves, before and after extenders, who answer over the network and are asked by whoever calls.
// Source: kube-scheduler framework/preemption/preemption.go (Preempt), defaultpreemption (PodEligibleToPreemptOthers).
import { present } from "../../../base/assert.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { DefaultPreemptionArgs } from "../../config/configuration.js";
import { countReasons, fitErrorMessage } from "../../cycle/fit-error.js";
import type { ExtenderReply, ExtenderRequest } from "../../extender/extender.js";
import type { CycleState } from "../../framework/cycle-state.js";
import type { FrameworkHandle } from "../../framework/handle.js";
import type { NodeStatuses } from "../../framework/plugin.js";
import { type Code, type Status, unresolvable } from "../../framework/status.js";
import { type Candidate, type CandidateSearch, candidatesWanted, findCandidates } from "./candidates.js";
import { pickNode } from "./pick-node.js";
import { NO_VICTIMS, selectVictims } from "./victims.js";

export const NAME = "DefaultPreemption";
const NOT_HELPFUL = unresolvable(NAME, "Preemption is not helpful for scheduling");

/** Extenders with a preempt verb: they drop candidates or change victims. A status ends the attempt. */
export type TrimVictims = (pod: PodInfo, candidates: readonly Candidate[]) => Trimming;
export type Trimming = Generator<ExtenderRequest, readonly Candidate[] | Status, ExtenderReply>;

export interface Refusal {
  readonly kind: "refuse";
  readonly status: Status;
  /** Whether an earlier nomination has become void. */
  readonly clearsNomination: boolean;
}

export interface PreemptionAttempt {
  readonly state: CycleState;
  readonly pod: PodInfo;
  /** Why each node was turned down; nodes left out cannot be helped. */
  readonly statuses: NodeStatuses;
  readonly args: DefaultPreemptionArgs;
}

/** Where preempting helps, and whom: at least one candidate, or why there is none. */
export function findPreemptions(
  handle: FrameworkHandle,
  attempt: PreemptionAttempt,
): { readonly kind: "candidates"; readonly candidates: readonly Candidate[] } | Refusal {
  const { pod, statuses } = attempt;
  const obstacle = whyNotEligible(pod, handle, statuses);
  if (obstacle !== null) return refuse("Unschedulable", obstacle);
  const nodeCount = handle.snapshot.nodes.length;
  if (nodeCount === 0) return refuse("Error", "no nodes available");

  const search = searchCandidates(handle, attempt);
  const { candidates } = search;
  return candidates.length === 0 ? fruitless(search, nodeCount) : { kind: "candidates", candidates };
}

/** @param left what extenders left of the candidates, or what went wrong with them */
export function choosePreemption(
  left: readonly Candidate[] | Status,
  nowMs: number,
): { readonly kind: "preempt"; readonly candidate: Candidate } | Refusal {
  if ("code" in left) return refuse(left.code, left.reasons.join(", "));
  if (left.length === 0) return refuse("Unschedulable", "no candidate node for preemption");
  return { kind: "preempt", candidate: pickNode(left, nowMs) };
}

/** Why the Pod may not preempt, or null. */
function whyNotEligible(pod: PodInfo, { snapshot }: FrameworkHandle, statuses: NodeStatuses): string | null {
  if (pod.pod.spec?.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never.";
  const nominated = pod.pod.status?.nominatedNodeName ?? "";
  if (nominated === "") return null;
  const code = statuses.get(nominated)?.code ?? "UnschedulableAndUnresolvable";
  if (code === "UnschedulableAndUnresolvable") return null;
  const isMakingRoom = snapshot
    .get(nominated)
    ?.pods.some((other) => other.priority < pod.priority && isBeingPreempted(other));
  return isMakingRoom === true ? "not eligible due to a terminating pod on the nominated node." : null;
}

function isBeingPreempted({ pod, isTerminating }: PodInfo): boolean {
  const condition = pod.status?.conditions?.find(({ type }) => type === "DisruptionTarget");
  return isTerminating && condition?.status === "True" && condition.reason === "PreemptionByScheduler";
}

function searchCandidates(handle: FrameworkHandle, attempt: PreemptionAttempt): CandidateSearch {
  const { state, pod, statuses, args } = attempt;
  const nodeNames: string[] = [];
  for (const [name, { code }] of statuses) if (code === "Unschedulable") nodeNames.push(name);
  if (nodeNames.length === 0) return { candidates: [], statuses: new Map() };
  if (!handle.snapshot.hasPodsBelow(pod.priority))
    return { candidates: [], statuses: new Map(nodeNames.map((name) => [name, NO_VICTIMS])) };
  const offset = handle.prng.below(nodeNames.length);
  const range = { offset, wanted: candidatesWanted(nodeNames.length, args) };
  const budgets = [...handle.objects.list("PodDisruptionBudget")];
  const dryRun = { handle, state, pod, budgets, nowMs: handle.now() };
  return findCandidates(nodeNames, range, (name) =>
    selectVictims(dryRun, present(handle.snapshot.get(name), `node ${name}`)),
  );
}

/** No candidate: something broke in a dry run, or the nodes say why preempting is of no use. */
function fruitless({ statuses }: CandidateSearch, nodeCount: number): Refusal {
  const errors = [...statuses.values()].filter(({ code }) => code === "Error");
  if (errors.length > 0) {
    const messages = [...new Set(errors.map(({ reasons }) => reasons.join(", ")))];
    return refuse("Error", messages.length === 1 ? (messages[0] as string) : `[${messages.join(", ")}]`);
  }
  return { ...refuse("Unschedulable", unhelpfulMessage(statuses, nodeCount)), clearsNomination: true };
}

/** "0/3 nodes are available: 1 No preemption victims ..., 2 Preemption is not helpful for scheduling." */
function unhelpfulMessage(statuses: NodeStatuses, nodeCount: number): string {
  const tried = [...statuses.values()].map((status) => [status, 1] as const);
  const untried = nodeCount - statuses.size;
  const reasons = countReasons(untried > 0 ? [...tried, [NOT_HELPFUL, untried]] : tried);
  return fitErrorMessage(nodeCount, reasons, { preFilterMessage: "", postFilterMessage: "" });
}

function refuse(code: Code, why: string): Refusal {
  return {
    kind: "refuse",
    status: { code, reasons: [`preemption: ${why}`], plugin: NAME },
    clearsNomination: false,
  };
}
