// Declarations of a node affinity, with the rules of its operators.
// Source: component-helpers scheduling/corev1/nodeaffinity/nodeaffinity.go.
import type {
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PreferredSchedulingTerm,
} from "../../api/scheduling.js";
import {
  anyText,
  choice,
  count,
  type Field,
  list,
  mapped,
  object,
  text,
} from "../../base/document/fields.js";
import { checkedWithin, type Fault, omittable } from "../../base/document/field-rules.js";

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] as const;

const requirementField = object<Required<NodeSelectorRequirement>>("What a node's label must be.", {
  key: text("The label's key."),
  operator: choice(OPERATORS, "How the label is compared."),
  values: omittable(list(anyText("A value."), "What it is compared with."), []),
});

const termField = object<Required<NodeSelectorTerm>>("Requirements that hold together.", {
  matchExpressions: requirements(labelFault, "Requirements of labels."),
  matchFields: requirements(fieldFault, "Requirements of the node's fields."),
});

const selectorField = object<NodeSelector>("Terms of which one must hold.", {
  nodeSelectorTerms: list(termField, "The terms.", 1),
});

const preferenceField = object<PreferredSchedulingTerm>("A term that nodes score with.", {
  weight: count("What it adds to the score.", { min: 1, max: 100 }),
  preference: termField,
});

interface WrittenNodeAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution: NodeSelector | null;
  readonly preferredDuringSchedulingIgnoredDuringExecution: readonly PreferredSchedulingTerm[];
}

export const nodeAffinityField: Field<NodeAffinity> = mapped(
  object<WrittenNodeAffinity>("Which nodes are wanted.", {
    requiredDuringSchedulingIgnoredDuringExecution: omittable<NodeSelector | null>(selectorField, null),
    preferredDuringSchedulingIgnoredDuringExecution: omittable(
      list(preferenceField, "What is preferred."),
      [],
    ),
  }),
  ({ requiredDuringSchedulingIgnoredDuringExecution: required, ...preferred }) =>
    required === null
      ? preferred
      : { ...preferred, requiredDuringSchedulingIgnoredDuringExecution: required },
);

type RequirementFault = (requirement: Required<NodeSelectorRequirement>) => Fault | null;

function requirements(
  fault: RequirementFault,
  description: string,
): Field<readonly Required<NodeSelectorRequirement>[]> {
  const field = checkedWithin(requirementField, (requirement) => {
    const found = fault(requirement);
    return found === null ? [] : [found];
  });
  return omittable(list(field, description), []);
}

function labelFault({ operator, values }: Required<NodeSelectorRequirement>): Fault | null {
  const path = ["values"];
  switch (operator) {
    case "In":
    case "NotIn":
      return values.length > 0 ? null : { path, message: `expected at least one value for ${operator}` };
    case "Exists":
    case "DoesNotExist":
      return values.length === 0 ? null : { path, message: `expected no values for ${operator}` };
    case "Gt":
    case "Lt":
      return values.length === 1 && /^[-+]?\d+$/.test(values[0] as string)
        ? null
        : { path, message: `expected one whole number, as text, for ${operator}` };
  }
}

function fieldFault({ key, operator, values }: Required<NodeSelectorRequirement>): Fault | null {
  if (key !== "metadata.name") return { path: ["key"], message: `expected metadata.name, got "${key}"` };
  if (operator !== "In" && operator !== "NotIn") {
    return { path: ["operator"], message: `expected In or NotIn, got "${operator}"` };
  }
  return values.length === 1 ? null : { path: ["values"], message: "expected one value" };
}
