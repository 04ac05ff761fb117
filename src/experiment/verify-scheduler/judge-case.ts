// One cluster put to both schedulers: our decisions against the peer's, and our two forms against each other.
// After a Pod that the two place on different nodes they look at different clusters: comparing stops there.
import { present } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import type { SchedulingCluster } from "../../workload/scheduling-cluster/scheduling-cluster.js";
import { compareDecisions, DecisionTally, type Disagreement } from "./compare-decisions.js";
import { decideOne, schedulerFor } from "./local-decisions.js";
import { type ComparedProfile, ownConfiguration, peerConfiguration } from "./profiles.js";
import { decideInput, parsePeerAnswer, type Peer, type PeerHeader } from "./peer-protocol.js";

export interface CaseVerdict {
  readonly header: PeerHeader;
  /** Pods that were compared, and those that a node was found for. */
  readonly pods: number;
  readonly placed: number;
  /** Pods that were compared whole and equal. */
  readonly agreed: number;
  readonly tally: DecisionTally;
  /** Between the peer and us, in the order of the Pods. */
  readonly disagreements: readonly Disagreement[];
  /** Between our columns (ours) and our objects (theirs). */
  readonly ownDisagreements: readonly Disagreement[];
}

/** A cluster, and the profile under which its Pods are decided. */
export interface DecisionCase {
  readonly cluster: SchedulingCluster;
  readonly profile: ComparedProfile;
}

export function inputOf({ cluster, profile }: DecisionCase): string {
  return decideInput(cluster, peerConfiguration(profile));
}

export async function judgeCase(decisionCase: DecisionCase, peer: Peer): Promise<CaseVerdict> {
  const { cluster, profile } = decisionCase;
  const { header, decisions } = parsePeerAnswer(await peer(inputOf(decisionCase)));
  if (decisions.length !== cluster.pending.length)
    throw new PlumbError(
      "Internal",
      `Cannot compare decisions: the peer gave ${decisions.length} for ${cluster.pending.length} Pods`,
    );
  const scheduler = schedulerFor(cluster, ownConfiguration(profile));
  const tally = new DecisionTally();
  const disagreements: Disagreement[] = [];
  const ownDisagreements: Disagreement[] = [];
  let pods = 0;
  let placed = 0;
  let agreed = 0;
  for (const [index, pod] of cluster.pending.entries()) {
    const theirs = present(decisions[index], `decision ${index}`);
    const { onColumns, onObjects } = decideOne(scheduler, scheduler.cluster.read(pod));
    const differences = compareDecisions(onObjects, theirs, { tally, withSkips: true });
    const own = compareDecisions(onColumns, onObjects, { tally: new DecisionTally(), withSkips: false });
    disagreements.push(...differences);
    ownDisagreements.push(...own);
    pods++;
    if (theirs.chosen !== null) placed++;
    if (differences.length + own.length === 0) agreed++;
    if (onColumns.chosen !== theirs.chosen) break;
  }
  return { header, pods, placed, agreed, tally, disagreements, ownDisagreements };
}

export function isAgreed({ pods, agreed }: CaseVerdict): boolean {
  return pods === agreed;
}
