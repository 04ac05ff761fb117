// A plane as benchmarks start it: in memory, containers at once, nothing in it that a benchmark does not ask for.
import { randomUUID } from "node:crypto";
import { PlumbError } from "../../base/errors.js";
import { realTimers, type Timers } from "../../base/timers.js";
import { INSTANT_PROFILE } from "../../controlplane/kubelet/runtime/profile.js";
import { Plane } from "../../controlplane/plane.js";
import {
  DEFAULT_CLUSTER_CIDRS,
  DEFAULT_PROXY_TIMING,
  DEFAULT_SERVICE_RANGE,
  newTokenKey,
  type PlaneOptions,
} from "../../controlplane/plane-options.js";

/** Samples are of real time: a control plane is not simulated. */
export const timers: Timers = realTimers;

/** Service accounts are needed to create Pods at all. */
const LEAST_CONTROLLERS = ["serviceaccount"] as const;

export const NAMESPACE = "default";

export function startPlane(seed: number, parts: Partial<PlaneOptions>): Promise<Plane> {
  return Plane.start({
    store: "memory",
    timers,
    seed,
    newUid: randomUUID,
    nodes: [],
    profile: INSTANT_PROFILE,
    kubeletEvents: false,
    scheduler: null,
    controllers: LEAST_CONTROLLERS,
    proxies: [],
    proxyTiming: DEFAULT_PROXY_TIMING,
    runsIngress: false,
    serviceRange: DEFAULT_SERVICE_RANGE,
    clusterCidrs: DEFAULT_CLUSTER_CIDRS,
    tokenKey: newTokenKey(),
    authority: null,
    server: {},
    ...parts,
  });
}

/** As upstream's benchmark before its window. Without --expose-gc nothing happens. */
export function collectGarbage(): void {
  globalThis.gc?.();
}

/** Nothing moves for this long: a benchmark that waits has failed. */
const STUCK_MS = 30_000;
const LOOK_MS = 10;

/**
 * Waits until `done()` is the wanted count.
 *
 * @throws {PlumbError} Internal, with how far it came, when the count stands still
 */
export async function reached(wanted: number, done: () => number, what: string): Promise<void> {
  let last = done();
  let movedMs = timers.milliseconds();
  while (done() < wanted) {
    await new Promise<void>((resolve) => timers.after(LOOK_MS, resolve));
    const now = timers.milliseconds();
    if (done() !== last) {
      last = done();
      movedMs = now;
    }
    if (now - movedMs > STUCK_MS)
      throw new PlumbError(
        "Internal",
        `Cannot go on with the benchmark: ${last} of ${wanted} ${what}, and no more in ${STUCK_MS / 1000} s`,
      );
  }
}

/** @throws {PlumbError} Internal when it takes longer than `ms` */
export function nodesReady(plane: Plane, nodes: number, ms: number): Promise<void> {
  return within(ms, plane.nodesReady(), `${nodes} nodes to be Ready`);
}

function within<T>(ms: number, work: Promise<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const tooLate = () =>
      reject(
        new PlumbError("Internal", `Cannot go on with the benchmark: waited ${ms / 1000} s for ${what}`),
      );
    const cancel = timers.after(ms, tooLate);
    work.then(resolve, reject).finally(cancel);
  });
}
