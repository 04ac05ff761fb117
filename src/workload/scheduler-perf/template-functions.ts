// What templates can call: scheduler_perf's arithmetic and the built-in functions of Go that make sense of it.
// Source: scheduler_perf operations.go getTemplateFuncs; Go text/template. Whole-number functions compute in floating
// point and cut the fraction off, as upstream's.

/** Throws a plain Error, whose message the caller places. */
type TemplateFunction = (...args: readonly unknown[]) => unknown;

const sum = (numbers: readonly unknown[]) =>
  numbers.reduce<number>((total, each) => total + toNumber(each), 0);
const product = (numbers: readonly unknown[]) =>
  numbers.reduce<number>((total, each) => total * toNumber(each), 1);

export const TEMPLATE_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  AddFloat: (...numbers) => sum(numbers),
  AddInt: (...numbers) => Math.trunc(sum(numbers)),
  MultiplyFloat: (...numbers) => product(numbers),
  MultiplyInt: (...numbers) => Math.trunc(product(numbers)),
  SubtractFloat: (from, less) => toNumber(from) - toNumber(less),
  SubtractInt: (from, less) => Math.trunc(toNumber(from) - toNumber(less)),
  DivideFloat: divide,
  DivideInt: (dividend, divisor) => Math.trunc(divide(dividend, divisor)),
  Mod: (dividend, divisor) => {
    if (Math.trunc(toNumber(divisor)) === 0) throw new Error("division by zero");
    return Math.trunc(toNumber(dividend)) % Math.trunc(toNumber(divisor));
  },
  Int: (value) => Math.trunc(toNumber(value)),
  JSON: (value) => JSON.stringify(value ?? null),
  and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  or: (...values) => values.find(isTrue) ?? values.at(-1),
  not: (value) => !isTrue(value),
  eq: (first, ...others) => others.some((other) => other === first),
  ne: (first, second) => first !== second,
  lt: (first, second) => compare(first, second) < 0,
  le: (first, second) => compare(first, second) <= 0,
  gt: (first, second) => compare(first, second) > 0,
  ge: (first, second) => compare(first, second) >= 0,
  len: (value) => {
    if (typeof value === "string" || Array.isArray(value)) return value.length;
    throw new Error(`len of ${JSON.stringify(value)}`);
  },
  print: (...values) => values.map(String).join(""),
  printf,
};

/** Go's truth: false, 0, nil and what is empty are false. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

function toNumber(value: unknown): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw new Error(
    `expected a number, got ${value === undefined ? "a parameter that is not set" : JSON.stringify(value)}`,
  );
}

function divide(dividend: unknown, divisor: unknown): number {
  if (toNumber(divisor) === 0) throw new Error("division by zero");
  return toNumber(dividend) / toNumber(divisor);
}

function compare(first: unknown, second: unknown): number {
  if (typeof first === "string" && typeof second === "string")
    return first < second ? -1 : first > second ? 1 : 0;
  return toNumber(first) - toNumber(second);
}

/** %d, %s, %v, each with an optional width: "%05d". */
function printf(format: unknown, ...values: readonly unknown[]): string {
  let next = 0;
  return String(format).replace(/%(%|(0?)(\d*)([dsv]))/g, (all, verb, zero, width) => {
    if (verb === "%") return "%";
    if (next >= values.length) throw new Error(`printf has no value for ${all}`);
    return String(values[next++]).padStart(Number(width), zero === "0" ? "0" : " ");
  });
}
