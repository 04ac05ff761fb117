// Where two cost curves cross: straight lines between the measured sizes on logarithmic axes.
// Why log-log: a cost that grows as a power of the size is a straight line there, and costs here span decades.
// Only inside the measured range: nothing is extrapolated. Cost: O(points log points).

export interface CurvePoint {
  readonly size: number;
  readonly value: number;
}

export interface Crossover {
  /** Interpolated size at which both cost the same. */
  readonly size: number;
  /** The measured sizes around it, or those from which and to which both cost the same. */
  readonly between: readonly [number, number];
  /** Whether both cost the same at the sizes of `between`. */
  readonly alike: boolean;
  /** Which of the two costs less below and above. */
  readonly below: "a" | "b";
  readonly above: "a" | "b";
}

/**
 * Crossings of two curves, in rising size. Points without a partner of the same size, and values that are not
 * positive, are left out; curves that touch without changing sides do not cross.
 */
export function crossovers(a: readonly CurvePoint[], b: readonly CurvePoint[]): readonly Crossover[] {
  const found: Crossover[] = [];
  let last: Gap | null = null;
  let touched: readonly [number, number] | null = null;
  for (const gap of gapsOf(a, b)) {
    if (gap.difference === 0) {
      touched = [touched?.[0] ?? gap.size, gap.size];
      continue;
    }
    if (last !== null && Math.sign(last.difference) !== Math.sign(gap.difference)) {
      const size = touched === null ? interpolated(last, gap) : Math.sqrt(touched[0] * touched[1]);
      const between = touched ?? [last.size, gap.size];
      found.push({ size, between, alike: touched !== null, below: cheaper(last), above: cheaper(gap) });
    }
    last = gap;
    touched = null;
  }
  return found;
}

interface Gap {
  readonly size: number;
  /** log(a) - log(b): negative where a costs less. */
  readonly difference: number;
}

function gapsOf(a: readonly CurvePoint[], b: readonly CurvePoint[]): readonly Gap[] {
  const partners = new Map(b.map((point) => [point.size, point.value]));
  return a
    .map((point) => ({ size: point.size, a: point.value, b: partners.get(point.size) ?? 0 }))
    .filter((point) => point.size > 0 && point.a > 0 && point.b > 0)
    .sort((left, right) => left.size - right.size)
    .map((point) => ({ size: point.size, difference: Math.log(point.a) - Math.log(point.b) }));
}

function interpolated(left: Gap, right: Gap): number {
  const share = left.difference / (left.difference - right.difference);
  return Math.exp(Math.log(left.size) + share * (Math.log(right.size) - Math.log(left.size)));
}

function cheaper(gap: Gap): "a" | "b" {
  return gap.difference < 0 ? "a" : "b";
}
