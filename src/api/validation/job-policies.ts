// What a Job says about failures and success of its Pods: podFailurePolicy, successPolicy, podReplacementPolicy.
// Source: pkg/apis/batch/validation/validation.go.
import { checkChoice, checkNotNegative, type Fields, isSet, items, part, text } from "./checks.js";
import {
  duplicate,
  type Failure,
  invalidValue,
  invalidWhole,
  required,
  tooLong,
  tooMany,
  unsupported,
} from "./failure.js";
import { checkText, qualifiedName } from "./names.js";

const RULES_MAX = 20;
const EXIT_CODES_MAX = 255;
const PATTERNS_MAX = 20;
const INDEXES_BYTES_MAX = 64 * 1024;
const ACTIONS = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS = ["In", "NotIn"];
const STATUSES = ["False", "True", "Unknown"];
const REPLACEMENT_POLICIES = ["Failed", "TerminatingOrFailed"];

/** @param spec of a Job */
export function checkJobPolicies(spec: Fields, path: string, failures: Failure[]): void {
  const hasFailurePolicy = isSet(spec["podFailurePolicy"]);
  checkChoice(
    spec["podReplacementPolicy"],
    hasFailurePolicy ? ["Failed"] : REPLACEMENT_POLICIES,
    `${path}.podReplacementPolicy`,
    failures,
  );
  if (hasFailurePolicy) checkFailurePolicy(spec, `${path}.podFailurePolicy.rules`, failures);
  if (!isSet(spec["successPolicy"])) return;
  if (spec["completionMode"] === "Indexed") checkSuccessPolicy(spec, `${path}.successPolicy.rules`, failures);
  else
    failures.push(
      invalidValue(`${path}.successPolicy`, spec["successPolicy"], "requires indexed completion mode"),
    );
}

/** As Go prints a list of texts. */
const validValues = (values: readonly string[]) =>
  `valid values: [${values.map((value) => JSON.stringify(value)).join(" ")}]`;

function checkFailurePolicy(spec: Fields, path: string, failures: Failure[]): void {
  const rules = items(part(spec, "podFailurePolicy"), "rules");
  if (rules.length > RULES_MAX) failures.push(tooMany(path, rules.length, RULES_MAX));
  for (const [index, rule] of rules.entries()) checkFailureRule(spec, rule, `${path}[${index}]`, failures);
}

function checkFailureRule(spec: Fields, rule: Fields, path: string, failures: Failure[]): void {
  const action = text(rule, "action");
  if (action === "") failures.push(required(`${path}.action`, validValues(ACTIONS)));
  else if (action === "FailIndex" && !isSet(spec["backoffLimitPerIndex"]))
    failures.push(invalidValue(`${path}.action`, action, "requires the backoffLimitPerIndex to be set"));
  else checkChoice(action, ACTIONS, `${path}.action`, failures);
  const hasCodes = isSet(rule["onExitCodes"]);
  const patterns = items(rule, "onPodConditions");
  if (hasCodes) checkExitCodes(spec, part(rule, "onExitCodes"), `${path}.onExitCodes`, failures);
  if (patterns.length > 0) checkPatterns(patterns, `${path}.onPodConditions`, failures);
  if (hasCodes && patterns.length > 0)
    failures.push(invalidWhole(path, "specifying both OnExitCodes and OnPodConditions is not supported"));
  if (!hasCodes && patterns.length === 0)
    failures.push(invalidWhole(path, "specifying one of OnExitCodes and OnPodConditions is required"));
}

function checkExitCodes(spec: Fields, codes: Fields, path: string, failures: Failure[]): void {
  const operator = text(codes, "operator");
  if (operator === "") failures.push(required(`${path}.operator`, validValues(OPERATORS)));
  else checkChoice(operator, OPERATORS, `${path}.operator`, failures);
  const container = codes["containerName"];
  if (isSet(container) && !containerNames(spec).includes(container as string))
    failures.push(
      invalidValue(
        `${path}.containerName`,
        container,
        "must be one of the container or initContainer names in the pod template",
      ),
    );
  checkExitValues((codes["values"] as readonly number[] | undefined) ?? [], operator, path, failures);
}

function containerNames(spec: Fields): readonly string[] {
  const podSpec = part(part(spec, "template"), "spec");
  return [...items(podSpec, "containers"), ...items(podSpec, "initContainers")].map((each) =>
    text(each, "name"),
  );
}

function checkExitValues(
  values: readonly number[],
  operator: string,
  path: string,
  failures: Failure[],
): void {
  const at = `${path}.values`;
  if (values.length === 0) failures.push(invalidValue(at, values, "at least one value is required"));
  else if (values.length > EXIT_CODES_MAX) failures.push(tooMany(at, values.length, EXIT_CODES_MAX));
  const seen = new Set<number>();
  for (const [index, value] of values.entries()) {
    if (operator === "In" && value === 0)
      failures.push(invalidValue(`${at}[${index}]`, value, "must not be 0 for the In operator"));
    if (seen.has(value)) failures.push(duplicate(`${at}[${index}]`, value));
    seen.add(value);
  }
  if (values.some((value, index) => index > 0 && (values[index - 1] as number) > value))
    failures.push(invalidValue(at, values, "must be ordered"));
}

function checkPatterns(patterns: readonly Fields[], path: string, failures: Failure[]): void {
  if (patterns.length > PATTERNS_MAX) failures.push(tooMany(path, patterns.length, PATTERNS_MAX));
  for (const [index, pattern] of patterns.entries()) {
    checkText(qualifiedName, text(pattern, "type"), `${path}[${index}].type`, failures);
    const status = text(pattern, "status");
    if (status === "") failures.push(required(`${path}[${index}].status`, validValues(STATUSES)));
    else if (!STATUSES.includes(status))
      failures.push(unsupported(`${path}[${index}].status`, status, STATUSES));
  }
}

function checkSuccessPolicy(spec: Fields, path: string, failures: Failure[]): void {
  const rules = items(part(spec, "successPolicy"), "rules");
  if (rules.length === 0)
    failures.push(required(path, "at least one rules must be specified when the successPolicy is specified"));
  if (rules.length > RULES_MAX) failures.push(tooMany(path, rules.length, RULES_MAX));
  const completions = (spec["completions"] as number | undefined) ?? 0;
  for (const [index, rule] of rules.entries())
    checkSuccessRule(rule, completions, `${path}[${index}]`, failures);
}

function checkSuccessRule(rule: Fields, completions: number, path: string, failures: Failure[]): void {
  const { succeededCount: count, succeededIndexes: indexes } = rule;
  if (!isSet(count) && !isSet(indexes))
    failures.push(required(path, "at least one of succeededCount or succeededIndexes must be specified"));
  let total = 0;
  if (typeof indexes === "string") {
    const at = `${path}.succeededIndexes`;
    if (indexes.length > INDEXES_BYTES_MAX) failures.push(tooLong(at, INDEXES_BYTES_MAX));
    const read = readIndexes(indexes, completions);
    if (typeof read === "number") total = read;
    else failures.push(invalidValue(at, indexes, `error parsing succeededIndexes: ${read.mistake}`));
  }
  if (typeof count !== "number") return;
  checkNotNegative(rule, ["succeededCount"], path, failures);
  const atMost = (limit: number, what: string) => {
    if (count > limit)
      failures.push(
        invalidValue(
          `${path}.succeededCount`,
          count,
          `must be less than or equal to ${limit} (the number of ${what})`,
        ),
      );
  };
  atMost(completions, "specified completions");
  if (isSet(indexes)) atMost(total, "indexes in the specified succeededIndexes field");
}

/** @returns how many there are */
function readIndexes(indexes: string, completions: number): number | { readonly mistake: string } {
  if (indexes === "") return 0;
  let [total, last] = [0, -1];
  for (const interval of indexes.split(",")) {
    const limits = interval.split("-");
    if (limits.length > 2)
      return {
        mistake: `the fragment ${JSON.stringify(interval)} violates the requirement that an index interval can have at most two parts separated by '-'`,
      };
    for (const limit of limits) {
      if (!/^[+-]?\d+$/.test(limit))
        return { mistake: `cannot convert string to integer for index: ${JSON.stringify(limit)}` };
      if (Number(limit) >= completions) return { mistake: `too large index: ${JSON.stringify(limit)}` };
    }
    const [first = 0, end = first] = limits.map(Number);
    if (limits.length > 1 && first >= end) return { mistake: notRising(first, end) };
    if (last >= first) return { mistake: notRising(last, first) };
    total += end - first + 1;
    last = end;
  }
  return total;
}

function notRising(previous: number, current: number): string {
  return `non-increasing order, previous: ${previous}, current: ${current}`;
}
