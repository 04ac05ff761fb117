// Resource quantities: "100m", "1.5Gi", "2e3", 4. Read exactly, rounded up to whole units as upstream does.
// Cost: O(length). A cluster writes few distinct quantities, again and again: what was read of late is kept.
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
  return WHOLE.of(quantity);
}

/** Thousandths, rounded up: "1.5" is 1500. Null when `quantity` is none. */
export function quantityMilliValue(quantity: string | number): number | null {
  return MILLI.of(quantity);
}

const READINGS_MAX = 4096;
/** What is longer is rare, and not to be kept for somebody who sends megabytes. */
const KEPT_CHARS_MAX = 32;

class Readings {
  readonly #scale: bigint;
  readonly #kept = new Map<string | number, number | null>();

  constructor(scale: bigint) {
    this.#scale = scale;
  }

  of(quantity: string | number): number | null {
    const known = this.#kept.get(quantity);
    if (known !== undefined) return known;
    const value = scaled(quantity, this.#scale);
    if (typeof quantity === "string" && quantity.length > KEPT_CHARS_MAX) return value;
    if (this.#kept.size >= READINGS_MAX) this.#kept.clear();
    this.#kept.set(quantity, value);
    return value;
  }
}

const WHOLE = new Readings(1n);
const MILLI = new Readings(1000n);

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
