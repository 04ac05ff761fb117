// What is said to the peer, upstream's own scheduler as a program (bench/peers/kube-scheduler, whose README describes
// it), and how its answers are read.
import { PlumbError } from "../../base/errors.js";
import type { Explanation, NodeExplanation } from "../../scheduler/explain/explanation.js";
import type { SchedulingCluster } from "../../workload/scheduling-cluster/scheduling-cluster.js";

/** Runs the peer on one document and gives what it prints. */
export type Peer = (input: string) => Promise<string>;

export interface PeerHeader {
  readonly kubernetes: string;
  readonly go: string;
  readonly threads: number;
}

/** One timed round. */
export interface PeerRound {
  readonly cycleNs: readonly number[];
  readonly scheduled: number;
}

export interface PeerAnswer {
  readonly header: PeerHeader;
  /** Mode decide: one per Pod. */
  readonly decisions: readonly Explanation[];
  /** Mode time. */
  readonly rounds: readonly PeerRound[];
}

export function decideInput(cluster: SchedulingCluster, config: string): string {
  return JSON.stringify({ mode: "decide", config, ...documentOf(cluster) });
}

/** Under upstream's default profile. @param repeat rounds, the warm-up included */
export function timeInput(cluster: SchedulingCluster, repeat: number): string {
  return JSON.stringify({ mode: "time", config: "", repeat, ...documentOf(cluster) });
}

function documentOf({ nodes, running, others, pending }: SchedulingCluster) {
  return { objects: [...nodes, ...others, ...running], pending };
}

type Line =
  | ({ readonly kind: "header" } & PeerHeader)
  | ({ readonly kind: "time" } & PeerRound)
  | ({ readonly kind: "pod" } & WrittenDecision);

/** Nodes that were turned down have no scores in the text. */
type WrittenDecision = Omit<Explanation, "nodes"> & {
  readonly nodes: readonly (Omit<NodeExplanation, "scores" | "total"> &
    Partial<Pick<NodeExplanation, "scores" | "total">>)[];
};

/** @throws {PlumbError} Internal when the text is not what the peer prints */
export function parsePeerAnswer(text: string): PeerAnswer {
  let header: PeerHeader | null = null;
  const decisions: Explanation[] = [];
  const rounds: PeerRound[] = [];
  for (const written of text.split("\n")) {
    if (written === "") continue;
    const line = parseLine(written);
    if (line.kind === "header") header = line;
    else if (line.kind === "time") rounds.push(line);
    else decisions.push(completed(line));
  }
  if (header === null)
    throw new PlumbError("Internal", "Cannot read the peer's answer: it has no header line");
  return { header, decisions, rounds };
}

function parseLine(text: string): Line {
  try {
    return JSON.parse(text) as Line;
  } catch {
    throw new PlumbError("Internal", `Cannot read the peer's answer: '${text.slice(0, 80)}' is no JSON`);
  }
}

function completed({ nodes, ...rest }: WrittenDecision): Explanation {
  return { ...rest, nodes: nodes.map((node) => ({ scores: null, total: null, ...node })) };
}
