// A trace -> when which Pod arrives in a replay: a window of it, faster, fuller, and several times over.
//
//   recorded   --a-----b==from=======c===d======to---e---     a still runs at `from`, b is gone, e is not wanted
//   replayed           0 a           c   d                    a is standing: it is there when the window opens
//
// Departures are not events of a trace: a Pod leaves its lifetime after it was placed, and only a scheduler knows when
// that is. A Pod that the recorded cluster never placed has for its lifetime the time that its user waited for it.
// Tiles: a trace of 1,500 nodes says little about thousands. Copy j of k has nodes and Pods of its own and arrives j/k
// of the mean gap later: k times the rate without k Pods at the same instant, as k times the users would give.
// Cost: O(k x Pods x log).
import { PlumbError } from "../../base/errors.js";
import { LIMITS } from "../../base/limits.js";
import { LABEL_HOSTNAME } from "../../api/scheduling.js";
import type { Node, ObjectMeta, Pod, PodSpec } from "../../api/types.js";
import type { Trace, TracePod } from "./trace.js";

export interface ReplayOptions {
  /** Recorded time over replayed time: 60 makes a minute a second. Above 0. Lifetimes shrink too. */
  readonly speedUp: number;
  /**
   * Replayed life over recorded life, above 0: 100 keeps Pods a hundred times as long, and the cluster the fuller.
   * Infinity: all stay, and the cluster fills up.
   */
  readonly lifetimeStretch: number;
  /** Copies of the cluster and its Pods, 1..REPLICATE_MAX. */
  readonly tileCount: number;
  /** The first so many arrivals; null: all. */
  readonly podsMax: number | null;
  /** The window in recorded time, from included, to excluded; null: up to the end. */
  readonly fromMs: number;
  readonly toMs: number | null;
}

export interface TraceArrival {
  /** Since the replay's start. */
  readonly atMs: number;
  readonly pod: Pod;
  /** From placement, what is left of it; null: it stays. */
  readonly lifetimeMs: number | null;
  /** There before the window opened: load to be placed, no arrival to be timed. */
  readonly isStanding: boolean;
}

/**
 * The arrivals of a replay, in order of time. Pods whose life ended before the window are left out.
 *
 * @throws {PlumbError} InvalidInput for options out of range
 */
export function arrivalsOf(trace: Trace, options: ReplayOptions): readonly TraceArrival[] {
  checkOptions(options);
  const window = trace.pods.flatMap((pod) => inWindow(pod, options));
  const { tileCount, podsMax } = options;
  const stepMs = meanGap(window) / tileCount;
  const tiles: TraceArrival[] = [];
  for (let copy = 0; copy < tileCount; copy++) {
    const podOfCopy = podCopier(copy, tileCount);
    for (const arrival of window) {
      const atMs = arrival.isStanding ? 0 : arrival.atMs + copy * stepMs;
      tiles.push({ ...arrival, atMs, pod: podOfCopy(arrival.pod) });
    }
  }
  // Standing Pods first, also before an arrival at 0.
  tiles.sort((left, right) => left.atMs - right.atMs || Number(right.isStanding) - Number(left.isStanding));
  return podsMax === null ? tiles : tiles.slice(0, podsMax);
}

/** The nodes of a replay: with `tileCount` copies of each. Names and host names are suffixed as its Pods' names are. */
export function tileNodes(nodes: readonly Node[], tileCount: number): readonly Node[] {
  checkTiles(tileCount);
  if (tileCount === 1) return nodes;
  return Array.from({ length: tileCount }, (_, copy) =>
    nodes.map((node) => {
      const metadata = renamed(node.metadata, copy);
      const labels = { ...metadata.labels, [LABEL_HOSTNAME]: metadata.name };
      return { ...node, metadata: { ...metadata, labels } };
    }),
  ).flat();
}

function inWindow(entry: TracePod, options: ReplayOptions): TraceArrival[] {
  const { pod, arrivalMs, imported } = entry;
  const { fromMs, toMs, speedUp, lifetimeStretch } = options;
  const lifetimeMs = stretched(entry.lifetimeMs, lifetimeStretch);
  if (toMs !== null && arrivalMs >= toMs) return [];
  const isStanding = arrivalMs < fromMs;
  // A Pod that waited when the window opened has its whole life before it.
  const beganMs = Math.max(arrivalMs, imported.scheduledMs ?? arrivalMs);
  const livedMs = Math.max(0, fromMs - beganMs);
  if (isStanding && lifetimeMs !== null && beganMs + lifetimeMs <= fromMs) return [];
  return [
    {
      atMs: Math.max(0, arrivalMs - fromMs) / speedUp,
      pod,
      lifetimeMs: lifetimeMs === null ? null : (lifetimeMs - livedMs) / speedUp,
      isStanding,
    },
  ];
}

function stretched(lifetimeMs: number | null, stretch: number): number | null {
  return lifetimeMs === null || stretch === Number.POSITIVE_INFINITY ? null : lifetimeMs * stretch;
}

/** Mean time between the arrivals within the window; 0 for fewer than two. */
function meanGap(window: readonly TraceArrival[]): number {
  const times = window.filter(({ isStanding }) => !isStanding).map(({ atMs }) => atMs);
  if (times.length < 2) return 0;
  return ((times.at(-1) as number) - (times[0] as number)) / (times.length - 1);
}

/** Pods of one copy share specs as those of the trace do. */
function podCopier(copy: number, tileCount: number): (pod: Pod) => Pod {
  if (tileCount === 1) return (pod) => pod;
  const pinned = new Map<PodSpec, PodSpec>();
  const specOfCopy = (spec: PodSpec): PodSpec => {
    const host = spec.nodeSelector?.[LABEL_HOSTNAME];
    if (host === undefined) return spec;
    let moved = pinned.get(spec);
    moved ??= { ...spec, nodeSelector: { ...spec.nodeSelector, [LABEL_HOSTNAME]: `${host}-${copy}` } };
    pinned.set(spec, moved);
    return moved;
  };
  return (pod) => ({
    ...pod,
    metadata: renamed(pod.metadata, copy),
    ...(pod.spec === undefined ? {} : { spec: specOfCopy(pod.spec) }),
  });
}

/** Every copy is suffixed, the first too: then no copy of "a" can be called like one of "a-1". */
function renamed(metadata: ObjectMeta, copy: number): ObjectMeta {
  return { ...metadata, name: `${metadata.name}-${copy}` };
}

function checkOptions(options: ReplayOptions): void {
  const { speedUp, lifetimeStretch, tileCount, podsMax, fromMs, toMs } = options;
  checkTiles(tileCount);
  if (!(lifetimeStretch > 0)) throw refusal(`lifetimes stretched by ${lifetimeStretch}`, "above 0");
  if (!(speedUp > 0 && Number.isFinite(speedUp))) throw refusal(`a speed-up of ${speedUp}`, "above 0");
  if (podsMax !== null && !(podsMax >= 1)) throw refusal(`at most ${podsMax} Pods`, "1 or more");
  if (toMs !== null && toMs <= fromMs)
    throw refusal(`a window from ${fromMs} to ${toMs} ms`, "from before to");
}

function checkTiles(tileCount: number): void {
  if (Number.isInteger(tileCount) && tileCount >= 1 && tileCount <= LIMITS.REPLICATE_MAX) return;
  throw refusal(`${tileCount} copies`, `a whole number, 1..${LIMITS.REPLICATE_MAX}`);
}

function refusal(what: string, expected: string): PlumbError {
  return new PlumbError("InvalidInput", `Cannot replay a trace with ${what}: expected ${expected}`);
}
