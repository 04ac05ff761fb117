// What one packet to a Service makes the kernel do, counted by the core: the first of a connection, and one after the
// answer to it.
import { assert } from "../../base/assert.js";
import { ipWords } from "../../base/ip.js";
import { createEvaluator, type Evaluator } from "../../dataplane/evaluator.js";
import type { TableImage } from "../../dataplane/table-image.js";
import type { Counts } from "../../netfilter/counters.js";
import { PacketColumns } from "../../netfilter/packet-columns.js";
import { PROTOCOL_NUMBERS, type Verdict } from "../../netfilter/packet.js";
import type { RuleModel } from "../../netfilter/rule-model.js";
import type { PacketKind } from "../../measure/kernel-record.js";
import { encodeModel } from "../data-path.js";
import { clusterIpOf, SERVICE_PORT } from "./uniform-cluster.js";

const CLIENT = { ip: "10.128.0.1", port: 40_000 };
/** Arrives on an interface that no rule names. */
const INTERFACES = ["", "eth0"];
/** Targets are sampled at so many positions, evenly spaced: counts change linearly with the position. */
const SAMPLED_TARGETS = 64;
const TABLES = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 128 } as const;

export interface End {
  readonly ip: string;
  readonly port: number;
}

/** The rules, with tables for a few flows. */
export function imageOf(model: RuleModel): TableImage {
  return encodeModel(model, TABLES).image;
}

/** UDP packets one by one through rules, each counted alone; conntrack remembers those before. */
export class SinglePackets {
  readonly #evaluator: Evaluator;

  constructor(image: TableImage, { conntrackMax }: { readonly conntrackMax: number }) {
    this.#evaluator = createEvaluator(image, { conntrackMax, packetsMax: 1, seed: 1 });
  }

  /** Of the packet sent last. */
  get verdict(): Verdict {
    return this.#evaluator.results.verdict(0);
  }

  /** Forgets every connection. */
  reset(): void {
    this.#evaluator.reset();
  }

  first(from: End, to: End): Counts {
    return this.#send(from, to, 0);
  }

  /** Counts of one after the answer to the packet sent last, which was the first of the same connection. */
  established(from: End, to: End): Counts {
    const { results } = this.#evaluator;
    this.#send(results.target(0), results.source(0), 1);
    const established = this.#send(from, to, 2);
    assert(established.ctLookups === 1, "a packet of a known connection looks it up once");
    return established;
  }

  #send(from: End, to: End, timeMs: number): Counts {
    const columns = new PacketColumns("IPv4", 1, INTERFACES);
    columns.source.set(ipWords(from.ip));
    columns.destination.set(ipWords(to.ip));
    columns.sourcePort[0] = from.port;
    columns.destinationPort[0] = to.port;
    columns.protocol[0] = PROTOCOL_NUMBERS.udp;
    columns.inInterface[0] = 1;
    columns.timeMs[0] = timeMs;
    this.#evaluator.resetCounters();
    this.#evaluator.load(columns);
    this.#evaluator.evaluate();
    return this.#evaluator.counters();
  }
}

export class PacketCounter {
  readonly #packets: SinglePackets;

  constructor(model: RuleModel) {
    this.#packets = new SinglePackets(imageOf(model), { conntrackMax: 4 * SAMPLED_TARGETS });
  }

  /** Counts of a packet to each of the Services at these positions; of a sample of them where they are many. */
  count(targets: readonly number[], packet: PacketKind): Counts[] {
    return evenlySpaced(targets, SAMPLED_TARGETS).map((target) =>
      this.#countOne(clusterIpOf(target), packet),
    );
  }

  #countOne(clusterIP: string, packet: PacketKind): Counts {
    const service = { ip: clusterIP, port: SERVICE_PORT };
    this.#packets.reset();
    const first = this.#packets.first(CLIENT, service);
    return packet === "first" ? first : this.#packets.established(CLIENT, service);
  }
}

function evenlySpaced<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from(
    { length: count },
    (_, index) => items[Math.floor(((index + 0.5) * items.length) / count)] as T,
  );
}
