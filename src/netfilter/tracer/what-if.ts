// What a walk through somebody's rules hangs on that no packet decides: the interface it would leave by, an owner, a
// rate, what a set holds that came with no elements. Each such condition is taken not to hold; here it is taken to hold,
// wherever rules ask for it, and the packet sent again. Conditions are tried one by one, and those of one rule together.
// A target whose doing is not modelled, or only in part, is only named.
// Cost: a copy of the ruleset's lists of rules and a search of targets for each condition that the walk met.
import { addressRangeText } from "../iptables/extension-text.js";
import type { Chain, IptablesRuleset, Match, Rule, Table, TableName } from "../iptables/model.js";
import { TARGET_TABLE } from "../iptables/target-table.js";
import type { Packet } from "../packet.js";
import type { IptablesModel } from "../rule-model.js";
import { type TargetSet, traceTargets } from "./index.js";
import type { TraceStep } from "./trace.js";

export interface Undecided {
  readonly rule: Rule;
  /** "nat/POSTROUTING/2": the rule of the walk that asked first. */
  readonly place: string;
  /** The condition, or the target's name and what is not modelled about it. */
  readonly what: string;
  /** What becomes of the packet if the condition holds; null for a target. */
  readonly otherwise: TargetSet | null;
}

/** More are not tried: each is a search of its own. */
const CONDITIONS_MAX = 32;
/** Paths followed in each search. */
const WALKS_MAX = 256;

/** Conditions that would change what becomes of the packet, and targets met that are not modelled, in walking order. */
export function undecidedOn(
  model: IptablesModel,
  packet: Packet,
  steps: readonly TraceStep[],
): readonly Undecided[] {
  const asSaid = traceTargets(model, packet, { walksMax: WALKS_MAX });
  const sets = new Set(model.ipsets.map(({ name }) => name));
  const tried = new Set<string>();
  const undecided: Undecided[] = [];
  for (const { place, matched } of steps) {
    const rule = ruleAt(model.ruleset, place);
    if (rule === undefined) continue;
    const unmodelled = matched ? unmodelledTarget(rule) : null;
    if (unmodelled !== null) undecided.push({ rule, place, what: unmodelled, otherwise: null });
    const all = conditionsOf(rule, sets);
    const asked = all.length > 1 ? [...all.map((one) => [one]), all] : [all];
    for (const conditions of all.length === 0 ? [] : asked) {
      const what = conditions.join(" and ");
      if (tried.has(what) || tried.size >= CONDITIONS_MAX) continue;
      tried.add(what);
      const ruleset = assuming(model.ruleset, conditions, sets);
      const otherwise = traceTargets({ ...model, ruleset }, packet, { walksMax: WALKS_MAX });
      if (!differs(otherwise, asSaid)) continue;
      undecided.push({ rule, place, what, otherwise });
      // Together they would tell the same again.
      break;
    }
  }
  return undecided;
}

/** "nat/KUBE-SERVICES/3" -> the rule; undefined for a place that is none. */
function ruleAt({ tables }: IptablesRuleset, place: string): Rule | undefined {
  const [, table, chain, position] = /^(\w+)\/(.+)\/(\d+)$/.exec(place) ?? [];
  const rules = tables.get(table as TableName)?.chains.get(chain ?? "")?.rules;
  return rules?.[Number(position) - 1];
}

function unmodelledTarget({ target }: Rule): string | null {
  if (target?.kind === "dnat" || target?.kind === "snat") {
    if (target.to.last === null) return null;
    return `target ${target.kind.toUpperCase()}: of ${addressRangeText(target.to)} the first address is taken`;
  }
  if (target?.kind !== "continue" && target?.kind !== "notrack") return null;
  const name = target.kind === "notrack" ? "NOTRACK" : target.name;
  if (name === "DNAT") return "target DNAT: its shift of ports is not modelled";
  const warning = TARGET_TABLE.get(name)?.warning;
  return warning ? `target ${name}: ${warning}` : null;
}

function conditionsOf(rule: Rule, sets: ReadonlySet<string>): readonly string[] {
  const asked = rule.matches.map((match) => conditionOf(match, sets)).filter((text) => text !== null);
  return [...new Set(rule.outInterface === null ? asked : [outText(rule.outInterface.value), ...asked])];
}

/** What a match asks that no packet says: an opaque one that is taken not to hold, or an unknown set. */
function conditionOf(match: Match, sets: ReadonlySet<string>): string | null {
  if (match.kind === "set" && !sets.has(match.name))
    return `-m set --match-set ${match.name} ${match.sides.join()}`;
  if (match.kind !== "opaque" || match.assumed || isKnown(match)) return null;
  const { extension, text } = match;
  return extension === "" ? text : `-m ${extension} ${text}`;
}

/** Our packets are never fragments, and come and go through no bridge port. */
function isKnown({ extension, text }: { extension: string; text: string }): boolean {
  return extension === "physdev" || (extension === "" && text === "-f");
}

function outText(name: string): string {
  return `-o ${name}`;
}

/** The ruleset with conditions taken to hold wherever they are asked. */
function assuming(
  { family, tables }: IptablesRuleset,
  conditions: readonly string[],
  sets: ReadonlySet<string>,
): IptablesRuleset {
  const asks = (rule: Rule) => conditionsOf(rule, sets).some((text) => conditions.includes(text));
  const chainOf = (chain: Chain): Chain =>
    chain.rules.some(asks)
      ? {
          ...chain,
          rules: chain.rules.map((rule) => (asks(rule) ? assumingIn(rule, conditions, sets) : rule)),
        }
      : chain;
  const tableOf = ({ name, chains }: Table): Table => ({
    name,
    chains: new Map([...chains].map(([key, chain]) => [key, chainOf(chain)])),
  });
  return { family, tables: new Map([...tables].map(([name, table]) => [name, tableOf(table)])) };
}

function assumingIn(rule: Rule, conditions: readonly string[], sets: ReadonlySet<string>): Rule {
  const { outInterface } = rule;
  const matches = rule.matches.map((match) => {
    const text = conditionOf(match, sets);
    if (text === null || !conditions.includes(text)) return match;
    return known(text, match.kind !== "set" || !match.negated);
  });
  if (outInterface === null || !conditions.includes(outText(outInterface.value))) return { ...rule, matches };
  const out = known(outText(outInterface.value), !outInterface.negated);
  return { ...rule, outInterface: null, matches: [out, ...matches] };
}

function known(text: string, holds: boolean): Match {
  return { kind: "opaque", extension: "", text, assumed: holds };
}

function differs(one: TargetSet, other: TargetSet): boolean {
  return (
    one.verdict !== other.verdict ||
    one.masquerade !== other.masquerade ||
    one.targets.join() !== other.targets.join()
  );
}
