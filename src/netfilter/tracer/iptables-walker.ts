// Walks iptables rules, chain by chain, rule by rule, slowly and obviously: the oracle of the WASM path.
//
// At a hook the tables run as the kernel orders them: raw, mangle, nat, filter; nat only while its translation is
// pending. ACCEPT ends a table, the next one follows; DROP and REJECT end the packet. The end of a user chain, or
// RETURN, goes back behind the newest jump; goto leaves nothing to come back to. The end of a built-in chain is its
// policy. Counting: netfilter/counters; a chain without rules costs nothing.
//
// Differences from the kernel: NOTRACK has no effect (conntrack came first); no packet has an outgoing interface; of a
// range of addresses the first is taken. The kernel refuses rulesets whose chains loop; here they end in a drop.
// Source: net/ipv4/netfilter/ip_tables.c (ipt_do_table), net/netfilter/xt_{MARK,nat,MASQUERADE,REDIRECT}.c.
import { present, unreachable } from "../../base/assert.js";
import { joinHostPort } from "../../base/ip.js";
import type { IpSet } from "../ipset/model.js";
import { BUILTIN_CHAINS } from "../iptables/ruleset.js";
import type {
  AddressRange,
  Chain,
  Hook,
  IptablesRuleset,
  Rule,
  Table,
  TableName,
  Target,
} from "../iptables/model.js";
import { TABLE_NAMES } from "../iptables/model.js";
import { addressRangeText } from "../iptables/extension-text.js";
import { printRule } from "../iptables/text.js";
import { HeaderMatcher } from "./header-matcher.js";
import { IptablesMatches } from "./iptables-matches.js";
import type { Flight, HookResult, HookWalker } from "./trace.js";

/** Jumps that may be open at once: what the core's scratch memory holds. */
const JUMPS_OPEN_MAX = 256;
/** Jumps and gotos in one walk of a table; more is a loop. */
const JUMPS_MAX = 1 << 16;

/** What a rule's target makes of the walk. */
type Step =
  | { readonly kind: "next" }
  | { readonly kind: "accept" }
  | { readonly kind: "drop" | "reject" }
  | { readonly kind: "return" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

const NEXT: Step = { kind: "next" };
const ACCEPT: Step = { kind: "accept" };

export class IptablesWalker implements HookWalker {
  readonly #tables: ReadonlyMap<TableName, Table>;
  readonly #matches: IptablesMatches;
  readonly #headers = new HeaderMatcher();
  readonly #localAddresses: readonly string[];

  /** @param localAddresses the node's; REDIRECT sends packets from outside to the first */
  constructor(
    ruleset: IptablesRuleset,
    options: { ipsets: readonly IpSet[]; localAddresses: readonly string[] },
  ) {
    this.#tables = ruleset.tables;
    this.#matches = new IptablesMatches(ruleset, options.ipsets);
    this.#localAddresses = options.localAddresses;
  }

  walk(hook: Hook, flight: Flight): HookResult {
    for (const name of TABLE_NAMES) {
      const chain = BUILTIN_CHAINS[name].includes(hook)
        ? this.#tables.get(name)?.chains.get(hook)
        : undefined;
      if (!chain || (name === "nat" && !isPending(hook, flight))) continue;
      const result = this.#walkTable(name, chain, hook, flight);
      if (result.kind !== "accept") return result;
    }
    return { kind: "accept" };
  }

  #walkTable(table: TableName, base: Chain, hook: Hook, flight: Flight): HookResult {
    const { chains } = present(this.#tables.get(table), `table ${table}`);
    const returns: { chain: Chain; index: number }[] = [];
    const mayJump = flight.counts.chainJumps + JUMPS_MAX;
    let chain = base;
    let index = 0;
    for (;;) {
      const rule = chain.rules[index];
      const step: Step = rule
        ? this.#evaluate(rule, { table, chain, index, hook }, flight)
        : { kind: "return" };
      index++;
      if (step.kind === "next") continue;
      if (step.kind === "accept") return { kind: "accept" };
      if (step.kind === "return") {
        const back = returns.pop();
        if (!back) return byPolicy(base, table, flight);
        ({ chain, index } = back);
      } else if (step.kind === "jump" || step.kind === "goto") {
        const tooDeep = step.kind === "jump" && returns.length >= JUMPS_OPEN_MAX;
        flight.counts.chainJumps++;
        if (tooDeep || flight.counts.chainJumps > mayJump) return { kind: "drop", reason: "chain-too-deep" };
        if (step.kind === "jump") returns.push({ chain, index });
        chain = present(chains.get(step.chain), `chain '${step.chain}' of table ${table}`);
        index = 0;
      } else return { kind: step.kind, reason: "rule" };
    }
  }

  #evaluate(
    rule: Rule,
    at: { table: string; chain: Chain; index: number; hook: Hook },
    flight: Flight,
  ): Step {
    flight.counts.rulesEvaluated++;
    const fits = this.#headers.fits(rule, flight);
    if (!fits) flight.counts.headerMisses++;
    const matched = fits && this.#matches.allHold(rule, flight);
    const step = matched ? this.#run(rule.target, at.hook, flight) : NEXT;
    flight.steps?.push({
      place: `${at.table}/${at.chain.name}/${at.index + 1}`,
      text: printRule(at.chain.name, rule),
      matched,
      effect: matched ? effectOf(rule.target, flight) : "",
    });
    return step;
  }

  #run(target: Target | null, hook: Hook, flight: Flight): Step {
    switch (target?.kind) {
      case undefined:
      case "continue":
      case "notrack":
        return NEXT;
      case "accept":
      case "return":
      case "drop":
      case "reject":
        return { kind: target.kind };
      case "jump":
      case "goto":
        return { kind: target.kind, chain: target.chain };
      case "mark":
        flight.counts.markSets++;
        flight.mark = ((flight.mark & ~target.mask) ^ target.value) >>> 0;
        return NEXT;
      case "dnat":
        return translateDestination(target.to, flight);
      case "redirect":
        return translateDestination(
          { first: this.#redirectTo(hook, flight), last: null, ports: target.ports },
          flight,
        );
      case "snat":
        return translateSource(target.to, flight);
      case "masquerade":
        return translateSource({ first: null, last: null, ports: masqueradePorts(target.options) }, flight);
      default:
        return unreachable(target, "target");
    }
  }

  /** REDIRECT: the loopback address for the node's own packets, else the first address of the node. */
  #redirectTo(hook: Hook, { family }: Flight): string | null {
    const isV6 = family === "IPv6";
    if (hook === "OUTPUT") return isV6 ? "::1" : "127.0.0.1";
    return this.#localAddresses.find((address) => address.includes(":") === isV6) ?? null;
  }
}

function isPending(hook: Hook, flight: Flight): boolean {
  return hook === "PREROUTING" || hook === "OUTPUT" ? flight.natDestinationPending : flight.natSourcePending;
}

function byPolicy(base: Chain, table: string, flight: Flight): HookResult {
  if (base.policy !== "DROP") return { kind: "accept" };
  flight.steps?.push({
    place: `${table}/${base.name}/policy`,
    text: "policy DROP",
    matched: true,
    effect: "drop",
  });
  return { kind: "drop", reason: "rule" };
}

function translateDestination(to: AddressRange, flight: Flight): Step {
  flight.counts.dnatTargets++;
  flight.destination = to.first ?? flight.destination;
  flight.destinationPort = to.ports?.first ?? flight.destinationPort;
  flight.ctDnat = true;
  flight.natDestinationPending = false;
  return ACCEPT;
}

/** The path looks for a free port; without an address it takes the node's. */
function translateSource(to: AddressRange, flight: Flight): Step {
  flight.counts.masqueradeTargets++;
  flight.source = to.first ?? flight.source;
  flight.natSourcePorts = to.ports;
  flight.ctSnat = true;
  flight.natSourcePending = false;
  return ACCEPT;
}

function masqueradePorts(options: string): AddressRange["ports"] {
  const match = /--to-ports (\d+)(?:-(\d+))?/.exec(options);
  return match ? { first: Number(match[1]), last: Number(match[2] ?? match[1]) } : null;
}

function effectOf(target: Target | null, flight: Flight): string {
  if (target === null) return "";
  switch (target.kind) {
    case "jump":
    case "goto":
      return `${target.kind} ${target.chain}`;
    case "mark":
      return `mark 0x${flight.mark.toString(16)}`;
    case "dnat":
    case "redirect":
      return `DNAT to ${joinHostPort(flight.destination, flight.destinationPort)}`;
    case "snat":
      return `SNAT to ${addressRangeText(target.to)}`;
    case "continue":
      return `${target.name}, no effect`;
    case "notrack":
      return "NOTRACK, no effect";
    default:
      return target.kind;
  }
}
