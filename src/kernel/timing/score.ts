// How near modelled times are to measured ones: ratios, the order of paths, and the sizes where one overtakes another.
import type {
  CrossoverRecord,
  KernelPath,
  PacketKind,
  TimingPoint,
  TimingRecord,
  TimingScore,
} from "../../measure/kernel-record.js";
import { withinModelledError } from "../../measure/modelled-error.js";

/** Bounds of modelled : measured that count as close, and as not far off. */
const CLOSE = [0.85, 1.15] as const;
const WIDE = [0.75, 1.33] as const;

/** What IPVS is compared with where its own ns mean little. */
const PARTNER: KernelPath = "iptables-legacy";

/** A score for every path and packet kind that has points, in their order. */
export function scorePoints(points: readonly TimingPoint[]): TimingScore[] {
  return groupsOf(points, ({ path, kernel, packet }) => `${path}|${kernel}|${packet}`).flatMap((group) => {
    const [{ path, kernel, packet }] = group as [TimingPoint, ...TimingPoint[]];
    const isRelative = path === "ipvs" && kernel === "user-mode";
    const ratios = isRelative ? ratiosToPartner(group, points) : group.map(modelledToMeasured);
    if (ratios.length === 0) return [];
    return [
      {
        path,
        kernel,
        packet,
        ...(isRelative ? { against: PARTNER } : {}),
        points: ratios.length,
        withinClose: shareWithin(ratios, CLOSE),
        withinWide: shareWithin(ratios, WIDE),
        worstRatio: ratios.reduce((worst, ratio) => (farness(ratio) > farness(worst) ? ratio : worst)),
      },
    ];
  });
}

function modelledToMeasured({ modelledNs, measuredNs }: TimingPoint): number {
  return modelledNs / measuredNs;
}

/** Modelled over measured ratio of each point to the partner's point of the same kernel, packet, size and target. */
function ratiosToPartner(group: readonly TimingPoint[], points: readonly TimingPoint[]): number[] {
  const partners = new Map(
    points.filter(({ path }) => path === PARTNER).map((point) => [placeOf(point), point] as const),
  );
  return group.flatMap((point) => {
    const partner = partners.get(placeOf(point));
    return partner === undefined ? [] : [modelledToMeasured(point) / modelledToMeasured(partner)];
  });
}

/** Points of one place differ by path alone. */
function placeOf({ kernel, packet, services, target }: TimingPoint): string {
  return [kernel, packet, services, target].join("|");
}

function groupsOf(points: readonly TimingPoint[], keyOf: (point: TimingPoint) => string): TimingPoint[][] {
  const groups = new Map<string, TimingPoint[]>();
  for (const point of points) {
    const key = keyOf(point);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [point]);
    else group.push(point);
  }
  return [...groups.values()];
}

function shareWithin(ratios: readonly number[], [low, high]: readonly [number, number]): number {
  return ratios.filter((ratio) => ratio >= low && ratio <= high).length / ratios.length;
}

/** Half as much and twice as much are equally far. */
function farness(ratio: number): number {
  return Math.abs(Math.log(ratio));
}

/** Pairs of paths at one size, packet kind and target; pairs measured closer than the model errs are left out. */
export function orderAgreement(points: readonly TimingPoint[]): TimingRecord["order"] {
  let pairs = 0;
  let agreed = 0;
  for (const [a, b] of comparable(points)) {
    if (withinModelledError(a.measuredNs, b.measuredNs)) continue;
    pairs++;
    if (a.measuredNs < b.measuredNs === a.modelledNs < b.modelledNs) agreed++;
  }
  return { agreed, pairs };
}

function* comparable(points: readonly TimingPoint[]): Generator<readonly [TimingPoint, TimingPoint]> {
  for (const group of groupsOf(points, placeOf))
    for (const [index, a] of group.entries()) for (const b of group.slice(index + 1)) yield [a, b];
}

/**
 * Where each path overtakes each other one, by packets to random targets, b being the path that is cheaper at the
 * largest size both have. Pairs that differ by less than the model errs at every size have no crossover and are left
 * out. sameStep: no size at which the measured times are farther apart than that lies between the two crossovers.
 */
export function crossovers(points: readonly TimingPoint[], packet: PacketKind): CrossoverRecord[] {
  const paths = [...new Set(points.map(({ path }) => path))];
  return paths.flatMap((one, index) =>
    paths.slice(index + 1).flatMap((other) => crossoverOf(points, packet, [one, other])),
  );
}

interface GridStep {
  readonly services: number;
  readonly a: TimingPoint;
  readonly b: TimingPoint;
}

function crossoverOf(
  points: readonly TimingPoint[],
  packet: PacketKind,
  [one, other]: readonly [KernelPath, KernelPath],
): CrossoverRecord[] {
  const steps = gridOf(points, packet, [one, other]);
  const last = steps.at(-1);
  if (last === undefined) return [];
  const apart = steps.filter(({ a, b }) => !withinModelledError(a.measuredNs, b.measuredNs));
  if (apart.length === 0) return [];
  const swap = last.a.measuredNs < last.b.measuredNs;
  const grid = swap ? steps.map(({ services, a, b }) => ({ services, a: b, b: a })) : steps;
  const measuredAt = overtakesAt(grid, "measuredNs");
  const modelledAt = overtakesAt(grid, "modelledNs");
  const [low, high] = [measuredAt ?? Infinity, modelledAt ?? Infinity].toSorted((x, y) => x - y) as [
    number,
    number,
  ];
  const sameStep = apart.every(({ services }) => services < low || services >= high);
  const [a, b] = swap ? [other, one] : [one, other];
  return [{ a, b, packet, modelledAt, measuredAt, sameStep }];
}

/** Sizes that both paths have, ascending; the widest kind of target at each. */
function gridOf(
  points: readonly TimingPoint[],
  packet: PacketKind,
  paths: readonly [KernelPath, KernelPath],
): GridStep[] {
  const sizes = [...new Set(points.map(({ services }) => services))].toSorted((x, y) => x - y);
  return sizes.flatMap((services) => {
    const [a, b] = paths.map((path) => {
      const here = points.filter(
        (point) => point.path === path && point.packet === packet && point.services === services,
      );
      return here.find(({ target }) => target === "random") ?? here.find(({ target }) => target === "last");
    });
    return a === undefined || b === undefined ? [] : [{ services, a, b }];
  });
}

/** The least size from which b stays cheaper than a. */
function overtakesAt(grid: readonly GridStep[], time: "measuredNs" | "modelledNs"): number | null {
  const lastDearer = grid.findLastIndex(({ a, b }) => b[time] >= a[time]);
  return grid[lastDearer + 1]?.services ?? null;
}
