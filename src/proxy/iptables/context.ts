// What all rules of one compilation share: facts drawn from the configuration once, and one copy of each match or
// target that many rules carry. Half a million endpoints make 1.6 million rules; equal parts must be the same object.
import { present } from "../../base/assert.js";
import { hostCidr, knownCidr } from "../../base/ip.js";
import type { Match, Range, Rule, Target } from "../../netfilter/iptables/model.js";
import { comment, jump, port as portMatch, randomMatch } from "../../netfilter/iptables/ruleset.js";
import type { ProxyConfig } from "../config.js";
import { localDetectorOf } from "../local-detector.js";
import { hasLocalhostNodePorts, nodeAddresses } from "../node-port-addresses.js";
import type { ProxyState } from "../service-port.js";

/** A rule's way to tell local Pods from the rest: a source range or an interface. */
export type DetectorFields = Pick<Rule, "source" | "inInterface">;

export interface CompileContext {
  readonly config: ProxyConfig;
  /** Comments of per-service chains are left out. */
  readonly largeCluster: boolean;
  /** The bit that asks for masquerade. */
  readonly mark: number;
  readonly localhostNodePorts: boolean;
  /** The node's primary address of the family; null when it has none. */
  readonly nodeIP: string | null;
  /** Null when nothing tells local Pods from the rest. */
  readonly ifLocal: DetectorFields | null;
  readonly ifNotLocal: DetectorFields | null;
  readonly shared: SharedParts;
}

export function compileContext(state: ProxyState, config: ProxyConfig): CompileContext {
  return {
    config,
    largeCluster: state.endpointsTotal > config.largeClusterEndpoints,
    mark: (1 << config.masqueradeBit) >>> 0,
    localhostNodePorts: hasLocalhostNodePorts(config),
    nodeIP: nodeAddresses(config)[0] ?? null,
    ifLocal: detectorFields(config, false),
    ifNotLocal: detectorFields(config, true),
    shared: new SharedParts(),
  };
}

/** As upstream, one CIDR per family: the first. */
function detectorFields(config: ProxyConfig, negated: boolean): DetectorFields | null {
  const detector = localDetectorOf(config);
  switch (detector?.kind) {
    case undefined:
      return null;
    case "cidr":
      return { source: { value: knownCidr(present(detector.cidrs[0], "CIDR")), negated }, inInterface: null };
    case "bridge":
      return { source: null, inInterface: { value: detector.interface, negated } };
    case "prefix":
      return { source: null, inInterface: { value: `${detector.prefix}+`, negated } };
  }
}

/** One object per distinct part, for the lifetime of one compilation. */
class SharedParts {
  readonly #portMatches = new Map<string, Match>();
  readonly #protocolOnly = new Map<string, readonly Match[]>();
  readonly #random: (readonly Match[])[] = [];
  readonly #ports = new Map<number, Range>();
  readonly #protocols = new Map<string, Rule["protocol"]>();

  /** `-m tcp --dport 80`; port null: `-m tcp` alone. */
  portMatch(protocol: string, port: number | null): Match {
    return remember(this.#portMatches, `${protocol}/${port ?? ""}`, () => portMatch(protocol, port));
  }

  /** The matches of a DNAT rule without comment. */
  protocolMatches(protocol: string): readonly Match[] {
    return remember(this.#protocolOnly, protocol, () => [this.portMatch(protocol, null)]);
  }

  protocol(name: string): Rule["protocol"] {
    return remember(this.#protocols, name, () => ({ value: name, negated: false }));
  }

  /** `-m statistic` that one of `count` endpoints is chosen by, alone in its list. */
  randomMatches(count: number): readonly Match[] {
    let matches = this.#random[count];
    if (matches === undefined) {
      matches = [randomMatch(probabilityText(count), false)];
      this.#random[count] = matches;
    }
    return matches;
  }

  /** DNAT to one endpoint; endpoints that use one port share it. */
  dnatTo(ip: string, port: number): Target {
    const ports = remember(this.#ports, port, () => ({ first: port, last: port }));
    return { kind: "dnat", to: { first: ip, last: null, ports }, options: "" };
  }
}

/**
 * 1/count with ten decimals, as Go prints it. Only 1/2048 lies halfway between two such numbers and is exact in binary:
 * there Go rounds to the even digit, JavaScript away from zero.
 */
export function probabilityText(count: number): string {
  return count === 2048 ? "0.0004882812" : (1 / count).toFixed(10);
}

const NO_MATCHES: readonly Match[] = [];

/** A list of one comment, or of nothing where comments are left out. */
export function commentMatches(text: string | null): readonly Match[] {
  return text === null ? NO_MATCHES : [comment(text)];
}

/** A rule that sends traffic to a single address somewhere. */
export function hostAddress(ip: string): Rule["source"] {
  return { value: hostCidr(ip), negated: false };
}

export const MARK_MASQ_CHAIN = "KUBE-MARK-MASQ";
export const jumpToMarkMasq: Target = jump(MARK_MASQ_CHAIN);

function remember<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
