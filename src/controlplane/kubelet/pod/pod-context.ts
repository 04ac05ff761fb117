// A Pod on its node, as its parts see it: what starts, probes and ends its containers.
import type { Service } from "../../../api/types.js";
import type { NameLookup } from "../../protocol/name-lookup.js";
import type { DueEntry, DueTimes } from "../due-times.js";
import type { EventType } from "../events.js";
import type { ObjectCache } from "../object-cache.js";
import type { SimulationProfile } from "../runtime/profile.js";
import type { SimContainer } from "../runtime/sim-container.js";
import type { SimulatedRuntime } from "../runtime/simulated-runtime.js";
import type { ClusterDns } from "./dns-config.js";
import type { Container, Pod, PodStatus } from "./pod.js";

export interface NodeNames {
  readonly cluster: ClusterDns;
  readonly lookup: NameLookup;
}

/** What is the node's, not the Pod's. */
export interface PodHost {
  readonly nodeName: string;
  readonly hostIP: string;
  readonly memoryCapacityBytes: number;
  readonly runtime: SimulatedRuntime;
  readonly profile: SimulationProfile;
  readonly due: DueTimes;
  readonly objects: ObjectCache;
  /** ms since 1970 */
  wallMs(): number;
  /** An Event about one container, or (null) about the Pod. */
  report(pod: Pod, container: Container | null, type: EventType, reason: string, message: string): void;
  statusChanged(podUid: string): void;
  /** Nothing of it runs any more. */
  onFinished(podUid: string): void;
  /** Nothing of it is left. */
  onGone(podUid: string): void;
  isAttached(volumeName: string): boolean;
  /** Services that a Pod of this namespace sees in its environment. */
  servicesOf(namespace: string): readonly Service[];
  /** How its Pods come to addresses. */
  readonly names: NodeNames;
  /** The API server's own. */
  apiService(): Service | null;
}

export interface PodContext {
  readonly host: PodHost;
  readonly uid: string;
  /** As wanted. */
  readonly pod: Pod;
  readonly isTerminating: boolean;
  /** As it is, or will soon be, in the API; null: nothing is said yet. */
  readonly status: PodStatus | null;
  /** Newest first. */
  containers(): readonly SimContainer[];
  newest(name: string): SimContainer | null;
  /** "": none yet. */
  podIP(): string;
  report(container: Container | null, type: EventType, reason: string, message: string): void;
  /** Writes the status as it is now, if it says something new. */
  publish(): void;
  /** Something has changed: look. */
  wake(): void;
  wakeAfter(ms: number): DueEntry;
  /** Waits, but not longer than the Pod is wanted. @returns null when it is not any more */
  whileWanted<T>(slow: Promise<T>): Promise<T | null>;
  /** A new instance of a container runs. */
  onStarted(container: SimContainer): void;
}
