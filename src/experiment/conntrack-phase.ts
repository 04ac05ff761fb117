// Phase "conntrack": connections open at the stated rate and live a short life; how full does the table get?
// A life is SYN, SYN+ACK, ACK, then FIN from both ends; after it the entry waits out the kernel's TIME_WAIT. Flows of one
// simulated second go through each step together, so time runs back by a second at most. Counted, nothing is timed.
import { TCP_FLAGS } from "../netfilter/packet.js";
import type { PacketColumns } from "../netfilter/packet-columns.js";
import type { RuleModel } from "../netfilter/rule-model.js";
import { createEvaluator, type Evaluator } from "../dataplane/evaluator.js";
import { selectPackets } from "../workload/flow-hash.js";
import { send, type DataPath } from "./data-path.js";
import { type FlowPlace, planFlows } from "./flows.js";
import type { PhaseContext } from "./phase.js";
import { repliesTo } from "./replies.js";
import type { ConntrackPhase } from "./scenario-types.js";

const STEP_MS = 1000;
const FIN_ACK = TCP_FLAGS.FIN | TCP_FLAGS.ACK;

export function runConntrack(
  context: PhaseContext,
  path: DataPath,
  phase: ConntrackPhase,
  place: FlowPlace,
): void {
  const { steady } = planFlows("first-packet", phase.flows, place);
  const durationMs = phase.duration / 1e6;
  const evaluator = createEvaluator(path.encoder.image, {
    conntrackMax: phase.tableEntries,
    packetsMax: busiestStep(steady),
    seed: path.seed,
  });
  let entriesMax = 0;
  let first = 0;
  while (first < steady.count && (steady.timeMs[first] as number) < durationMs) {
    const end = stepEnd(steady, first);
    live(evaluator, selectPackets(steady, indices(first, end)), path.model);
    entriesMax = Math.max(entriesMax, evaluator.liveFlows(steady.timeMs[end - 1] as number));
    first = end;
  }
  if (first === steady.count) {
    context.findings.warn(
      "CONNTRACK_ENDED_EARLY",
      "the flows ran out before the duration did",
      "raise flows.count, or lower the rate or the duration",
    );
  }
  context.findings.add("conntrack.entries", entriesMax);
  context.findings.add("conntrack.dropped", evaluator.drops()["conntrack-full"]);
}

/** All packets of flows that open in one second, step by step. */
function live(evaluator: Evaluator, opening: PacketColumns, model: RuleModel): void {
  send(evaluator, opening);
  const synAcks = repliesTo(opening, evaluator.results, model);
  const finAcks = repliesTo(opening, evaluator.results, model, { tcpFlags: FIN_ACK, payloadBytes: 0 });
  if (synAcks.count === 0) return;
  send(evaluator, synAcks);
  send(evaluator, withFlags(opening, TCP_FLAGS.ACK));
  send(evaluator, withFlags(opening, FIN_ACK));
  send(evaluator, finAcks);
  send(evaluator, withFlags(opening, TCP_FLAGS.ACK));
}

/** The client's next packet of each flow; protocols without flags just send again. */
function withFlags(opening: PacketColumns, tcpFlags: number): PacketColumns {
  const next = selectPackets(opening, indices(0, opening.count));
  for (let index = 0; index < next.count; index++)
    if (opening.tcpFlags[index] !== 0) next.tcpFlags[index] = tcpFlags;
  return next;
}

function stepEnd({ count, timeMs }: PacketColumns, first: number): number {
  const step = Math.floor((timeMs[first] as number) / STEP_MS);
  let end = first;
  while (end < count && Math.floor((timeMs[end] as number) / STEP_MS) === step) end++;
  return end;
}

function busiestStep(columns: PacketColumns): number {
  let most = 1;
  for (let first = 0; first < columns.count; ) {
    const end = stepEnd(columns, first);
    most = Math.max(most, end - first);
    first = end;
  }
  return most;
}

function indices(first: number, end: number): Uint32Array {
  return Uint32Array.from({ length: end - first }, (_, index) => first + index);
}
