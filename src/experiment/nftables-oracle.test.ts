// The WASM core against the slow twin: seeded clusters and packets, outcome and every counter, packet by packet.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Family } from "../base/ip.js";
import { ipWords } from "../base/ip.js";
import { Prng } from "../base/prng.js";
import { createEvaluator, type Evaluator } from "../dataplane/evaluator.js";
import { encodeNftables } from "../dataplane/nftables/encode.js";
import { applyNftChange } from "../netfilter/nftables/apply.js";
import { createNftTracer } from "../netfilter/nftables/tracer.js";
import { PacketColumns } from "../netfilter/packet-columns.js";
import { PROTOCOL_NUMBERS, type Packet, TCP_FLAGS } from "../netfilter/packet.js";
import { SeededChance } from "../netfilter/tracer/chance.js";
import type { Trace } from "../netfilter/tracer/trace.js";
import type { ProxyConfig } from "../proxy/config.js";
import { defaultProxyConfig } from "../proxy/default-config.js";
import { compileNftables } from "../proxy/nftables/compile.js";
import {
  RANDOM_CLUSTER_CIDRS,
  RANDOM_NODE,
  changeCluster,
  randomCluster,
  randomPodIp,
} from "../proxy/nftables/random-cluster.test-data.js";
import { syncPartial } from "../proxy/nftables/sync.js";
import { buildProxyState } from "../proxy/state/build-state.js";

const SEED = Number(process.env["PLUMB_TEST_SEED"] ?? 20263);
const ENCODE = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 1024 } as const;
const CONNTRACK_MAX = 200;
const INTERFACES = ["", "eth0", "veth1", "veth22"];

const VARIANTS: readonly {
  readonly name: string;
  readonly config: Partial<ProxyConfig>;
  readonly nftables: Partial<ProxyConfig["nftables"]>;
}[] = [
  { name: "1.36", config: {}, nftables: {} },
  {
    name: "1.36, ServiceCIDRs, any node address",
    config: { nodePortAddresses: ["0.0.0.0/0", "::/0"] },
    nftables: { serviceCIDRs: ["172.30.0.0/16", "fd00:172::/112"] },
  },
  { name: "1.37, masquerade all", config: { masqueradeAll: true }, nftables: { directSingleEndpoint: true } },
  {
    name: "1.35, interface prefix",
    config: { localDetector: { kind: "prefix", prefix: "veth" } },
    nftables: { layout: "1.35" },
  },
];

const traces: Trace[] = [];

for (const family of ["IPv4", "IPv6"] as const) {
  for (const { name, config, nftables } of VARIANTS) {
    test(`core and tracer agree on every packet while Services change, ${family} ${name}`, () => {
      const base = defaultProxyConfig("nftables", family, RANDOM_NODE, {
        clusterCIDRs: RANDOM_CLUSTER_CIDRS,
      });
      const seed = new Prng(SEED).fork(`${family} ${name}`).next32();
      traces.push(...race(family, { ...base, ...config, nftables: { ...base.nftables, ...nftables } }, seed));
    });
  }
}

test("the packets of these races met every verdict and every kind of work", () => assertVaried(traces));

function race(family: Family, config: ProxyConfig, seed: number): Trace[] {
  const prng = new Prng(seed);
  let objects = randomCluster(prng, family, 12);
  let state = buildProxyState(objects, config);
  const model = compileNftables(state, config);
  const tracer = createNftTracer(model, {
    chance: new SeededChance(new Prng(seed)),
    steps: true,
    conntrackMax: CONNTRACK_MAX,
  });
  const encoder = encodeNftables(model, ENCODE);
  const evaluator = createEvaluator(encoder.image, { conntrackMax: CONNTRACK_MAX, packetsMax: 1, seed });
  const sent: { packet: Packet; trace: Trace }[] = [];
  let timeMs = 0;
  for (let step = 0; step < 1000; step++) {
    if (step % 100 === 99) {
      const change = changeCluster(prng, family, objects);
      const next = buildProxyState(change.objects, config);
      const sync = syncPartial(state, next, change.changed, config).change;
      assert.ok(sync?.mode === "nftables");
      applyNftChange(model.table, sync.change);
      encoder.update(sync);
      evaluator.replaceImage(encoder.image);
      ({ objects } = change);
      state = next;
    }
    timeMs += prng.unit() < 0.02 ? prng.below(200_000) : prng.below(300);
    const packet = randomPacket(prng, family, sent);
    const trace = tracer.send(packet, timeMs);
    compare(evaluator, family, packet, timeMs, trace, `seed ${SEED}, step ${step}`);
    sent.push({ packet, trace });
  }
  return sent.map(({ trace }) => trace);
}

/** Races in which little happened prove little. */
function assertVaried(traces: readonly Trace[]): void {
  const seen = (holds: (trace: Trace) => boolean) => traces.filter(holds).length;
  for (const verdict of ["ACCEPT", "DNAT", "DROP", "REJECT"] as const) {
    assert.ok(seen(({ outcome }) => outcome.verdict === verdict) >= 100, `${verdict} is rare`);
  }
  assert.ok(seen(({ established }) => established) >= 500, "few packets belong to known flows");
  assert.ok(seen(({ reply }) => reply) >= 100, "few packets are replies");
  for (const counter of [
    "recentOps",
    "masqueradeTargets",
    "randomDraws",
    "setHits",
    "markSets",
    "fibLookups",
  ] as const) {
    assert.ok(seen(({ counts }) => counts[counter] > 0) >= 30, `${counter} is rare`);
  }
}

function compare(
  evaluator: Evaluator,
  family: Family,
  packet: Packet,
  timeMs: number,
  trace: Trace,
  place: string,
): void {
  evaluator.resetCounters();
  evaluator.load(columnsOf(packet, family, timeMs));
  evaluator.evaluate();
  const about = () =>
    `${place}: ${JSON.stringify(packet)} at ${timeMs} ms\n${trace.steps.map((step) => `${step.place} ${step.text} ${step.matched} ${step.effect}`).join("\n")}`;
  assert.deepEqual(evaluator.results.outcome(0), trace.outcome, about());
  assert.deepEqual(evaluator.counters(), trace.counts, about());
  assert.equal(evaluator.results.isReply(0), trace.reply, about());
  assert.equal(evaluator.results.isEstablished(0), trace.established, about());
}

/** New connections, more of old ones, replies, and now and then something that fits nowhere. */
function randomPacket(prng: Prng, family: Family, sent: readonly { packet: Packet; trace: Trace }[]): Packet {
  const last = sent.slice(-40);
  if (last.length > 0 && prng.unit() < 0.5) {
    const { packet, trace } = prng.pick(last);
    const tcpFlags =
      packet.protocol === "tcp"
        ? prng.pick([
            TCP_FLAGS.ACK,
            TCP_FLAGS.ACK,
            TCP_FLAGS.SYN | TCP_FLAGS.ACK,
            TCP_FLAGS.FIN | TCP_FLAGS.ACK,
            TCP_FLAGS.RST,
          ])
        : 0;
    if (prng.unit() < 0.4) return { ...packet, tcpFlags };
    const from = trace.outcome.target ?? { ip: packet.destination, port: packet.destinationPort };
    const to = trace.outcome.masquerade ? nodeIp(family) : packet.source;
    return {
      ...packet,
      source: from.ip,
      sourcePort: from.port,
      destination: to,
      destinationPort: packet.sourcePort,
      inInterface: "eth0",
      tcpFlags,
    };
  }
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

function randomSource(prng: Prng, family: Family): string {
  const outside =
    family === "IPv4"
      ? ["203.0.113.5", "203.0.113.200", "192.168.0.77"]
      : ["2001:db8:2::5", "2001:db8:9::5", "fd00:192::77"];
  return prng.unit() < 0.6 ? randomPodIp(prng, family) : prng.pick(outside);
}

function randomDestination(prng: Prng, family: Family): [string, number] {
  const ip = (ipv4: string, ipv6: string) => (family === "IPv4" ? ipv4 : ipv6);
  const index = prng.below(14) + 1;
  const port = 80 + prng.below(3);
  const choice = prng.unit();
  if (choice < 0.5) return [ip(`172.30.0.${index}`, `fd00:172::${index.toString(16)}`), port];
  if (choice < 0.6) return [ip(`198.51.100.${(index % 3) + 1}`, `2001:db8:1::${(index % 3) + 1}`), port];
  if (choice < 0.75) return [ip(`192.0.2.${index}`, `2001:db8:3::${index.toString(16)}`), port];
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
