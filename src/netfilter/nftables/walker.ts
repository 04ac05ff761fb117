// Walks an nftables table, statement by statement, slowly and obviously: the oracle of the WASM path.
//
// Counting contract, kept alike by asm/nftables:
//   rule reached                    rulesEvaluated, whether it matches or not; the first statement that fails ends it
//   match saddr, daddr, l4proto,    headerMisses when it fails, nothing when it holds
//     iifname
//   match th sport, th dport        portMatches
//   ct state, ct status             ctstateMatches
//   fib                             fibLookups
//   mark / mark set                 markMatches / markSets
//   @set lookup                     setProbes, and setHits when the element is found (also when negated)
//   @set lookup of a dynamic set,   recentOps
//     update @set
//   vmap                            mapProbes, and mapHits when the key is found
//   numgen vmap, numgen map         randomDraws, mapProbes, mapHits
//   jump, goto (also from a map)    chainJumps
//   dnat / masquerade               dnatTargets / masqueradeTargets
//   hashNodesCompared               not counted: how our hash tables are laid out says nothing of the kernel's
//
// Source: net/netfilter/nf_tables_core.c nft_do_chain, nft_lookup.c, nft_dynset.c, nft_numgen.c; nft(8).
import { cidrContains, parseCidr } from "../../base/ip.js";
import { present, unreachable } from "../../base/assert.js";
import type { Hook } from "../iptables/model.js";
import type { Flight, HookResult, HookWalker } from "../tracer/trace.js";
import { AffinitySets } from "./affinity-sets.js";
import type { NftAddress, NftChain, NftField, NftRule, NftStatement, NftTable, NftVerdict } from "./model.js";
import { ruleText, verdictText } from "./rule-text.js";

/** Jumps that may be open at once; one more drops the packet (NFT_JUMP_STACK_SIZE). */
const JUMPS_MAX = 16;

/** What became of a statement: the rule goes on, ends here, or ends with a verdict. */
type Step = "next" | "break" | NftVerdict;

const ACCEPT: NftVerdict = { kind: "accept" };

export class NftWalker implements HookWalker {
  readonly #table: NftTable;
  readonly #baseChains: ReadonlyMap<Hook, readonly NftChain[]>;
  readonly #affinity = new AffinitySets();

  constructor(table: NftTable) {
    this.#table = table;
    this.#baseChains = baseChainsByHook(table);
  }

  /** Base chains of the hook by rising priority; a chain of type nat only while its translation is pending. */
  walk(hook: Hook, flight: Flight): HookResult {
    for (const chain of this.#baseChains.get(hook) ?? []) {
      if (chain.base?.type === "nat" && !natPending(hook, flight)) continue;
      const result = this.#walkBaseChain(chain, flight);
      if (result.kind !== "accept") return result;
    }
    return { kind: "accept" };
  }

  #walkBaseChain(base: NftChain, flight: Flight): HookResult {
    const returns: { chain: NftChain; index: number }[] = [];
    let chain = base;
    let index = 0;
    for (;;) {
      const rule = chain.rules[index];
      const step =
        rule === undefined ? ({ kind: "return" } as const) : this.#evaluate(rule, chain, index, flight);
      index++;
      if (step === "next" || step === "break") continue;
      switch (step.kind) {
        case "accept":
          return { kind: "accept" };
        case "drop":
        case "reject":
          return { kind: step.kind, reason: "rule" };
        case "return": {
          const back = returns.pop();
          // The policy of every base chain of kube-proxy is accept.
          if (back === undefined) return { kind: "accept" };
          ({ chain, index } = back);
          break;
        }
        case "jump":
        case "goto":
          flight.counts.chainJumps++;
          if (step.kind === "jump") {
            if (returns.length === JUMPS_MAX) return { kind: "drop", reason: "chain-too-deep" };
            returns.push({ chain, index });
          }
          chain = present(this.#table.chains.get(step.chain), `chain '${step.chain}'`);
          index = 0;
      }
    }
  }

  #evaluate(rule: NftRule, chain: NftChain, index: number, flight: Flight): Step {
    flight.counts.rulesEvaluated++;
    let step: Step = "next";
    const effects: string[] = [];
    for (const statement of rule.statements) {
      step = this.#run(statement, flight, effects);
      if (step !== "next") break;
    }
    if (typeof step === "object" && effects.length === 0) effects.push(verdictText(step));
    flight.steps?.push({
      place: `nft/${chain.name}/${index + 1}`,
      text: ruleText(rule, flight.family),
      matched: step !== "break",
      effect: step === "break" ? "" : effects.join(", "),
    });
    return step;
  }

  #run(statement: NftStatement, flight: Flight, effects: string[]): Step {
    const { counts } = flight;
    switch (statement.kind) {
      case "match":
        return runMatch(statement, flight);
      case "lookup":
        return held(this.#isMember(statement, flight) !== statement.negated);
      case "ctstate":
        counts.ctstateMatches++;
        return held(
          statement.states.some((state) => state.toUpperCase() === flight.ctState) !== statement.negated,
        );
      case "ctstatus":
        counts.ctstateMatches++;
        return held(statement.status === "dnat" ? flight.ctDnat : flight.ctSnat);
      case "fib":
        counts.fibLookups++;
        return held(
          flight.isLocal(statement.side === "saddr" ? flight.source : flight.destination) !==
            statement.negated,
        );
      case "mark":
        counts.markMatches++;
        return held(((flight.mark & statement.mask) >>> 0 === statement.value) !== statement.negated);
      case "setmark":
        counts.markSets++;
        flight.mark =
          (statement.operation === "or" ? flight.mark | statement.value : flight.mark ^ statement.value) >>>
          0;
        effects.push(`mark 0x${flight.mark.toString(16)}`);
        return "next";
      case "vmap":
        return this.#lookUp(statement.map, keyText(statement.fields, flight), flight);
      case "numgen-vmap":
        return draw(statement.verdicts, flight);
      case "numgen-dnat":
        return translate(draw(statement.targets, flight), flight, effects);
      case "dnat":
        return translate(statement.target, flight, effects);
      case "masquerade":
        counts.masqueradeTargets++;
        flight.ctSnat = true;
        flight.natSourcePending = false;
        effects.push("masquerade");
        return ACCEPT;
      case "update":
        counts.recentOps++;
        this.#affinity.update(this.#set(statement.set), flight.source, flight.timeMs);
        effects.push(`${flight.source} into @${statement.set}`);
        return "next";
      case "verdict":
        return statement.verdict;
      default:
        return unreachable(statement, "nftables statement");
    }
  }

  #isMember(statement: Extract<NftStatement, { kind: "lookup" }>, flight: Flight): boolean {
    const set = this.#set(statement.set);
    const key = keyText(statement.fields, flight);
    if (set.dynamicTimeoutSeconds !== null) {
      flight.counts.recentOps++;
      return this.#affinity.has(set, key, flight.timeMs);
    }
    const found = set.elements.has(key);
    flight.counts.setProbes++;
    if (found) flight.counts.setHits++;
    return found;
  }

  #lookUp(name: string, key: string, flight: Flight): Step {
    const element = present(this.#table.maps.get(name), `map '${name}'`).elements.get(key);
    flight.counts.mapProbes++;
    if (element === undefined) return "break";
    flight.counts.mapHits++;
    return element.verdict;
  }

  #set(name: string) {
    return present(this.#table.sets.get(name), `set '${name}'`);
  }
}

function baseChainsByHook(table: NftTable): Map<Hook, NftChain[]> {
  const hooks = new Map<Hook, NftChain[]>();
  for (const chain of table.chains.values()) {
    if (chain.base === null) continue;
    const hook = chain.base.hook.toUpperCase() as Hook;
    hooks.set(hook, [...(hooks.get(hook) ?? []), chain]);
  }
  // Sorting is stable: chains of one priority run in the order listed.
  for (const chains of hooks.values())
    chains.sort((a, b) => (a.base?.priority ?? 0) - (b.base?.priority ?? 0));
  return hooks;
}

function natPending(hook: Hook, flight: Flight): boolean {
  return hook === "PREROUTING" || hook === "OUTPUT" ? flight.natDestinationPending : flight.natSourcePending;
}

function held(holds: boolean): Step {
  return holds ? "next" : "break";
}

function runMatch(statement: Extract<NftStatement, { kind: "match" }>, flight: Flight): Step {
  const holds =
    statement.values.some((value) => matches(statement.field, value, flight)) !== statement.negated;
  if (statement.field === "th sport" || statement.field === "th dport") flight.counts.portMatches++;
  else if (!holds) flight.counts.headerMisses++;
  return held(holds);
}

function matches(field: NftField, value: string, flight: Flight): boolean {
  switch (field) {
    case "ip saddr":
    case "ip daddr": {
      const cidr = parseCidr(value);
      return cidr !== null && cidrContains(cidr, field === "ip saddr" ? flight.source : flight.destination);
    }
    case "iifname": {
      const name = flight.inInterface ?? "";
      return value.endsWith("*") ? name.startsWith(value.slice(0, -1)) : name === value;
    }
    default:
      return fieldText(field, flight) === value;
  }
}

function fieldText(field: NftField, flight: Flight): string {
  switch (field) {
    case "ip saddr":
      return flight.source;
    case "ip daddr":
      return flight.destination;
    case "meta l4proto":
      return flight.protocol;
    case "th sport":
      return String(flight.sourcePort);
    case "th dport":
      return String(flight.destinationPort);
    case "iifname":
      return flight.inInterface ?? "";
  }
}

function keyText(fields: readonly NftField[], flight: Flight): string {
  return fields.map((field) => fieldText(field, flight)).join(" . ");
}

/** numgen random mod N into a map of N: the kernel looks the number up like any key. */
function draw<T>(choices: readonly T[], flight: Flight): T {
  flight.counts.randomDraws++;
  flight.counts.mapProbes++;
  flight.counts.mapHits++;
  return present(choices[flight.chance.below(choices.length)], "numgen choice");
}

function translate(target: NftAddress, flight: Flight, effects: string[]): Step {
  flight.counts.dnatTargets++;
  flight.destination = target.ip;
  flight.destinationPort = target.port;
  flight.ctDnat = true;
  flight.natDestinationPending = false;
  effects.push(`dnat to ${target.ip.includes(":") ? `[${target.ip}]` : target.ip}:${target.port}`);
  return ACCEPT;
}
