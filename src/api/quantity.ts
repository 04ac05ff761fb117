// Resource quantities: "100m", "1.5Gi", "2e3", 4. Read exactly, rounded up to whole units as upstream does.
// Cost: O(length); a cluster writes few distinct quantities, so callers that read many keep what they have read.
// Source: apimachinery pkg/api/resource/quantity.go (grammar and rounding).

/** Suffix -> factor as numerator and denominator. */
const SUFFIXES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  n: [1n, 1_000_000_000n],
  u: [1n, 1_000_000n],
  m: [1n, 1000n],
  "": [1n, 1n],
  k: [1000n, 1n],
  M: [10n ** 6n, 1n],
  G: [10n ** 9n, 1n],
  T: [10n ** 12n, 1n],
  P: [10n ** 15n, 1n],
  E: [10n ** 18n, 1n],
  Ki: [1n << 10n, 1n],
  Mi: [1n << 20n, 1n],
  Gi: [1n << 30n, 1n],
  Ti: [1n << 40n, 1n],
  Pi: [1n << 50n, 1n],
  Ei: [1n << 60n, 1n],
};
const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i))?$/;

/** Whole units, rounded up: "1500m" is 2. Null when `quantity` is none. Exact below 2^53. */
export function quantityValue(quantity: string | number): number | null {
  return scaled(quantity, 1n);
}

/** Thousandths, rounded up: "1.5" is 1500. Null when `quantity` is none. */
export function quantityMilliValue(quantity: string | number): number | null {
  return scaled(quantity, 1000n);
}

function scaled(quantity: string | number, scale: bigint): number | null {
  const match = QUANTITY.exec(String(quantity).trim());
  if (match === null) return null;
  const [, sign, whole = "", fraction = "", exponent, suffix = ""] = match;
  if (whole === "" && fraction === "") return null;
  const [numerator, denominator] = SUFFIXES[suffix] as readonly [bigint, bigint];
  const power = Number(exponent ?? 0) - fraction.length;
  const top = BigInt(whole + fraction) * numerator * scale * 10n ** BigInt(Math.max(0, power));
  const bottom = denominator * 10n ** BigInt(Math.max(0, -power));
  const isNegative = sign === "-";
  // Up means away from zero, for negative quantities too.
  const magnitude = (top + bottom - 1n) / bottom;
  return Number(isNegative ? -magnitude : magnitude) + 0;
}
