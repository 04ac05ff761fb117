// Quantities in the form that the API answers with: "0.5" is "500m", "1024Mi" is "1Gi", "1000m" is "1".
// Cost: a map look-up, since a cluster writes few distinct quantities; O(length) once for each.
// Source: apimachinery pkg/api/resource/quantity.go, CanonicalizeBytes.

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i))?$/;
const DECIMAL_EXPONENTS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const DECIMAL_SUFFIXES = new Map(Object.entries(DECIMAL_EXPONENTS).map(([suffix, power]) => [power, suffix]));
const BINARY_SUFFIXES: readonly string[] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/** Finer than this is rounded up. */
const NANO = -9;
const KNOWN_MAX = 8192;
const known = new Map<string, string>();

/** null when `text` is no quantity. */
export function canonicalQuantity(text: string): string | null {
  const seen = known.get(text);
  if (seen !== undefined) return seen;
  const canonical = canonicalize(text);
  if (canonical !== null) {
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(text, canonical);
  }
  return canonical;
}

type Form = "decimal" | "binary" | "exponent";

function canonicalize(text: string): string | null {
  const match = QUANTITY.exec(text);
  if (match === null) return null;
  const [, sign = "", whole = "", fraction = "", exponent, suffix = ""] = match;
  if (whole === "" && fraction === "") return null;
  const form: Form = suffix.endsWith("i") ? "binary" : exponent === undefined ? "decimal" : "exponent";
  const shift = form === "binary" ? 0 : Number(exponent ?? DECIMAL_EXPONENTS[suffix]);
  const binaryFactor = form === "binary" ? 1n << BigInt(10 * BINARY_SUFFIXES.indexOf(suffix)) : 1n;
  const nanos = inNanos(BigInt(whole + fraction) * binaryFactor, shift - fraction.length);
  return nanos === 0n ? "0" : (sign === "-" ? "-" : "") + magnitudeText(nanos, form);
}

/** digits x 10^power in units of 10^-9, rounded up. */
function inNanos(digits: bigint, power: number): bigint {
  const shift = power - NANO;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return (digits + divisor - 1n) / divisor;
}

function magnitudeText(nanos: bigint, form: Form): string {
  const unit = 10n ** BigInt(-NANO);
  if (form === "binary" && nanos % unit === 0n && nanos / unit >= 1024n) return binaryText(nanos / unit);
  return decimalText(nanos, form === "exponent");
}

function binaryText(amount: bigint): string {
  let [rest, step] = [amount, 0];
  while (rest % 1024n === 0n && step < BINARY_SUFFIXES.length - 1) [rest, step] = [rest / 1024n, step + 1];
  return `${rest}${BINARY_SUFFIXES[step]}`;
}

function decimalText(nanos: bigint, isExponent: boolean): string {
  let [rest, power] = [nanos, NANO];
  const powerMax = isExponent ? Number.POSITIVE_INFINITY : 18;
  while (rest % 1000n === 0n && power < powerMax) [rest, power] = [rest / 1000n, power + 3];
  if (isExponent) return power === 0 ? String(rest) : `${rest}e${power}`;
  return `${rest}${DECIMAL_SUFFIXES.get(power)}`;
}
