// Label selectors as they stand in queries: "app=web,tier in (a, b),!canary,rank>3".
// Source: apimachinery pkg/labels/selector.go (grammar and meaning).
import { StatusError } from "./status.js";

type Labels = Readonly<Record<string, string>>;
export type LabelTest = (labels: Labels | undefined) => boolean;

const NAME = "[A-Za-z0-9_./-]+";
const TERM = new RegExp(
  String.raw`^\s*(?:(!)\s*(${NAME})|(${NAME})\s*(?:(==|=|!=|>|<)\s*([A-Za-z0-9_.-]*)|\s(in|notin)\s*\(([^()]*)\))?)\s*$`,
);

/** Null: it selects everything. @throws {StatusError} BadRequest when it cannot be read */
export function labelTest(selector: string): LabelTest | null {
  if (selector.trim() === "") return null;
  const tests = termsOf(selector).map((term) => termTest(selector, term));
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return (labels) => tests.every((test) => test(labels));
}

/** Split at commas outside parentheses. */
function termsOf(selector: string): string[] {
  const terms: string[] = [];
  let [depth, start] = [0, 0];
  for (let index = 0; index < selector.length; index++) {
    const char = selector[index];
    if (char === "(") depth++;
    else if (char === ")") depth--;
    else if (char === "," && depth === 0) {
      terms.push(selector.slice(start, index));
      start = index + 1;
    }
  }
  return [...terms, selector.slice(start)];
}

function termTest(selector: string, term: string): LabelTest {
  const match = TERM.exec(term);
  if (match === null)
    throw new StatusError(
      "BadRequest",
      `unable to parse requirement: found '${term.trim()}' in label selector '${selector}'`,
    );
  const [, not, absent, key = "", operator, value = "", setOperator, list = ""] = match;
  if (not !== undefined) return (labels) => labelOf(labels, absent as string) === undefined;
  if (setOperator !== undefined) return setTest(key, setOperator, list);
  switch (operator) {
    case undefined:
      return (labels) => labelOf(labels, key) !== undefined;
    case "!=":
      return (labels) => labelOf(labels, key) !== value;
    case ">":
    case "<":
      return numberTest(key, operator, Number.parseInt(value, 10));
    default:
      return (labels) => labelOf(labels, key) === value;
  }
}

function setTest(key: string, operator: string, list: string): LabelTest {
  const values = new Set(list.split(",").map((value) => value.trim()));
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
