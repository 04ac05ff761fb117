// Are connections spread evenly over a Service's endpoints? Pearson's chi-square against an even split, summed over the
// Services that were asked often enough; each adds its endpoints less one to the degrees of freedom.
// A p-value near 0 says uneven beyond chance; near 1 says more even than chance, as round-robin is.
import type { ResultView } from "../dataplane/result-view.js";
import { chiSquareTail } from "../measure/statistics/special-functions.js";

/** Fewest expected connections per endpoint for the test to hold (Cochran's rule). */
const EXPECTED_MIN = 5;

export interface Spread {
  /** Per packet: index of its target. */
  readonly flowTarget: Int32Array;
  /** Endpoints behind a target; null where that is not known. */
  readonly endpointsOf: (target: number) => number | null;
}

/** The p-value over all Services asked often enough; null when there is none. */
export function evenSpread(results: ResultView, { flowTarget, endpointsOf }: Spread): number | null {
  let statistic = 0;
  let freedom = 0;
  for (const [target, reached] of reachedByTarget(results, flowTarget)) {
    const endpoints = endpointsOf(target) ?? 0;
    const connections = [...reached.values()].reduce((sum, count) => sum + count, 0);
    const expected = connections / endpoints;
    if (endpoints < 2 || expected < EXPECTED_MIN) continue;
    for (const count of reached.values()) statistic += (count - expected) ** 2 / expected;
    statistic += Math.max(0, endpoints - reached.size) * expected;
    freedom += endpoints - 1;
  }
  return freedom === 0 ? null : chiSquareTail(statistic, freedom);
}

/** Target -> endpoint -> connections. */
function reachedByTarget(results: ResultView, flowTarget: Int32Array): Map<number, Map<string, number>> {
  const byTarget = new Map<number, Map<string, number>>();
  for (let flow = 0; flow < results.count; flow++) {
    if (results.verdict(flow) !== "DNAT") continue;
    const target = flowTarget[flow] as number;
    const reached = byTarget.get(target) ?? new Map<string, number>();
    byTarget.set(target, reached);
    const { ip, port } = results.target(flow);
    const endpoint = `${ip} ${port}`;
    reached.set(endpoint, (reached.get(endpoint) ?? 0) + 1);
  }
  return byTarget;
}
