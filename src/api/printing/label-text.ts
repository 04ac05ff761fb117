// Labels and selectors as one line.
// Source: apimachinery pkg/labels (Set.String, Requirement.String), apis/meta/v1/helpers.go FormatLabelSelector.
import type { LabelSelector, LabelSelectorRequirement } from "../meta.js";

type Labels = Readonly<Record<string, string>>;

/** "app=web,tier=front", sorted; "<none>". */
export function labelsText(labels: Labels | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? "<none>" : pairs.sort().join(",");
}

/** "app=web,env in (a,b),!old", by key; "" for a selector that selects all, and for none. */
export function selectorText(selector: Partial<LabelSelector> | undefined): string {
  const pairs = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({
    key,
    text: `${key}=${value}`,
  }));
  const requirements = (selector?.matchExpressions ?? []).map((each) => ({
    key: each.key,
    text: requirementText(each),
  }));
  const all = [...pairs, ...requirements];
  all.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
  return all.map(({ text }) => text).join(",");
}

function requirementText({ key, operator, values = [] }: LabelSelectorRequirement): string {
  switch (operator) {
    case "Exists":
      return key;
    case "DoesNotExist":
      return `!${key}`;
    case "In":
      return `${key} in (${[...values].sort().join(",")})`;
    case "NotIn":
      return `${key} notin (${[...values].sort().join(",")})`;
  }
}
