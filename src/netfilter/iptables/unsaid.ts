// What rules ask that their text does not say: what sets hold, which addresses are the node's.
import type { IptablesRuleset, Match, Rule } from "./model.js";

/** One message for each kind of thing that packets would need to know; none when the rules ask for nothing of it. */
export function unsaidBy(
  ruleset: IptablesRuleset,
  { localAddresses }: { localAddresses: readonly string[] },
): readonly string[] {
  const sets = new Set<string>();
  let askingForNode = 0;
  for (const { matches, target } of rulesOf(ruleset)) {
    for (const match of matches) if (match.kind === "set") sets.add(match.name);
    if (target?.kind === "redirect" || matches.some(asksForNode)) askingForNode++;
  }
  const messages: string[] = [];
  if (sets.size > 0)
    messages.push(`iptables-save holds no sets: taken to be empty: ${[...sets].sort().join(", ")}`);
  if (localAddresses.length === 0 && askingForNode > 0)
    messages.push(
      `no address of the node is known, only loopback is taken to be its own: rules that ask for it: ${askingForNode}`,
    );
  return messages;
}

function asksForNode(match: Match): boolean {
  if (match.kind !== "addrtype") return false;
  return [match.source, match.destination].some((types) => types?.value.split(",").includes("LOCAL"));
}

function* rulesOf({ tables }: IptablesRuleset): Generator<Rule> {
  for (const { chains } of tables.values()) for (const { rules } of chains.values()) yield* rules;
}
