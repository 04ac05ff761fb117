// One case's rules as a table image, and flows sent through it: what the traffic, conntrack and affinity phases share.
import { unreachable } from "../base/assert.js";
import { createEvaluator, type Evaluator } from "../dataplane/evaluator.js";
import { encodeIptables } from "../dataplane/iptables/encode.js";
import { encodeIpvs } from "../dataplane/ipvs/encode.js";
import { encodeNftables } from "../dataplane/nftables/encode.js";
import type { EncodeOptions, ImageEncoder } from "../dataplane/table-image.js";
import { encodeUserspace } from "../dataplane/userspace/encode.js";
import type { PacketColumns } from "../netfilter/packet-columns.js";
import type { RuleModel } from "../netfilter/rule-model.js";
import type { TrafficPlan } from "../workload/traffic.js";
import { repliesTo } from "./replies.js";
import type { PacketsCase, Phase } from "./scenario-types.js";

const CONNECTIONS_MIN = 1024;

/** Tables as the case asks for, the IPVS connection table with room for twice its flows. */
export function encodeOptionsFor({ proxy, phases }: PacketsCase): EncodeOptions {
  const flows = phases.map(flowsOf);
  const connections = Math.max(CONNECTIONS_MIN, ...flows) * 2;
  return {
    ipvsTables: proxy.ipvs.tables,
    ipvsConnectionsMax: 2 ** Math.ceil(Math.log2(connections)),
    affinityClientsMax: 2 ** Math.ceil(Math.log2(Math.max(CONNECTIONS_MIN, ...flows))),
  };
}

function flowsOf(phase: Phase): number {
  switch (phase.kind) {
    case "program":
      return 0;
    case "affinity":
      return phase.clients * (phase.returnsPerClient + 1);
    default:
      return phase.flows.count;
  }
}

export function encodeModel(model: RuleModel, options: EncodeOptions): ImageEncoder {
  switch (model.mode) {
    case "userspace":
      return encodeUserspace(model, options);
    case "iptables":
      return encodeIptables(model, options);
    case "ipvs":
      return encodeIpvs(model, options);
    case "nftables":
      return encodeNftables(model, options);
    default:
      return unreachable(model, "rule model");
  }
}

export interface DataPath {
  readonly model: RuleModel;
  readonly encoder: ImageEncoder;
  readonly seed: number;
}

/** Conntrack holds all flows of the plan with room to spare; a phase that wants it full says so itself. */
export function evaluatorFor(
  path: DataPath,
  plan: TrafficPlan,
  conntrackMax = Math.max(1024, plan.flowCount * 2),
): Evaluator {
  const packetsMax = Math.max(plan.opening.count, plan.steady.count, 1);
  return createEvaluator(path.encoder.image, { conntrackMax, packetsMax, seed: path.seed });
}

/** Send packets in one batch. Results stay readable until the next. */
export function send(evaluator: Evaluator, columns: PacketColumns): void {
  evaluator.load(columns);
  evaluator.evaluate();
}

/** Open the plan's flows and answer them once, so that conntrack calls them established. */
export function openFlows(evaluator: Evaluator, plan: TrafficPlan, model: RuleModel): void {
  if (plan.opening.count === 0) return;
  send(evaluator, plan.opening);
  const replies = repliesTo(plan.opening, evaluator.results, model);
  if (replies.count > 0) send(evaluator, replies);
}
