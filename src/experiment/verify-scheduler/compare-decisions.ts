// Two explanations of one decision, field by field: what was compared, by plugin, and where they differ.
// Totals and the chosen node are compared beside the scores: weights and the tie rule are part of the decision.
import { isDeepStrictEqual } from "node:util";
import type { Explanation, NodeExplanation } from "../../scheduler/explain/explanation.js";

export interface Disagreement {
  readonly pod: string;
  /** The field of the explanation, or what of a node. */
  readonly what: string;
  /** "" where it is not about one. */
  readonly node: string;
  readonly plugin: string;
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** What was compared of one plugin. Counts are nodes, over all Pods; `preFilter` counts Pods. */
export interface PluginTally {
  turnedDown: number;
  scored: number;
  preFilter: number;
  disagreements: number;
}

export class DecisionTally {
  /** Nodes that were judged, over all Pods. */
  verdicts = 0;
  feasible = 0;
  /** Pods that fit nowhere: those with victims, and those whose message was compared. */
  preemptions = 0;
  messages = 0;
  readonly plugins = new Map<string, PluginTally>();

  of(plugin: string): PluginTally {
    let tally = this.plugins.get(plugin);
    if (tally === undefined) {
      tally = { turnedDown: 0, scored: 0, preFilter: 0, disagreements: 0 };
      this.plugins.set(plugin, tally);
    }
    return tally;
  }
}

/** Fields compared as a whole, with the plugin that a difference is blamed on. */
const FIELDS = [
  "preFilter",
  "preFilterSkip",
  "preScoreSkip",
  "chosen",
  "preemption",
  "message",
  "error",
] as const satisfies readonly (keyof Explanation)[];

/**
 * Counts into `tally` what was compared.
 *
 * @param withSkips whether it matters which plugins are left out. A column form may run one that has nothing to say,
 *   turns nobody down and gives 0 to every node
 */
export function compareDecisions(
  ours: Explanation,
  theirs: Explanation,
  { tally, withSkips }: { readonly tally: DecisionTally; readonly withSkips: boolean },
): Disagreement[] {
  const { pod } = theirs;
  const found: Disagreement[] = [];
  const differ = (what: string, plugin: string, pair: Pair, node = "") => {
    found.push({ pod, what, node, plugin, ...pair });
    if (plugin !== "") tally.of(plugin).disagreements++;
  };
  if (theirs.preemption?.code === "Success") tally.preemptions++;
  if (theirs.message !== null) tally.messages++;
  if (theirs.preFilter !== null) tally.of(theirs.preFilter.plugin).preFilter++;
  for (const field of FIELDS) {
    if (!withSkips && (field === "preFilterSkip" || field === "preScoreSkip")) continue;
    const pair = { ours: ours[field], theirs: theirs[field] };
    const isEqual = field === "error" ? sameError(pair) : isDeepStrictEqual(pair.ours, pair.theirs);
    if (!isEqual) differ(field, blame(field, ours, theirs), pair);
  }
  const names = { ours: namesOf(ours), theirs: namesOf(theirs) };
  if (!isDeepStrictEqual(names.ours, names.theirs)) {
    differ("order of nodes", "", names);
    return found;
  }
  for (const [index, node] of theirs.nodes.entries())
    compareNode(ours.nodes[index] as NodeExplanation, node, { tally, differ, withSkips });
  return found;
}

interface Pair {
  readonly ours: unknown;
  readonly theirs: unknown;
}

interface Comparing {
  readonly tally: DecisionTally;
  readonly withSkips: boolean;
  readonly differ: (what: string, plugin: string, pair: Pair, node: string) => void;
}

function compareNode(
  ours: NodeExplanation,
  theirs: NodeExplanation,
  { tally, differ, withSkips }: Comparing,
): void {
  const verdict = ({ code, plugin, reasons }: NodeExplanation) => ({
    code,
    plugin,
    reasons: sorted(reasons),
  });
  const pair = { ours: verdict(ours), theirs: verdict(theirs) };
  tally.verdicts++;
  if (theirs.code === "Success") tally.feasible++;
  else if (theirs.plugin !== "") tally.of(theirs.plugin).turnedDown++;
  if (!isDeepStrictEqual(pair.ours, pair.theirs)) {
    differ("verdict", theirs.plugin === "" ? ours.plugin : theirs.plugin, pair, theirs.name);
    return;
  }
  const plugins = new Set([...Object.keys(ours.scores ?? {}), ...Object.keys(theirs.scores ?? {})]);
  const absent = withSkips ? null : 0;
  for (const plugin of plugins) {
    const scores = { ours: ours.scores?.[plugin] ?? absent, theirs: theirs.scores?.[plugin] ?? absent };
    tally.of(plugin).scored++;
    if (scores.ours !== scores.theirs) differ("score", plugin, scores, theirs.name);
  }
  if (ours.total !== theirs.total)
    differ("total", "", { ours: ours.total, theirs: theirs.total }, theirs.name);
}

function namesOf({ nodes }: Explanation): string[] {
  return nodes.map(({ name }) => name);
}

/** Upstream keeps extended resources in a map: the order of their reasons is chance. */
function sorted(reasons: readonly string[]): string[] {
  return [...reasons].sort();
}

/** Upstream wraps what a plugin says in the names of the steps that called it. */
function sameError({ ours, theirs }: Pair): boolean {
  if (typeof ours !== "string" || typeof theirs !== "string") return ours === theirs;
  return theirs.includes(ours);
}

function blame(field: (typeof FIELDS)[number], ours: Explanation, theirs: Explanation): string {
  switch (field) {
    case "preFilter":
      return theirs.preFilter?.plugin ?? ours.preFilter?.plugin ?? "";
    case "preFilterSkip":
    case "preScoreSkip":
      return difference(ours[field], theirs[field]);
    case "preemption":
      return "DefaultPreemption";
    default:
      return "";
  }
}

/** The first plugin that one side skips and the other does not. */
function difference(ours: readonly string[], theirs: readonly string[]): string {
  const all = [...new Set([...ours, ...theirs])];
  return all.find((name) => ours.includes(name) !== theirs.includes(name)) ?? "";
}
