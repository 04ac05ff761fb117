// The WASM core against the slow twin in mode ipvs: every scheduler, both service tables, both families; outcome and
// every counter, packet by packet, and again after the image was changed in place.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Family, ipWords } from "../base/ip.js";
import { Prng } from "../base/prng.js";
import { createEvaluator, type Evaluator } from "../dataplane/evaluator.js";
import { encodeIpvs } from "../dataplane/ipvs/encode.js";
import { COUNTER_NAMES, type Counts } from "../netfilter/counters.js";
import { IPVS_SCHEDULERS, type IpvsScheduler, type VirtualServer } from "../netfilter/ipvs/model.js";
import { serviceText } from "../netfilter/ipvs/text.js";
import { createIpvsTracer } from "../netfilter/ipvs/tracer.js";
import { PacketColumns } from "../netfilter/packet-columns.js";
import { PROTOCOL_NUMBERS, type Packet, TCP_FLAGS } from "../netfilter/packet.js";
import type { IpvsChange } from "../netfilter/rule-change.js";
import type { IpvsModel } from "../netfilter/rule-model.js";
import { SeededChance } from "../netfilter/tracer/chance.js";
import type { Trace, Tracer } from "../netfilter/tracer/trace.js";
import type { ProxyConfig } from "../proxy/config.js";
import { defaultProxyConfig } from "../proxy/default-config.js";
import { compileIpvs } from "../proxy/ipvs/compile.js";
import { modelChange } from "../proxy/ipvs/model-change.js";
import {
  RANDOM_CLUSTER_CIDRS,
  RANDOM_NODE,
  changeCluster,
  randomCluster,
  randomPodIp,
} from "../proxy/nftables/random-cluster.test-data.js";
import { buildProxyState } from "../proxy/state/build-state.js";

/** Set to see the walk of the packet that differs. */
const STEPS = process.env["PLUMB_TEST_STEPS"] !== undefined;
const SEED = Number(process.env["PLUMB_TEST_SEED"] ?? 20264);
const PACKETS = 300;
const SERVICES = 12;
/** Whole halves of seconds, so that packets come exactly when something expires, and just before. */
const PAUSES_MS = [500, 500, 1000, 1500, 10_000, 20_000, 30_000, 118_500, 119_500, 120_000, 298_500, 300_000];
const INTERFACES = ["", "eth0", "veth1", "veth22"];

for (const family of ["IPv4", "IPv6"] as const) {
  for (const tables of ["fixed", "resizable"] as const) {
    for (const scheduler of IPVS_SCHEDULERS) {
      test(`core and tracer agree on every packet: ${family}, ${tables} table, ${scheduler}`, () => {
        race(new Race({ family, tables, scheduler }));
      });
    }
  }
}

test("the races met every way a packet can end in ipvs", () => {
  const wanted = [
    "none",
    "rule",
    "no-endpoint",
    "connections-full",
    "conntrack-full",
    "affinity",
    "reply",
    "search",
    "tracked again",
  ];
  assert.deepEqual(
    wanted.filter((what) => !seen.has(what)),
    [],
    `seed ${SEED}`,
  );
});

interface RaceOptions {
  readonly family: Family;
  readonly tables: "fixed" | "resizable";
  readonly scheduler: IpvsScheduler;
}

const seen = new Set<string>();

function remember({ outcome, counts, reply }: Trace): void {
  seen.add(outcome.reason);
  if (counts.ctLookups > 1) seen.add("tracked again");
  // A request that looks three times has a template; one that makes two entries has made it.
  if (counts.ipvsConnLookups > 2) seen.add("affinity");
  if (reply && counts.ipvsConnLookups > 0) seen.add("reply");
  if (counts.schedulerSteps > 1) seen.add("search");
}

/** One seeded cluster and what its packets go through. */
class Race {
  readonly family: Family;
  readonly prng: Prng;
  readonly config: ProxyConfig;
  readonly conntrackMax: number;
  readonly connectionsMax: number;
  readonly #tables: "fixed" | "resizable";

  constructor({ family, tables, scheduler }: RaceOptions) {
    this.family = family;
    this.prng = new Prng(SEED).fork(`${family} ${tables} ${scheduler}`);
    this.#tables = tables;
    const base = defaultProxyConfig("ipvs", family, RANDOM_NODE, { clusterCIDRs: RANDOM_CLUSTER_CIDRS });
    const masqueradeAll = this.prng.unit() < 0.2;
    const localDetector = this.prng.unit() < 0.2 ? { kind: "none" as const } : base.localDetector;
    this.config = { ...base, masqueradeAll, localDetector, ipvs: { ...base.ipvs, scheduler } };
    this.conntrackMax = this.prng.unit() < 0.3 ? 12 : 1000;
    this.connectionsMax = this.prng.unit() < 0.4 ? 8 : 1024;
  }

  /** The compiled model with weights of every size (kube-proxy's own are 1, or 0 while a server ends) and host Pods. */
  compile(objects: ReturnType<typeof randomCluster>): IpvsModel {
    const model = compileIpvs(buildProxyState(objects, this.config), this.config);
    return { ...model, virtualServers: model.virtualServers.map((server) => this.#weigh(server)) };
  }

  encode(model: IpvsModel) {
    const { connectionsMax } = this;
    return encodeIpvs(model, {
      ipvsTables: this.#tables,
      ipvsConnectionsMax: connectionsMax,
      affinityClientsMax: 64,
    });
  }

  tracer(model: IpvsModel): Tracer {
    const chance = new SeededChance(new Prng(1));
    const options = { chance, steps: STEPS, conntrackMax: this.conntrackMax };
    return createIpvsTracer(model, options, {
      serviceTable: this.#tables,
      connectionsMax: this.connectionsMax,
    });
  }

  #weigh(server: VirtualServer): VirtualServer {
    if (this.prng.unit() < 0.4) return server;
    const realServers = server.realServers.map((real, index) => {
      const weight = this.prng.below(5);
      // Now and then a Pod on the host's network.
      return this.prng.unit() < 0.1
        ? { ip: nodeIp(this.family), port: 9000 + index, weight }
        : { ...real, weight };
    });
    return { ...server, realServers, sourcePortFlag: server.sourcePortFlag && this.prng.unit() < 0.5 };
  }
}

function race(run: Race): void {
  let objects = randomCluster(run.prng, run.family, SERVICES);
  let model = run.compile(objects);
  const encoder = run.encode(model);
  for (let round = 0; round < 3; round++) {
    const evaluator = createEvaluator(encoder.image, {
      conntrackMax: run.conntrackMax,
      packetsMax: 1,
      seed: 1,
    });
    compareMany(run, run.tracer(model), evaluator, `round ${round}`);
    objects = changeCluster(run.prng, run.family, objects).objects;
    const next = run.compile(objects);
    const change = modelChange(model, next);
    encoder.update(change);
    model = applied(model, next, change);
  }
}

/** The next model in the order in which a table changed in place has its virtual servers: new ones came last. */
function applied(model: IpvsModel, next: IpvsModel, change: IpvsChange): IpvsModel {
  const servers = new Map(model.virtualServers.map((server) => [serviceText(server), server]));
  for (const server of change.removedServers) servers.delete(serviceText(server));
  for (const server of change.virtualServers) servers.set(serviceText(server), server);
  return { ...next, virtualServers: [...servers.values()] };
}

function compareMany(run: Race, tracer: Tracer, evaluator: Evaluator, place: string): void {
  const sent: { packet: Packet; trace: Trace }[] = [];
  let timeMs = 0;
  for (let step = 0; step < PACKETS; step++) {
    timeMs += run.prng.unit() < 0.8 ? 0 : run.prng.pick(PAUSES_MS);
    const packet = randomPacket(run.prng, run.family, sent);
    const trace = tracer.send(packet, timeMs);
    evaluator.resetCounters();
    evaluator.load(columnsOf(packet, run.family, timeMs));
    evaluator.evaluate();
    const about = `seed ${SEED}, ${place}, packet ${step}: ${JSON.stringify(packet)} at ${timeMs} ms`;
    const core = {
      outcome: evaluator.results.outcome(0),
      counts: differing(evaluator.counters(), trace.counts),
    };
    const { outcome, counts, steps } = trace;
    const walk = steps.map((one) => `${one.place} ${one.text} ${one.matched} ${one.effect}`).join("\n");
    assert.deepEqual(core, { outcome, counts: differing(counts, evaluator.counters()) }, `${about}\n${walk}`);
    sent.push({ packet, trace });
    remember(trace);
  }
}

/** The counters in which two counts differ. */
function differing(counts: Counts, others: Counts): Partial<Counts> {
  return Object.fromEntries(
    COUNTER_NAMES.filter((name) => counts[name] !== others[name]).map((name) => [name, counts[name]]),
  );
}

/** New connections, more of old ones, replies, and now and then something that fits nowhere. */
function randomPacket(prng: Prng, family: Family, sent: readonly { packet: Packet; trace: Trace }[]): Packet {
  const last = sent.slice(-40);
  if (last.length > 0 && prng.unit() < 0.5) return laterPacket(prng, family, prng.pick(last));
  const protocol = prng.pick([
    "tcp",
    "tcp",
    "tcp",
    "udp",
    "sctp",
    family === "IPv4" ? "icmp" : "icmpv6",
  ] as const);
  const hasPorts = protocol === "tcp" || protocol === "udp" || protocol === "sctp";
  const [destination, port] = randomDestination(prng, family);
  const fromNode = prng.unit() < 0.15;
  return {
    protocol,
    source: fromNode ? nodeIp(family) : randomSource(prng, family),
    sourcePort: hasPorts ? 40_000 + prng.below(8) : 0,
    destination,
    destinationPort: hasPorts ? port : 0,
    inInterface: fromNode ? null : prng.pick(INTERFACES.slice(1)),
    tcpFlags: protocol === "tcp" ? (prng.unit() < 0.9 ? TCP_FLAGS.SYN : TCP_FLAGS.ACK) : 0,
    payloadBytes: 0,
  };
}

/** Another packet of a flow, in either direction. */
function laterPacket(
  prng: Prng,
  family: Family,
  { packet, trace }: { packet: Packet; trace: Trace },
): Packet {
  const { ACK, SYN, FIN, RST } = TCP_FLAGS;
  const tcpFlags = packet.protocol === "tcp" ? prng.pick([ACK, ACK, SYN | ACK, FIN | ACK, RST, SYN]) : 0;
  if (prng.unit() < 0.4) return { ...packet, tcpFlags };
  const from = trace.outcome.target ?? { ip: packet.destination, port: packet.destinationPort };
  const reply = {
    source: from.ip,
    sourcePort: from.port,
    destinationPort: packet.sourcePort,
    inInterface: "eth0",
  };
  return {
    ...packet,
    ...reply,
    destination: trace.outcome.masquerade ? nodeIp(family) : packet.source,
    tcpFlags,
  };
}

function randomSource(prng: Prng, family: Family): string {
  const outside = {
    IPv4: ["203.0.113.5", "203.0.113.200", "192.168.0.77"],
    IPv6: ["2001:db8:2::5", "2001:db8:9::5", "fd00:192::77"],
  };
  return prng.unit() < 0.6 ? randomPodIp(prng, family) : prng.pick(outside[family]);
}

function randomDestination(prng: Prng, family: Family): [string, number] {
  const ip = (ipv4: string, ipv6: string) => (family === "IPv4" ? ipv4 : ipv6);
  const index = prng.below(14) + 1;
  const port = 80 + prng.below(3);
  const choice = prng.unit();
  if (choice < 0.6) return [ip(`172.30.0.${index}`, `fd00:172::${index.toString(16)}`), port];
  if (choice < 0.7) return [ip(`198.51.100.${(index % 3) + 1}`, `2001:db8:1::${(index % 3) + 1}`), port];
  if (choice < 0.8) return [ip(`192.0.2.${index}`, `2001:db8:3::${index.toString(16)}`), port];
  if (choice < 0.95)
    return [ip(`192.168.0.${2 + (index % 2)}`, `fd00:192::${2 + (index % 2)}`), 30_000 + prng.below(26)];
  return [randomPodIp(prng, family), 8080];
}

function nodeIp(family: Family): string {
  return family === "IPv4" ? "192.168.0.2" : "fd00:192::2";
}

function columnsOf(packet: Packet, family: Family, timeMs: number): PacketColumns {
  const columns = new PacketColumns(family, 1, INTERFACES);
  columns.source.set(ipWords(packet.source));
  columns.destination.set(ipWords(packet.destination));
  columns.sourcePort[0] = packet.sourcePort;
  columns.destinationPort[0] = packet.destinationPort;
  columns.protocol[0] = PROTOCOL_NUMBERS[packet.protocol];
  columns.tcpFlags[0] = packet.tcpFlags;
  columns.fromNode[0] = packet.inInterface === null ? 1 : 0;
  columns.inInterface[0] = Math.max(0, INTERFACES.indexOf(packet.inInterface ?? ""));
  columns.timeMs[0] = timeMs;
  return columns;
}
