// Which nodes a node selector means. Terms are ORed, what stands in a term is ANDed.
// Source: component-helpers scheduling/corev1/nodeaffinity/nodeaffinity.go; apimachinery labels/selector.go.
import { unreachable } from "../base/assert.js";
import { matchesLabels } from "./selector.js";
import type {
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PreferredSchedulingTerm,
} from "./scheduling.js";
import type { PodSpec } from "./types.js";

/** What of a node selectors look at. */
export interface SelectableNode {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>> | undefined;
  };
}

/** What a Pod may demand of its node. */
export type NodeDemands = Pick<PodSpec, "nodeSelector" | "affinity">;

/** The only field that terms may name. */
const FIELD_NAME = "metadata.name";
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Own properties only: a label may be called "constructor". */
export function nodeLabel({ metadata: { labels } }: SelectableNode, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** A selector without terms matches nothing. */
export function nodeSelectorMatches({ nodeSelectorTerms }: NodeSelector, node: SelectableNode): boolean {
  return nodeSelectorTerms.some((term) => nodeSelectorTermMatches(term, node));
}

/** A term without requirements matches nothing. */
export function nodeSelectorTermMatches(term: NodeSelectorTerm, node: SelectableNode): boolean {
  const { matchExpressions: labels = [], matchFields: fields = [] } = term;
  return (
    labels.length + fields.length > 0 &&
    labels.every((requirement) => labelHolds(requirement, nodeLabel(node, requirement.key))) &&
    fields.every((requirement) => fieldHolds(requirement, node.metadata.name))
  );
}

/** What a Pod demands of its node: spec.nodeSelector and the required terms of spec.affinity.nodeAffinity. */
export function requiredNodeAffinityMatches(spec: NodeDemands | undefined, node: SelectableNode): boolean {
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (
    matchesLabels(node.metadata.labels, spec?.nodeSelector ?? {}) &&
    (required === undefined || nodeSelectorMatches(required, node))
  );
}

/** Sum of the weights of the terms that match. */
export function preferenceWeight(terms: readonly PreferredSchedulingTerm[], node: SelectableNode): number {
  let sum = 0;
  for (const { weight, preference } of terms) if (nodeSelectorTermMatches(preference, node)) sum += weight;
  return sum;
}

/** The names of the only nodes that terms can match; null when some term names none. */
export function pinnedNodeNames(terms: readonly NodeSelectorTerm[]): ReadonlySet<string> | null {
  const names = new Set<string>();
  for (const { matchFields = [] } of terms) {
    const pins = matchFields.filter(({ key, operator }) => key === FIELD_NAME && operator === "In");
    const [first, ...others] = pins;
    if (first === undefined) return null;
    for (const name of first.values ?? [])
      if (others.every(({ values = [] }) => values.includes(name))) names.add(name);
  }
  return terms.length === 0 ? null : names;
}

/** Whether a node with this value of the label, or without it, meets the requirement. */
export function labelHolds(
  { operator, values = [] }: NodeSelectorRequirement,
  label: string | undefined,
): boolean {
  switch (operator) {
    case "In":
      return label !== undefined && values.includes(label);
    case "NotIn":
      return values.length > 0 && (label === undefined || !values.includes(label));
    case "Exists":
      return label !== undefined;
    case "DoesNotExist":
      return label === undefined;
    case "Gt":
    case "Lt":
      return comparisonHolds(operator, label, values);
    default:
      return unreachable(operator, "node selector operator");
  }
}

/** Label and the single value are decimal 64-bit integers, or it does not hold. */
function comparisonHolds(
  operator: "Gt" | "Lt",
  label: string | undefined,
  values: readonly string[],
): boolean {
  const left = int64(label);
  const right = values.length === 1 ? int64(values[0]) : null;
  if (left === null || right === null) return false;
  return operator === "Gt" ? left > right : left < right;
}

function int64(text: string | undefined): bigint | null {
  if (text === undefined || !/^[+-]?\d+$/.test(text)) return null;
  const value = BigInt(text.replace(/^\+/, ""));
  return value >= INT64_MIN && value <= INT64_MAX ? value : null;
}

/** In and NotIn with one value; anything else is not allowed and matches nothing. */
export function fieldHolds(
  { key, operator, values = [] }: NodeSelectorRequirement,
  nodeName: string | undefined,
): boolean {
  if (values.length !== 1) return false;
  const isEqual = values[0] === (key === FIELD_NAME ? nodeName : "");
  return operator === "In" ? isEqual : operator === "NotIn" && !isEqual;
}
