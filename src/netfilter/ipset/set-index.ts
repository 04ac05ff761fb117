// Membership in a set, as the kernel decides it; slow and obvious.
// hash:net and hash:ip,port,net: the longest prefix that holds the address decides, and it may say no (nomatch).
// Cost: one Map lookup; for networks one per prefix length in use.
// Source: net/netfilter/ipset/ip_set_hash_gen.h mtype_test_cidrs, ip_set_bitmap_port.c.
import { assert } from "../../base/assert.js";
import { familyOf, parseCidr } from "../../base/ip.js";
import type { Protocol } from "../packet.js";
import { dimensionsOf, parseElement, type SetElement } from "./element.js";
import type { IpSet } from "./model.js";

/** The end of a packet that a dimension looks at. */
export interface SetEnd {
  readonly ip: string;
  readonly port: number;
}

/** Models do not change, and many tracers of one model are made: they share the indexes of its sets. */
const INDEXES = new WeakMap<IpSet, SetIndex>();

export class SetIndex {
  readonly #set: IpSet;
  readonly #dimensions: readonly string[];
  /** One text per dimension, joined -> whether it is an exception. Networks stand by their masked text. */
  readonly #keys = new Map<string, { readonly nomatch: boolean }>();
  /** Longest first. */
  readonly #prefixLengths: readonly number[];

  constructor(set: IpSet) {
    this.#set = set;
    this.#dimensions = dimensionsOf(set.type);
    const lengths = new Set<number>();
    for (const text of set.elements) {
      const element = parseElement(set.type, text);
      assert(element !== null, `set ${set.name}: '${text}' is no element of ${set.type}`);
      if (element.net) lengths.add(element.net.prefixLength);
      this.#keys.set(keyOf(element), { nomatch: element.nomatch });
    }
    this.#prefixLengths = [...lengths].sort((a, b) => b - a);
  }

  /** The index of a set that will not change any more. */
  static of(set: IpSet): SetIndex {
    const index = INDEXES.get(set) ?? new SetIndex(set);
    INDEXES.set(set, index);
    return index;
  }

  /** @param ends the end that each dimension of the key is taken from, in order */
  contains(protocol: Protocol, ends: readonly SetEnd[]): boolean {
    if (ends.length < this.#dimensions.length) return false;
    const hasPorts = protocol === "tcp" || protocol === "udp" || protocol === "sctp";
    if (this.#set.type === "bitmap:port") {
      // The kernel's bitmap:port reads the ports of TCP and UDP only.
      return hasPorts && protocol !== "sctp" && this.#keys.has(`${(ends[0] as SetEnd).port}`);
    }
    const family = this.#set.family === "inet" ? "IPv4" : "IPv6";
    if (ends.some((end) => familyOf(end.ip) !== family)) return false;
    const parts = this.#dimensions.map((dimension, index) => {
      const end = ends[index] as SetEnd;
      return dimension === "port" ? `${protocol}:${end.port}` : end.ip;
    });
    return this.#dimensions.at(-1) === "net" ? this.#containsNet(parts) : this.#keys.has(parts.join(","));
  }

  #containsNet(parts: readonly string[]): boolean {
    const before = parts.slice(0, -1);
    for (const length of this.#prefixLengths) {
      const net = parseCidr(`${parts.at(-1)}/${length}`);
      const found = net && this.#keys.get([...before, net.text].join(","));
      if (found) return !found.nomatch;
    }
    return false;
  }
}

function keyOf({ ip, protocol, port, secondIp, net }: SetElement): string {
  const portText = protocol === null ? port : `${protocol}:${port}`;
  return [ip, portText, secondIp, net?.text].filter((part) => part !== null && part !== undefined).join(",");
}
