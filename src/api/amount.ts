// Sums and comparisons of resource quantities, in thousandths.
// Why numbers: amounts of a cluster are multiples of large powers of two or far below 2^53 thousandths, where doubles
// are exact.
import { canonicalQuantity } from "./codec/quantity-text.js";
import { quantityMilliValue } from "./quantity.js";

export interface Amount {
  readonly milli: number;
  /** Written with Ki, Mi... */
  readonly isBinary: boolean;
}

/** name -> quantity as written. */
export type Quantities = Readonly<Record<string, string | number>>;
/** name -> amount. */
export type Amounts = Readonly<Record<string, Amount>>;

export const NOTHING: Amount = { milli: 0, isBinary: false };

/** What is no quantity counts as nothing: validation has refused it. */
export function amountOf(quantity: string | number): Amount {
  return { milli: quantityMilliValue(quantity) ?? 0, isBinary: String(quantity).endsWith("i") };
}

export function amountsOf(quantities: Quantities | undefined): Amounts {
  return Object.fromEntries(Object.entries(quantities ?? {}).map(([name, value]) => [name, amountOf(value)]));
}

/** In the canonical form: "1500m", "2", "1Gi". */
export function amountText({ milli, isBinary }: Amount): string {
  const units = milli / 1000;
  const text =
    isBinary && units % 1024 === 0 && units !== 0
      ? `${units / 1024}Ki`
      : Number.isInteger(units)
        ? `${units}`
        : `${milli}m`;
  return canonicalQuantity(text) ?? text;
}

function plus(one: Amount, other: Amount): Amount {
  return { milli: one.milli + other.milli, isBinary: one.milli === 0 ? other.isBinary : one.isBinary };
}

export function sumOf(one: Amounts, other: Amounts): Amounts {
  return combined(one, other, plus);
}

/** May fall below nothing, for what is given back. */
export function differenceOf(one: Amounts, other: Amounts): Amounts {
  return combined(one, other, (left, right) => ({ ...left, milli: left.milli - right.milli }));
}

export function maximumOf(one: Amounts, other: Amounts): Amounts {
  return combined(one, other, (left, right) => (right.milli > left.milli ? right : left));
}

function combined(one: Amounts, other: Amounts, combine: (one: Amount, other: Amount) => Amount): Amounts {
  const result: Record<string, Amount> = { ...one };
  for (const [name, amount] of Object.entries(other)) result[name] = combine(result[name] ?? NOTHING, amount);
  return result;
}

export function quantitiesOf(amounts: Amounts): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, amountText(amount)]));
}
