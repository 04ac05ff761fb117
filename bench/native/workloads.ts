// What the twins race over: rulesets, sets and flows as the real encoder lays them out, and seeded packets.
import { ipText, parseCidr } from "../../src/base/ip.js";
import { Prng } from "../../src/base/prng.js";
import { present } from "../../src/base/assert.js";
import type { EncodeOptions, TableImage } from "../../src/dataplane/table-image.js";
import { encodeIptables } from "../../src/dataplane/iptables/encode.js";
import type { IpSet } from "../../src/netfilter/ipset/model.js";
import { emptyRuleset, rule } from "../../src/netfilter/iptables/ruleset.js";
import type { Match, Rule } from "../../src/netfilter/iptables/model.js";
import { PROTOCOL_NUMBERS, TCP_FLAGS } from "../../src/netfilter/packet.js";
import { PacketColumns } from "../../src/netfilter/packet-columns.js";

export type Kernel = "walk" | "probe" | "lookup" | "enter" | "flows";

export interface Workload {
  readonly kernel: Kernel;
  readonly image: TableImage;
  readonly packets: PacketColumns;
  readonly conntrackMax: number;
  /** Index of the chain to walk. */
  readonly chain: number;
  /** What goes before every timed run: an empty table, or one that holds every flow. */
  readonly before: "nothing" | "empty" | "entered";
}

/** Name -> how to make it: the large ones take seconds and half a gigabyte. */
export const WORKLOADS: ReadonlyMap<string, () => Workload> = new Map([
  ...[100, 1_000, 5_000, 10_000, 30_000].map(
    (rules) => [`walk ${rules} rules`, () => walkWorkload(rules)] as const,
  ),
  ...[100, 10_000, 100_000, 1_000_000].map(
    (elements) => [`probe ${elements} elements`, () => probeWorkload(elements)] as const,
  ),
  ...[1_024, 65_536, 262_144, 1_048_576].flatMap((flows) => [
    [`conntrack table ${flows}, lookup`, () => flowsWorkload(flows, "lookup", "entered")] as const,
    [`conntrack table ${flows}, insert`, () => flowsWorkload(flows, "enter", "empty")] as const,
    [`conntrack stage ${flows}, known flow`, () => flowsWorkload(flows, "flows", "entered")] as const,
    [`conntrack stage ${flows}, new flow`, () => flowsWorkload(flows, "flows", "empty")] as const,
  ]),
]);

const OPTIONS: EncodeOptions = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 128 };
const SERVICE_NET = 0x0a600000;
const POD_NET = 0x0af40000;

/** KUBE-SERVICES as kube-proxy writes it; every packet is for a random Service. */
function walkWorkload(services: number): Workload {
  const prng = new Prng(1);
  const ruleset = emptyRuleset("IPv4");
  const nat = present(ruleset.tables.get("nat"), "nat");
  nat.chains.clear();
  nat.chains.set("KUBE-SERVICES", {
    name: "KUBE-SERVICES",
    policy: null,
    rules: Array.from({ length: services }, (_, index) => serviceRule(index)),
  });
  nat.chains.set("KUBE-SVC", {
    name: "KUBE-SVC",
    policy: null,
    rules: [rule({ target: { kind: "accept", options: "" } })],
  });
  ruleset.tables.delete("raw");
  ruleset.tables.delete("mangle");
  ruleset.tables.delete("filter");
  const count = Math.max(256, Math.min(16_384, Math.round(4_000_000 / services)));
  const packets = columns(count, (index) => ({
    source: POD_NET + prng.below(65_536),
    destination: SERVICE_NET + prng.below(services),
    sourcePort: 1024 + (index & 32_767),
    destinationPort: 80,
  }));
  return workload("walk", encode(ruleset, []), packets, {});
}

function serviceRule(index: number): Rule {
  const destination = present(parseCidr(ipText([SERVICE_NET + index, 0, 0, 0], "IPv4")), "cidr");
  const port: Match = {
    kind: "port",
    extension: "tcp",
    source: null,
    destination: { value: [{ first: 80, last: 80 }], negated: false },
    either: null,
    tcpFlags: null,
  };
  return rule({
    destination: { value: destination, negated: false },
    protocol: { value: "tcp", negated: false },
    matches: [{ kind: "comment", text: "a Service" }, port],
    target: { kind: "jump", chain: "KUBE-SVC" },
  });
}

/** hash:ip,port with one packet in ten missing. */
function probeWorkload(elements: number): Workload {
  const prng = new Prng(2);
  const ipset: IpSet = {
    name: "KUBE-CLUSTER-IP",
    type: "hash:ip,port",
    family: "inet",
    hashSize: 1024,
    elementsMax: elements,
    range: null,
    comment: null,
    elements: new Set(
      Array.from(
        { length: elements },
        (_, index) => `${ipText([SERVICE_NET + index, 0, 0, 0], "IPv4")},tcp:80`,
      ),
    ),
  };
  const packets = columns(65_536, (index) => ({
    source: POD_NET,
    destination: SERVICE_NET + prng.below(elements),
    sourcePort: 1024 + (index & 32_767),
    destinationPort: prng.below(10) === 0 ? 81 : 80,
  }));
  return workload("probe", encode(emptyRuleset("IPv4"), [ipset]), packets, {});
}

function flowsWorkload(flows: number, kernel: Kernel, before: Workload["before"]): Workload {
  const prng = new Prng(3);
  const order = prng.shuffled(Array.from({ length: flows }, (_, index) => index));
  const packets = columns(flows, (index) => {
    const flow = order[index] as number;
    return {
      source: POD_NET + (flow >>> 6),
      destination: SERVICE_NET + (flow & 1023),
      sourcePort: 1024 + (flow & 32_767),
      destinationPort: 80,
    };
  });
  return workload(kernel, encode(emptyRuleset("IPv4"), []), packets, { conntrackMax: flows, before });
}

function workload(
  kernel: Kernel,
  image: TableImage,
  packets: PacketColumns,
  { conntrackMax = 16, before = "nothing" }: { conntrackMax?: number; before?: Workload["before"] },
): Workload {
  return { kernel, image, packets, conntrackMax, chain: 0, before };
}

function encode(ruleset: ReturnType<typeof emptyRuleset>, ipsets: readonly IpSet[]): TableImage {
  return encodeIptables({ mode: "iptables", family: "IPv4", localAddresses: [], ruleset, ipsets }, OPTIONS)
    .image;
}

interface Tuple {
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

function columns(count: number, tuple: (index: number) => Tuple): PacketColumns {
  const packets = new PacketColumns("IPv4", count);
  for (let index = 0; index < count; index++) {
    const { source, destination, sourcePort, destinationPort } = tuple(index);
    packets.source[index * 4] = source;
    packets.destination[index * 4] = destination;
    packets.sourcePort[index] = sourcePort;
    packets.destinationPort[index] = destinationPort;
    packets.protocol[index] = PROTOCOL_NUMBERS.tcp;
    packets.tcpFlags[index] = TCP_FLAGS.SYN;
  }
  return packets;
}
