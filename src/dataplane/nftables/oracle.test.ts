// The statement interpreter against the tracer on tables that no proxy would write: any statement, in any order.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Family } from "../../base/ip.js";
import { Prng } from "../../base/prng.js";
import type {
  NftChain,
  NftHook,
  NftMap,
  NftSet,
  NftStatement,
  NftVerdict,
} from "../../netfilter/nftables/model.js";
import { createNftTracer } from "../../netfilter/nftables/tracer.js";
import { type Packet, TCP_FLAGS } from "../../netfilter/packet.js";
import type { NftablesModel } from "../../netfilter/rule-model.js";
import { SeededChance } from "../../netfilter/tracer/chance.js";
import { createEvaluator } from "../evaluator.js";
import { sendBoth } from "../oracle/compare.test-data.js";
import { columnsOf } from "../oracle/packet-columns.test-data.js";
import { encodeNftables } from "./encode.js";

const SEED = Number(process.env["PLUMB_TEST_SEED"] ?? 20265);
const TABLES = 60;
const PACKETS = 40;
const INTERFACES = ["", "eth0", "veth1", "lo"];
/** Chains only lead to chains behind them; more than the kernel lets be open at once. */
const CHAINS = 24;

for (const family of ["IPv4", "IPv6"] as const) {
  test(`core and tracer agree on tables of random rules, ${family}`, () => {
    const reasons = new Set<string>();
    for (let table = 0; table < TABLES; table++) {
      const seed = new Prng(SEED).fork(`${family} ${table}`).next32();
      for (const reason of race(family, seed)) reasons.add(reason);
    }
    assert.ok(reasons.has("chain-too-deep"), "no walk was too deep");
  });
}

function race(family: Family, seed: number): string[] {
  const prng = new Prng(seed);
  const model = new RandomTable(prng, family).model();
  const tracer = createNftTracer(model, {
    chance: new SeededChance(new Prng(seed)),
    steps: true,
    conntrackMax: 64,
  });
  const { image } = encodeNftables(model, {
    ipvsTables: "fixed",
    ipvsConnectionsMax: 1024,
    affinityClientsMax: 64,
  });
  const evaluator = createEvaluator(image, { conntrackMax: 64, packetsMax: 1, seed });
  const reasons: string[] = [];
  for (let index = 0; index < PACKETS; index++) {
    const columns = columnsOf(randomPacket(prng, family), family, INTERFACES, index * 700);
    const what = `seed ${SEED}, table seed ${seed}, step ${index}`;
    const { trace } = sendBoth(tracer, evaluator, columns, what);
    reasons.push(trace.outcome.reason);
  }
  return reasons;
}

class RandomTable {
  readonly #prng: Prng;
  readonly #family: Family;

  constructor(prng: Prng, family: Family) {
    this.#prng = prng;
    this.#family = family;
  }

  model(): NftablesModel {
    const hooks: readonly [NftHook, "filter" | "nat", number][] = [
      ["prerouting", "filter", -110],
      ["prerouting", "nat", -100],
      ["input", "filter", 0],
      ["forward", "filter", 0],
      ["output", "nat", -100],
      ["output", "filter", 0],
      ["postrouting", "nat", 100],
    ];
    const chains: NftChain[] = hooks.map(([hook, type, priority]) => ({
      ...this.#chain(`${type}-${hook}`, 0, hook, type),
      base: { type, hook, priority },
    }));
    // Only chains without translations may be shared between hooks.
    for (let index = 1; index <= CHAINS; index++)
      chains.push(this.#chain(`c${index}`, index, null, "filter"));
    const named = <T extends { readonly name: string }>(items: readonly T[]) =>
      new Map(items.map((item) => [item.name, item]));
    return {
      mode: "nftables",
      family: this.#family,
      localAddresses: [this.#ip(2), this.#ip(3)],
      table: {
        family: this.#family,
        name: "t",
        comment: null,
        sets: named([
          this.#set("hosts", ["addr"]),
          this.#set("flows", ["addr", "addr", "inet_proto", "inet_service"]),
          this.#dynamicSet(),
        ]),
        maps: named([this.#map()]),
        chains: named(chains),
      },
    };
  }

  #chain(name: string, index: number, hook: NftHook | null, type: "filter" | "nat"): NftChain {
    const rules = Array.from({ length: 1 + this.#prng.below(3) }, () => {
      const statements = Array.from({ length: Math.max(0, this.#prng.below(5) - 2) }, () =>
        this.#condition(),
      );
      return { statements: [...statements, this.#action(index, hook, type)], comment: null };
    });
    return { name, base: null, comment: null, rules };
  }

  #condition(): NftStatement {
    const prng = this.#prng;
    const negated = prng.unit() < 0.4;
    const addressField = () => prng.pick(["ip saddr", "ip daddr"] as const);
    return prng.pick<() => NftStatement>([
      () => ({ kind: "match", field: addressField(), negated, values: this.#addresses() }),
      () => ({
        kind: "match",
        field: "meta l4proto",
        negated,
        values: prng.shuffled(["tcp", "udp", "sctp"]).slice(prng.below(3)),
      }),
      () => ({
        kind: "match",
        field: prng.pick(["th sport", "th dport"]),
        negated,
        values: prng.shuffled(["80", "81", "82"]).slice(prng.below(3)),
      }),
      () => ({
        kind: "match",
        field: "iifname",
        negated,
        values: prng.shuffled(["eth0", "veth*", "v*"]).slice(prng.below(3)),
      }),
      () => ({ kind: "lookup", fields: [addressField()], negated, set: "hosts" }),
      () => ({
        kind: "lookup",
        fields: ["ip saddr", "ip daddr", "meta l4proto", "th dport"],
        negated,
        set: "flows",
      }),
      () => ({ kind: "lookup", fields: ["ip saddr"], negated, set: "clients" }),
      () => ({
        kind: "ctstate",
        states: prng.pick([["new"], ["established", "related"], ["invalid", "new"]]),
        negated,
      }),
      () => ({ kind: "ctstatus", status: prng.pick(["dnat", "snat"]) }),
      () => ({ kind: "fib", side: prng.pick(["saddr", "daddr"]), type: "local", negated }),
      () => ({ kind: "mark", mask: 3, value: prng.below(3), negated }),
      () => ({ kind: "setmark", operation: prng.pick(["or", "xor"]), value: 1 + prng.below(3) }),
      () => ({ kind: "update", set: "clients" }),
    ])();
  }

  #action(index: number, hook: NftHook | null, type: "filter" | "nat"): NftStatement {
    const prng = this.#prng;
    if (type === "nat") {
      const targets = Array.from({ length: 1 + prng.below(4) }, () => ({
        ip: this.#ip(prng.below(8) + 1),
        port: 80 + prng.below(3),
      }));
      if (hook === "postrouting") return { kind: "masquerade", fullyRandom: true };
      if (prng.unit() < 0.3) return { kind: "dnat", target: targets[0] ?? { ip: this.#ip(1), port: 80 } };
      if (prng.unit() < 0.6) return { kind: "numgen-dnat", targets };
    }
    // The map leads to the last chain, which must not lead back: a kernel refuses tables with loops.
    if (index < CHAINS && prng.unit() < 0.1)
      return { kind: "vmap", fields: ["ip daddr", "meta l4proto", "th dport"], map: "services" };
    if (prng.unit() < 0.15) {
      return {
        kind: "numgen-vmap",
        verdicts: Array.from({ length: 1 + prng.below(4) }, () => this.#verdict(index)),
      };
    }
    return { kind: "verdict", verdict: this.#verdict(index) };
  }

  /** Mostly to the next chain, so that walks get deep. */
  #verdict(index: number): NftVerdict {
    const prng = this.#prng;
    if (index < CHAINS && prng.unit() < 0.93) {
      const target = `c${prng.unit() < 0.9 ? index + 1 : index + 1 + prng.below(CHAINS - index)}`;
      return { kind: prng.unit() < 0.95 ? "jump" : "goto", chain: target };
    }
    return { kind: prng.pick(["accept", "drop", "return", "reject"] as const) };
  }

  #addresses(): string[] {
    const prng = this.#prng;
    const one = () =>
      prng.unit() < 0.5
        ? this.#ip(prng.below(8) + 1)
        : this.#family === "IPv4"
          ? `10.0.0.${4 * prng.below(3)}/30`
          : `fd00::${4 * prng.below(3)}/126`;
    return Array.from({ length: 1 + prng.below(3) }, one);
  }

  #set(name: string, type: NftSet["type"]): NftSet {
    const elements = new Map<string, null>();
    for (let count = 0; count < 6; count++)
      elements.set(type.map((part) => this.#part(part)).join(" . "), null);
    return { name, type, comment: null, dynamicTimeoutSeconds: null, elements };
  }

  #dynamicSet(): NftSet {
    return { name: "clients", type: ["addr"], comment: null, dynamicTimeoutSeconds: 3, elements: new Map() };
  }

  #map(): NftMap {
    const elements: NftMap["elements"] = new Map();
    const type = ["addr", "inet_proto", "inet_service"] as const;
    for (let count = 0; count < 20; count++) {
      elements.set(type.map((part) => this.#part(part)).join(" . "), {
        verdict: this.#verdict(CHAINS - 1),
        comment: null,
      });
    }
    return { name: "services", type, comment: null, elements };
  }

  #part(part: NftSet["type"][number]): string {
    const prng = this.#prng;
    if (part === "addr") return this.#ip(prng.below(8) + 1);
    return part === "inet_proto" ? prng.pick(["tcp", "udp"]) : String(80 + prng.below(3));
  }

  #ip(host: number): string {
    return addressOf(this.#family, host);
  }
}

function addressOf(family: Family, host: number): string {
  return family === "IPv4" ? `10.0.0.${host}` : `fd00::${host}`;
}

function randomPacket(prng: Prng, family: Family): Packet {
  const fromNode = prng.unit() < 0.2;
  const protocol = prng.pick(["tcp", "udp", "sctp"] as const);
  return {
    protocol,
    source: addressOf(family, fromNode ? 2 : prng.below(8) + 1),
    sourcePort: 80 + prng.below(4),
    destination: addressOf(family, prng.below(8) + 1),
    destinationPort: 80 + prng.below(4),
    inInterface: fromNode ? null : prng.pick(INTERFACES.slice(1)),
    tcpFlags:
      protocol === "tcp" ? prng.pick([TCP_FLAGS.SYN, TCP_FLAGS.SYN, TCP_FLAGS.ACK, TCP_FLAGS.FIN]) : 0,
    payloadBytes: 0,
  };
}
