// Label selectors as they stand in queries, and which labels they mean: "app=web,tier in (a, b),!canary,rank>3".
// Source: apimachinery pkg/labels/selector.go (Requirement.Matches).
import { type SelectorTerm, selectorTerms } from "./selector-terms.js";

type Labels = Readonly<Record<string, string>>;
export type LabelTest = (labels: Labels | undefined) => boolean;

/** Null: it selects everything. @throws {StatusError} BadRequest when it cannot be read */
export function labelTest(selector: string): LabelTest | null {
  const tests = selectorTerms(selector).map(termTest);
  const [only] = tests;
  if (tests.length <= 1) return only ?? null;
  return (labels) => tests.every((test) => test(labels));
}

function termTest({ key, operator, values }: SelectorTerm): LabelTest {
  const [value = ""] = values;
  switch (operator) {
    case "exists":
      return (labels) => labelOf(labels, key) !== undefined;
    case "!":
      return (labels) => labelOf(labels, key) === undefined;
    case "=":
      return (labels) => labelOf(labels, key) === value;
    case "!=":
      return (labels) => labelOf(labels, key) !== value;
    case "in":
    case "notin":
      return setTest(key, operator, new Set(values));
    default:
      return numberTest(key, operator, Number.parseInt(value, 10));
  }
}

function setTest(key: string, operator: "in" | "notin", values: ReadonlySet<string>): LabelTest {
  if (operator === "in")
    return (labels) => {
      const value = labelOf(labels, key);
      return value !== undefined && values.has(value);
    };
  return (labels) => {
    const value = labelOf(labels, key);
    return value === undefined || !values.has(value);
  };
}

function numberTest(key: string, operator: ">" | "<", bound: number): LabelTest {
  return (labels) => {
    const value = Number.parseInt(labelOf(labels, key) ?? "", 10);
    return operator === ">" ? value > bound : value < bound;
  };
}

/** Own properties only: a label may be called "constructor". */
function labelOf(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}
