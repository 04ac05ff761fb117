// Packets for a cluster's Services, from a seed: flows choose a target and a source, packets choose a flow and a time.
// Streams are forked per decision, so that another arrival process, say, leaves flows as they were.
// Cost: O(packets), no allocation per packet; a million packets in about a third of a second.
import { present } from "../base/assert.js";
import { Prng } from "../base/prng.js";
import { PlumbError } from "../base/errors.js";
import { type Family, familyOf } from "../base/ip.js";
import { PROTOCOL_NUMBERS, TCP_FLAGS } from "../netfilter/packet.js";
import { PacketColumns } from "../netfilter/packet-columns.js";
import { arrivalClock } from "./traffic-arrival.js";
import { FlowSources } from "./traffic-clients.js";
import { FlowTargets } from "./traffic-popularity.js";
import { drawGeometric, drawPareto, WeightedIndex } from "./distributions.js";
import { checkTrafficSpec, type FlowLength, type TrafficSpec } from "./traffic-spec.js";
import type { TrafficTarget } from "./traffic-targets.js";

/** `flowTarget` of a flow that was sent to an address which nobody has. */
export const FLOW_MISSES = -1;

/**
 * What to send. A reply's addresses come from the translated tuple, which only the data plane knows: whoever runs the
 * plan answers the opening packet of flow f when it has seen f's translation, by the flow ids below.
 */
export interface TrafficPlan {
  readonly family: Family;
  readonly flowCount: number;
  /** Per flow: index of its target in the list given, or FLOW_MISSES. */
  readonly flowTarget: Int32Array;
  /** One packet per flow that is open before measuring, at time 0. Empty for first-packet traffic. */
  readonly opening: PacketColumns;
  readonly openingFlow: Uint32Array;
  /** The packets to measure, in order of arrival. */
  readonly steady: PacketColumns;
  readonly steadyFlow: Uint32Array;
  /** 1 for a packet of `steady` that opens its flow. */
  readonly steadyOpens: Uint8Array;
}

/**
 * Plan traffic to `targets`, which are of one family and in rule order.
 *
 * @throws {PlumbError} InvalidInput for a spec out of range or without a matching target; LimitExceeded when sources
 *   run out of ports or arrivals pass 2^32 ms
 */
export function generateTraffic(
  targets: readonly TrafficTarget[],
  spec: TrafficSpec,
  seed: number,
): TrafficPlan {
  checkTrafficSpec(spec);
  const family = familyOfTargets(targets);
  const writer = new FlowWriter(targets, spec, { family, prng: new Prng(seed) });
  switch (spec.kind) {
    case "first-packet":
      return firstPackets(writer, spec);
    case "established":
      return established(writer, spec);
    case "mixed":
      return mixed(writer, spec);
  }
}

/** Opens flows and writes their packets: the state that the three kinds of traffic share. */
class FlowWriter {
  readonly family: Family;
  readonly prng: Prng;
  readonly #spec: TrafficSpec;
  readonly #interfaces: readonly string[];
  readonly #targets: FlowTargets;
  readonly #sources: FlowSources;
  readonly #lengths: Prng;
  readonly #flowTarget: number[] = [];

  constructor(targets: readonly TrafficTarget[], spec: TrafficSpec, of: { family: Family; prng: Prng }) {
    this.family = of.family;
    this.prng = of.prng;
    this.#spec = spec;
    this.#interfaces = FlowSources.interfaces(spec.clients);
    this.#targets = new FlowTargets(targets, spec, of);
    this.#sources = new FlowSources(spec.clients, of.family, of.prng);
    this.#lengths = of.prng.fork("flow-length");
  }

  columns(count: number): PacketColumns {
    return new PacketColumns(this.family, count, this.#interfaces);
  }

  /** Open a flow with packet `index` of `columns`; the result is the flow's id. */
  open(columns: PacketColumns, index: number): number {
    const target = this.#targets.draw();
    this.#sources.draw();
    this.#sources.write(columns, index);
    this.#targets.write(columns, index, target);
    const isTcp = columns.protocol[index] === PROTOCOL_NUMBERS.tcp;
    columns.tcpFlags[index] = isTcp ? TCP_FLAGS.SYN : 0;
    columns.payloadBytes[index] = isTcp ? 0 : this.#spec.payloadBytes;
    this.#flowTarget.push(target);
    return this.#flowTarget.length - 1;
  }

  /** Another packet of the flow that packet `from` belongs to. */
  repeat(
    from: { columns: PacketColumns; index: number },
    columns: PacketColumns,
    index: number,
    isLast: boolean,
  ): void {
    copyTuple(from, columns, index);
    const isTcp = columns.protocol[index] === PROTOCOL_NUMBERS.tcp;
    const payload = this.#spec.payloadBytes;
    const data = payload > 0 ? TCP_FLAGS.PSH | TCP_FLAGS.ACK : TCP_FLAGS.ACK;
    columns.tcpFlags[index] = isTcp ? data | (isLast ? TCP_FLAGS.FIN : 0) : 0;
    columns.payloadBytes[index] = payload;
  }

  /** Packets that the next flow sends in all, at least 1. */
  drawLength(): number {
    const { newConnectionRatio, flowLength } = this.#spec;
    const length: FlowLength =
      newConnectionRatio === null ? flowLength : { kind: "geometric", mean: 1 / newConnectionRatio };
    switch (length.kind) {
      case "fixed":
        return length.packets;
      case "geometric":
        return drawGeometric(this.#lengths, length.mean);
      case "pareto":
        return drawPareto(this.#lengths, length);
    }
  }

  /** Stamp arrival times on `steady` and finish the plan. */
  finish(parts: Omit<TrafficPlan, "family" | "flowCount" | "flowTarget">): TrafficPlan {
    const next = arrivalClock(this.#spec.arrival, this.prng.fork("arrival"));
    for (let index = 0; index < parts.steady.count; index++) parts.steady.timeMs[index] = next();
    const flowTarget = Int32Array.from(this.#flowTarget);
    return { family: this.family, flowCount: flowTarget.length, flowTarget, ...parts };
  }
}

function firstPackets(writer: FlowWriter, spec: TrafficSpec): TrafficPlan {
  const steady = writer.columns(spec.packets);
  const steadyFlow = new Uint32Array(spec.packets);
  for (let index = 0; index < spec.packets; index++) steadyFlow[index] = writer.open(steady, index);
  return writer.finish({
    opening: writer.columns(0),
    openingFlow: new Uint32Array(0),
    steady,
    steadyFlow,
    steadyOpens: new Uint8Array(spec.packets).fill(1),
  });
}

function established(writer: FlowWriter, spec: TrafficSpec): TrafficPlan {
  const { opening, openingFlow } = openFlows(writer, spec.flows);
  const lengths = Float64Array.from({ length: spec.flows }, () => writer.drawLength());
  const flowOf = new WeightedIndex(lengths);
  const schedule = writer.prng.fork("schedule");
  const steady = writer.columns(spec.packets);
  const steadyFlow = new Uint32Array(spec.packets);
  for (let index = 0; index < spec.packets; index++) {
    const flow = flowOf.draw(schedule);
    steadyFlow[index] = flow;
    writer.repeat({ columns: opening, index: flow }, steady, index, false);
  }
  return writer.finish({
    opening,
    openingFlow,
    steady,
    steadyFlow,
    steadyOpens: new Uint8Array(spec.packets),
  });
}

/**
 * Live flows take turns at random. A flow that is through is replaced when its turn would come again, so the share of
 * opening packets settles at 1 / mean length. Flows open at the start have a random part of their length before them.
 */
function mixed(writer: FlowWriter, spec: TrafficSpec): TrafficPlan {
  const { opening, openingFlow } = openFlows(writer, spec.flows);
  const schedule = writer.prng.fork("schedule");
  const part = writer.prng.fork("residual-length");
  const remaining = Float64Array.from({ length: spec.flows }, () => part.below(writer.drawLength()));
  const live: { columns: PacketColumns; index: number; flow: number }[] = Array.from(
    openingFlow,
    (flow, index) => ({
      columns: opening,
      index,
      flow,
    }),
  );
  const steady = writer.columns(spec.packets);
  const steadyFlow = new Uint32Array(spec.packets);
  const steadyOpens = new Uint8Array(spec.packets);
  for (let index = 0; index < spec.packets; index++) {
    const turn = schedule.below(spec.flows);
    if (remaining[turn] === 0) {
      live[turn] = { columns: steady, index, flow: writer.open(steady, index) };
      remaining[turn] = writer.drawLength() - 1;
      steadyOpens[index] = 1;
    } else {
      const left = (remaining[turn] as number) - 1;
      remaining[turn] = left;
      writer.repeat(present(live[turn], `live flow ${turn}`), steady, index, left === 0);
    }
    steadyFlow[index] = present(live[turn], `live flow ${turn}`).flow;
  }
  return writer.finish({ opening, openingFlow, steady, steadyFlow, steadyOpens });
}

function openFlows(writer: FlowWriter, count: number): Pick<TrafficPlan, "opening" | "openingFlow"> {
  const opening = writer.columns(count);
  const openingFlow = new Uint32Array(count);
  for (let index = 0; index < count; index++) openingFlow[index] = writer.open(opening, index);
  return { opening, openingFlow };
}

function copyTuple(from: { columns: PacketColumns; index: number }, to: PacketColumns, index: number): void {
  const { columns, index: source } = from;
  for (let word = 0; word < 4; word++) {
    to.source[index * 4 + word] = columns.source[source * 4 + word] as number;
    to.destination[index * 4 + word] = columns.destination[source * 4 + word] as number;
  }
  to.sourcePort[index] = columns.sourcePort[source] as number;
  to.destinationPort[index] = columns.destinationPort[source] as number;
  to.protocol[index] = columns.protocol[source] as number;
  to.fromNode[index] = columns.fromNode[source] as number;
  to.inInterface[index] = columns.inInterface[source] as number;
}

function familyOfTargets(targets: readonly TrafficTarget[]): Family {
  const first = targets[0];
  if (first === undefined) {
    throw new PlumbError("InvalidInput", "Cannot generate traffic: no Service has an address to send to", {
      hint: "give Services with a cluster IP of the family that is measured",
    });
  }
  return familyOf(first.ip);
}
