// One tracer for any rule model, and the set of targets that a packet may be sent to.
import { joinHostPort } from "../../base/ip.js";
import { Prng } from "../../base/prng.js";
import type { RealServer } from "../ipvs/model.js";
import { ipvsPossibleTargets } from "../ipvs/stage.js";
import { createIpvsTracer } from "../ipvs/tracer.js";
import { createNftTracer } from "../nftables/tracer.js";
import type { Packet, Verdict } from "../packet.js";
import type { IptablesModel, IpvsModel, RuleModel, UserspaceModel } from "../rule-model.js";
import { type Chance, explore, SeededChance } from "./chance.js";
import { IptablesWalker } from "./iptables-walker.js";
import { createPathTracer, noLocalStage } from "./path.js";
import type { Trace, Tracer, TracerOptions } from "./trace.js";
import { UserspaceStage } from "./userspace-stage.js";

export { packetText, parsePacket } from "./packet-text.js";

/** A tracer with empty tables: no connection, no client remembered. */
export function createTracer(model: RuleModel, options: TracerOptions): Tracer {
  switch (model.mode) {
    case "iptables":
      return createIptablesTracer(model, options);
    case "userspace":
      return createUserspaceTracer(model, options, 0);
    case "ipvs":
      return createIpvsTracer(model, options);
    case "nftables":
      return createNftTracer(model, options);
  }
}

function createIptablesTracer(model: IptablesModel, options: TracerOptions): Tracer {
  const { ruleset, ipsets, localAddresses, family } = model;
  const walker = new IptablesWalker(ruleset, { ipsets, localAddresses });
  return createPathTracer({ walker, localStage: noLocalStage, localAddresses, family, options });
}

function createUserspaceTracer(model: UserspaceModel, options: TracerOptions, firstIndex: number): Tracer {
  const { ruleset, localAddresses, family, listeners } = model;
  const walker = new IptablesWalker(ruleset, { ipsets: [], localAddresses });
  const localStage = new UserspaceStage(listeners, { firstIndex });
  return createPathTracer({ walker, localStage, localAddresses, family, options });
}

/** Everything that may become of a first packet. */
export interface TargetSet {
  readonly verdict: Verdict;
  /** "ip:port" of every possible destination, sorted; empty unless the verdict is DNAT. */
  readonly targets: readonly string[];
  readonly masquerade: boolean;
  /** Whether walksMax ended the search early. */
  readonly partial: boolean;
}

/**
 * Follow every path that chance and the balancers' state allow a first packet, each over fresh tables.
 * Cost: paths x the length of a walk; a Service of n endpoints has n paths.
 */
export function traceTargets(
  model: RuleModel,
  packet: Packet,
  { walksMax }: { walksMax: number },
): TargetSet {
  const options = (chance: Chance): TracerOptions => ({ chance, steps: false, conntrackMax: 1 });
  const traces: Trace[] = [];
  const starts = model.mode === "userspace" ? longestBackends(model) : 1;
  // One walk more than allowed tells whether there are more.
  for (let firstIndex = 0; firstIndex < starts && traces.length <= walksMax; firstIndex++) {
    const tracer = (chance: Chance) =>
      model.mode === "userspace"
        ? createUserspaceTracer(model, options(chance), firstIndex)
        : createTracer(model, options(chance));
    traces.push(...explore((chance) => tracer(chance).send(packet, 0), walksMax + 1 - traces.length));
  }
  const found = { ...summarise(traces.slice(0, walksMax)), partial: traces.length > walksMax };
  return model.mode === "ipvs" ? withScheduledTargets(model, packet, found) : found;
}

/** An IPVS scheduler's state, not chance, picks the server: any with a weight may be next. */
function withScheduledTargets(model: IpvsModel, packet: Packet, found: TargetSet): TargetSet {
  const servers = found.verdict === "DNAT" ? ipvsPossibleTargets(model, packet) : null;
  if (servers === null || servers.length === 0) return found;
  const masquerade = found.masquerade || masqueradesHairpin(model, packet, servers);
  return { ...found, targets: servers.map(({ ip, port }) => joinHostPort(ip, port)).sort(), masquerade };
}

/** Only a server that is sent its own packet is masqueraded where others are not: it is walked to as if it were alone. */
function masqueradesHairpin(model: IpvsModel, packet: Packet, servers: readonly RealServer[]): boolean {
  const own = servers.find(({ ip }) => ip === packet.source);
  if (own === undefined) return false;
  const virtualServers = model.virtualServers.map((server) =>
    server.realServers.includes(own) ? { ...server, realServers: [own] } : server,
  );
  const options = { chance: new SeededChance(new Prng(0)), steps: false, conntrackMax: 1 };
  return createIpvsTracer({ ...model, virtualServers }, options).send(packet, 0).outcome.masquerade;
}

function longestBackends({ listeners }: UserspaceModel): number {
  return listeners.reduce((most, { backends }) => Math.max(most, backends.length), 1);
}

/** A packet's fate may differ from path to path only by its target; of several verdicts the first path's is told. */
function summarise(traces: readonly Trace[]): Omit<TargetSet, "partial"> {
  const targets = new Set<string>();
  for (const { outcome } of traces) {
    if (outcome.target) targets.add(joinHostPort(outcome.target.ip, outcome.target.port));
  }
  return {
    verdict: traces[0]?.outcome.verdict ?? "DROP",
    targets: [...targets].sort(),
    masquerade: traces.some(({ outcome }) => outcome.masquerade),
  };
}
