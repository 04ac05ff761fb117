// An explanation as text: what became of the Pod, then the nodes that were turned down by their reasons, then those that
// fit by their scores. Nodes with equal words share a row, unless every node is asked for.
import type { Explanation, NodeExplanation } from "../scheduler/explain/explanation.js";

export interface ExplanationTextOptions {
  /** A row for every node. */
  readonly all?: boolean;
}

type Weights = Readonly<Record<string, number>>;

/** Groups listed of nodes that fit; nodes named in one row. */
const GROUPS_MAX = 12;
const NAMES_MAX = 3;

export function explanationText(
  explanation: Explanation,
  weights: Weights,
  { all = false }: ExplanationTextOptions,
): string[] {
  const { nodes, preFilterSkip, preScoreSkip } = explanation;
  const fitting = nodes.filter(({ scores }) => scores !== null);
  const refused = nodes.filter(({ scores }) => scores === null);
  return [
    ...headline(explanation, fitting.length),
    ...(refused.length === 0 ? [] : ["", "turned down:", ...refusedRows(refused, all)]),
    ...(fitting.length === 0 ? [] : ["", ...scoreRows(fitting, weights, all)]),
    "",
    `nothing to filter for this Pod: ${listOr(preFilterSkip, "no plugin")}`,
    ...(fitting.length === 0 ? [] : [`nothing to score for this Pod: ${listOr(preScoreSkip, "no plugin")}`]),
  ];
}

function headline(explanation: Explanation, fittingCount: number): string[] {
  const { pod, nodes, chosen, message, preemption, preFilter, error } = explanation;
  if (error !== null) return [`Pod ${pod}: cannot be judged: ${error}`];
  if (chosen !== null) return [`Pod ${pod}: goes to ${chosen}; ${fittingCount} of ${nodes.length} nodes fit`];
  const lines = [`Pod ${pod}: fits nowhere`, `  FailedScheduling: ${message ?? ""}`];
  if (preFilter !== null) lines.push(`  ${preFilter.plugin} (PreFilter): ${preFilter.reasons.join(", ")}`);
  if (preemption?.node != null)
    lines.push(`  preemption: evicts ${preemption.victims.join(", ")} from ${preemption.node}`);
  return lines;
}

function refusedRows(nodes: readonly NodeExplanation[], all: boolean): string[] {
  const words = ({ plugin, code, reasons }: NodeExplanation) =>
    `${(plugin === "" ? "(PreFilter)" : plugin).padEnd(20)} ${reasons.join(", ")}${code === "Unschedulable" ? "" : " (preempting does not help)"}`;
  if (all) return nodes.map((node) => `  ${node.name}  ${words(node)}`);
  const groups = grouped(nodes, words).toSorted((a, b) => b.members.length - a.members.length);
  return groups.map(
    ({ key, members }) => `  ${String(members.length).padStart(5)}  ${key}: ${names(members)}`,
  );
}

/** Columns are plugins, headed by their weights; cells are normalised scores. */
function scoreRows(nodes: readonly NodeExplanation[], weights: Weights, all: boolean): string[] {
  const plugins = Object.keys(nodes[0]?.scores ?? {});
  const legend = plugins.map((plugin, index) => `${letter(index)} ${plugin} x${weights[plugin]}`);
  const cells = ({ scores, total }: NodeExplanation) =>
    [total ?? 0, ...plugins.map((plugin) => scores?.[plugin] ?? 0)]
      .map((value) => String(value).padStart(6))
      .join("");
  const head = `         ${"total".padStart(6)}${plugins.map((_, index) => letter(index).padStart(6)).join("")}`;
  const ranked = nodes.toSorted((a, b) => (b.total ?? 0) - (a.total ?? 0) || (a.name < b.name ? -1 : 1));
  const groups = all ? ranked.map((node) => ({ key: cells(node), members: [node] })) : grouped(ranked, cells);
  const shown = all ? groups : groups.slice(0, GROUPS_MAX);
  const rows = shown.map(
    ({ key, members }) => `  ${String(members.length).padStart(5)}  ${key}  ${names(members)}`,
  );
  const more = groups.length - shown.length;
  return [
    `scores, 0..100 before weights: ${legend.join(", ")}`,
    head,
    ...rows,
    ...(more > 0 ? [`  and ${more} more rows with lower totals (--all shows them)`] : []),
  ];
}

interface Group {
  readonly key: string;
  readonly members: readonly NodeExplanation[];
}

/** In the order in which keys are first met. */
function grouped(
  nodes: readonly NodeExplanation[],
  keyOf: (node: NodeExplanation) => string,
): readonly Group[] {
  const groups = new Map<string, NodeExplanation[]>();
  for (const node of nodes) {
    const key = keyOf(node);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [node]);
    else members.push(node);
  }
  return [...groups].map(([key, members]) => ({ key, members }));
}

function names(nodes: readonly NodeExplanation[]): string {
  const shown = nodes.slice(0, NAMES_MAX).map(({ name }) => name);
  return nodes.length > NAMES_MAX ? `${shown.join(", ")}, ...` : shown.join(", ");
}

function letter(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

function listOr(items: readonly string[], none: string): string {
  return items.length === 0 ? none : items.join(", ");
}
