// Quantities as people write them in a scenario: a number and its unit, always both. Read into base units.

/** Kind -> its units, each with how many base units (ns, B, 1/s, 1) it is. */
const UNITS = {
  duration: { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86_400e9 },
  size: { B: 1, k: 1e3, M: 1e6, G: 1e9, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 },
  rate: { "/s": 1, "k/s": 1e3, "M/s": 1e6 },
  share: { "%": 0.01 },
} as const satisfies Record<string, Readonly<Record<string, number>>>;

export type QuantityKind = keyof typeof UNITS;

const EXAMPLES: Readonly<Record<QuantityKind, string>> = {
  duration: '"250us" or "5m"',
  size: '"64B" or "32Gi"',
  rate: '"50k/s"',
  share: '"20%"',
};

export function quantityExample(kind: QuantityKind): string {
  return EXAMPLES[kind];
}

/** Pattern of the whole text, for a JSON Schema. */
export function quantityPattern(kind: QuantityKind): string {
  return `^[0-9]+(\\.[0-9]+)?(${Object.keys(UNITS[kind]).join("|")})$`;
}

/** "250us" -> 250000; null when it is not a number with a unit of this kind. */
export function parseQuantity(kind: QuantityKind, written: string): number | null {
  const match = new RegExp(quantityPattern(kind)).exec(written);
  if (match === null) return null;
  const number = Number.parseFloat(written);
  const unit = written.slice(String(/^[0-9.]+/.exec(written)?.[0]).length);
  const factor = (UNITS[kind] as Readonly<Record<string, number>>)[unit] as number;
  // 5% is 0.05, not 5 x 0.01 = 0.05000000000000001.
  return kind === "share" ? number / 100 : number * factor;
}
