// Seeded random iptables rulesets for oracle tests: small worlds in which addresses, ports and chains collide often,
// so that every match and target is met, negated and missed.
import { canonicalIp, type Cidr, type Family, parseCidr } from "../../base/ip.js";
import type { Prng } from "../../base/prng.js";
import { present } from "../../base/assert.js";
import type { IpSet, SetType } from "../../netfilter/ipset/model.js";
import { SET_TYPES } from "../../netfilter/ipset/model.js";
import type {
  Chain,
  IptablesRuleset,
  Match,
  Negatable,
  Rule,
  TableName,
  Target,
} from "../../netfilter/iptables/model.js";
import { BUILTIN_CHAINS, emptyRuleset } from "../../netfilter/iptables/ruleset.js";

/** The few addresses, ports and names that rules and packets of one world share. */
export interface World {
  readonly family: Family;
  readonly addresses: readonly string[];
  readonly localAddresses: readonly string[];
  readonly ports: readonly number[];
  readonly interfaces: readonly string[];
}

export function randomWorld(prng: Prng, family: Family): World {
  const ip = (index: number) => {
    const text = family === "IPv4" ? `10.0.${index >> 2}.${index & 3}` : `fd00:${index >> 2}::${index & 3}`;
    return present(canonicalIp(text), "address");
  };
  const addresses = Array.from({ length: 10 }, (_, index) => ip(index));
  return {
    family,
    addresses: [...addresses, family === "IPv4" ? "127.0.0.1" : "::1"],
    localAddresses: prng.below(8) === 0 ? [] : [ip(8), ip(9)],
    ports: [53, 80, 443, 8080],
    interfaces: ["", "eth0", "eth1", "veth7", "veth70"],
  };
}

export interface RandomRules {
  readonly ruleset: IptablesRuleset;
  readonly ipsets: readonly IpSet[];
}

export function randomRuleset(prng: Prng, world: World): RandomRules {
  const ruleset = emptyRuleset(world.family);
  const ipsets = SET_TYPES.map((type) => randomSet(prng, world, type));
  const make = new RuleMaker(prng, world, ipsets);
  for (const table of ruleset.tables.values()) {
    const users = Array.from({ length: 1 + prng.below(5) }, (_, index) => `C${index}`);
    for (const [index, name] of users.entries()) {
      // Jumps lead to later chains only, as the kernel demands; now and then one loops.
      const reachable = prng.below(40) === 0 ? users : users.slice(index + 1);
      table.chains.set(name, {
        name,
        policy: null,
        rules: make.rules(table.name, name, reachable, prng.below(7)),
      });
    }
    for (const hook of BUILTIN_CHAINS[table.name]) {
      const policy = prng.below(12) === 0 ? "DROP" : "ACCEPT";
      const rules = make.rules(table.name, hook, users, prng.below(table.name === "nat" ? 7 : 3));
      table.chains.set(hook, { name: hook, policy, rules } satisfies Chain);
    }
  }
  return { ruleset, ipsets };
}

function randomSet(prng: Prng, world: World, type: SetType): IpSet {
  const elements = new Set<string>();
  const full = world.family === "IPv4" ? 32 : 128;
  for (let count = prng.below(30); count > 0; count--) {
    const ip = prng.pick(world.addresses);
    const port = `${prng.pick(["tcp", "udp", "sctp"])}:${prng.pick(world.ports)}`;
    const cidr = present(parseCidr(`${ip}/${full - prng.below(4)}`), "cidr").text;
    const net = cidr + (prng.below(4) === 0 ? " nomatch" : "");
    const texts: Record<SetType, string> = {
      "hash:ip": ip,
      "hash:net": net,
      "hash:ip,port": `${ip},${port}`,
      "hash:ip,port,ip": `${ip},${port},${prng.pick(world.addresses)}`,
      "hash:ip,port,net": `${ip},${port},${net}`,
      "bitmap:port": `${prng.pick(world.ports)}`,
    };
    elements.delete(texts[type].replace(/ nomatch$/, ""));
    elements.delete(`${texts[type]} nomatch`);
    elements.add(texts[type]);
  }
  const family = world.family === "IPv4" ? "inet" : "inet6";
  return {
    name: type,
    type,
    family,
    hashSize: 1024,
    elementsMax: 65536,
    range: null,
    comment: null,
    elements,
  };
}

class RuleMaker {
  readonly #prng: Prng;
  readonly #world: World;
  readonly #sets: readonly IpSet[];

  constructor(prng: Prng, world: World, sets: readonly IpSet[]) {
    this.#prng = prng;
    this.#world = world;
    this.#sets = sets;
  }

  rules(table: TableName, chain: string, chains: readonly string[], count: number): Rule[] {
    return Array.from({ length: count }, () => this.#rule(table, chain, chains));
  }

  #rule(table: TableName, chain: string, chains: readonly string[]): Rule {
    const prng = this.#prng;
    const matches = Array.from({ length: prng.below(3) }, () => this.#match());
    return {
      source: this.#maybe(5, () => this.#cidr()),
      destination: this.#maybe(3, () => this.#cidr()),
      inInterface: this.#maybe(9, () => prng.pick(["eth0", "eth+", "veth7", "veth7+", "veth+", "+"])),
      outInterface: this.#maybe(25, () => prng.pick(["eth0", "+"])),
      protocol: this.#maybe(3, () => prng.pick(["tcp", "udp", "sctp", "6", "icmp", "ipv6-icmp", "esp"])),
      matches,
      target: this.#target(table, chain, chains),
    };
  }

  #maybe<T>(oneIn: number, value: () => T): Negatable<T> | null {
    return this.#prng.below(oneIn) === 0 ? { value: value(), negated: this.#prng.below(4) === 0 } : null;
  }

  #cidr(): Cidr {
    const full = this.#world.family === "IPv4" ? 32 : 128;
    const length = this.#prng.pick([full, full, full - 1, full - 2, 8, 0]);
    return present(parseCidr(`${this.#prng.pick(this.#world.addresses)}/${length}`), "cidr");
  }

  #target(table: TableName, chain: string, chains: readonly string[]): Target | null {
    const prng = this.#prng;
    const nat = table === "nat" ? this.#natTarget(chain) : null;
    if (nat !== null && prng.below(2) === 0) return nat;
    if (chains.length > 0 && prng.below(2) === 0) {
      return { kind: prng.below(4) === 0 ? "goto" : "jump", chain: prng.pick(chains) };
    }
    switch (prng.below(7)) {
      case 0:
        return { kind: "accept", options: "" };
      case 1:
        return prng.below(3) === 0 ? { kind: "drop", options: "" } : null;
      case 2:
        return prng.below(3) === 0 ? { kind: "reject", rejectWith: null } : { kind: "return", options: "" };
      case 3:
        return { kind: "continue", name: "LOG", options: "" };
      case 4:
        return null;
      default: {
        const mask = prng.pick([0x4000, 0xffffffff, 3]);
        return { kind: "mark", value: prng.pick([0x4000, 1, 2]), mask, text: "" };
      }
    }
  }

  /** DNAT and REDIRECT where destinations are decided, SNAT and MASQUERADE where sources are. */
  #natTarget(chain: string): Target {
    const prng = this.#prng;
    const first = prng.pick(this.#world.addresses);
    const port = prng.pick(this.#world.ports);
    const ports = prng.below(3) === 0 ? null : { first: port, last: port + prng.below(2) * 3 };
    const decidesSource = chain === "POSTROUTING" || chain === "INPUT";
    if (decidesSource) {
      if (prng.below(2) === 0)
        return { kind: "masquerade", options: prng.below(3) === 0 ? "--to-ports 80-82" : "" };
      return {
        kind: "snat",
        to: { first: prng.below(5) === 0 ? null : first, last: null, ports },
        options: "",
      };
    }
    if (prng.below(4) === 0) return { kind: "redirect", ports, options: "" };
    return {
      kind: "dnat",
      to: { first: prng.below(6) === 0 ? null : first, last: null, ports },
      options: "",
    };
  }

  #match(): Match {
    const prng = this.#prng;
    const negated = prng.below(4) === 0;
    switch (prng.below(15)) {
      case 0:
        return { kind: "comment", text: "why" };
      case 1:
      case 2:
        return this.#port();
      case 3:
        return {
          kind: "icmp",
          extension: prng.pick(["icmp", "icmp6"]),
          type: { value: prng.pick(["any", "8", "128", "3"]), negated },
        };
      case 4: {
        const states = prng.shuffled(["NEW", "ESTABLISHED", "RELATED", "INVALID", "DNAT", "SNAT"] as const);
        return {
          kind: "conntrack",
          states: { value: states.slice(0, 1 + prng.below(3)), negated },
          legacyState: false,
        };
      }
      case 5:
        return {
          kind: "mark",
          mark: { value: { value: prng.pick([0x4000, 1, 0]), mask: prng.pick([0x4000, 3]) }, negated },
        };
      case 6:
        return this.#addressType();
      case 7:
        return {
          kind: "statistic",
          mode: "random",
          threshold: prng.pick([0x40000000, 0x80000000, 0, 715827883]),
          text: "",
          negated,
        };
      case 8: {
        const every = 1 + prng.below(3);
        return { kind: "statistic", mode: "nth", every, packet: prng.below(every), negated };
      }
      case 9:
      case 10:
        return this.#recent(negated);
      case 11: {
        const set = prng.pick(this.#sets);
        const sides = Array.from({ length: 3 - prng.below(2) }, () => prng.pick(["src", "dst"] as const));
        return { kind: "set", name: prng.below(12) === 0 ? "absent" : set.name, sides, negated };
      }
      case 12:
        return this.#range();
      case 13:
        return {
          kind: "ipvs",
          protocol: prng.pick(["tcp", "udp", "sctp"]),
          address: prng.pick(this.#world.addresses),
          port: prng.pick(this.#world.ports),
        };
      default:
        return prng.below(2) === 0
          ? { kind: "physdev", isIn: { value: true, negated } }
          : { kind: "opaque", extension: "owner", text: "", assumed: prng.below(2) === 0 };
    }
  }

  #port(): Match {
    const prng = this.#prng;
    const range = () => {
      const first = prng.pick(this.#world.ports);
      return { first, last: first + prng.pick([0, 0, 400]) };
    };
    const side = (oneIn: number) =>
      this.#maybe(oneIn, () => Array.from({ length: 1 + prng.below(2) }, range));
    const tcpFlags = prng.below(5) === 0 ? { value: 2, mask: 0x17, negated: prng.below(3) === 0 } : null;
    const extension = prng.pick(["tcp", "udp", "sctp", "multiport"]);
    return { kind: "port", extension, source: side(4), destination: side(2), either: side(8), tcpFlags };
  }

  #addressType(): Match {
    const types = ["LOCAL", "UNICAST", "MULTICAST", "LOCAL,UNICAST", "UNSPEC", "BLACKHOLE"];
    const side = () => this.#maybe(2, () => this.#prng.pick(types));
    return { kind: "addrtype", source: side(), destination: side(), limitInterface: null };
  }

  #recent(negated: boolean): Match {
    const prng = this.#prng;
    const seconds = prng.below(3) === 0 ? null : 1 + prng.below(20);
    return {
      kind: "recent",
      name: prng.pick(["one", "two"]),
      operation: prng.pick(["set", "set", "rcheck", "update", "remove"]),
      negated,
      seconds,
      reap: seconds !== null && prng.below(2) === 0,
      hitcount: prng.below(3) === 0 ? 1 + prng.below(5) : null,
      side: prng.pick(["source", "destination"]),
    };
  }

  #range(): Match {
    const side = () =>
      this.#maybe(2, () => {
        const [first = "", last = ""] = [
          this.#prng.pick(this.#world.addresses),
          this.#prng.pick(this.#world.addresses),
        ];
        return { first, last };
      });
    return { kind: "iprange", source: side(), destination: side() };
  }
}
