// What a plane is made of, and how large.
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Timers } from "../base/timers.js";
import type { Mode } from "../netfilter/rule-model.js";
import type { SyncTiming } from "../proxy/sync.js";
import type { SchedulerConfiguration } from "../scheduler/config/configuration.js";
import type { SchedulerFeatures } from "../scheduler/scheduler.js";
import type { ApiServerOptions } from "./apiserver/api-server.js";
import type { CertificateAuthority } from "./apiserver/auth/certificate-authority.js";
import type { ClusterCidr } from "./controllers/node-ipam/node-ipam-controller.js";
import type { NodeSpec } from "./kubelet/node/node-spec.js";
import type { SimulationProfile } from "./kubelet/runtime/profile.js";
import type { SyncRecord } from "./wiring/proxy-runner.js";
import type { OnAttempt } from "./wiring/scheduler-runner.js";

export { INSTANT_PROFILE, USUAL_PROFILE } from "./kubelet/runtime/profile.js";

/** Under which Services have names. */
export const CLUSTER_DOMAIN = "cluster.local";

/** Ends a part of a plane. */
export type Stop = () => void | Promise<void>;

/** A kube-proxy that is carried out in full, on behalf of one node. */
export interface MeasuredProxy {
  readonly mode: Mode;
  readonly node: string;
}

export interface PlaneOptions {
  /** "memory", "file:DIR", "etcd:URL". */
  readonly store: string;
  readonly timers: Timers;
  /** Of everything that is drawn: generated names, ties, jitter. */
  readonly seed: number;
  readonly newUid: () => string;
  readonly nodes: readonly NodeSpec[];
  readonly profile: SimulationProfile;
  /** Whether kubelets write Events. */
  readonly kubeletEvents: boolean;
  readonly scheduler: SchedulerConfiguration | null;
  /** Absent: those of the release that it follows. */
  readonly schedulerFeatures?: SchedulerFeatures;
  /** As `--controllers` of kube-controller-manager: "*", names, "-name". */
  readonly controllers: readonly string[];
  readonly proxies: readonly MeasuredProxy[];
  /** Whether Ingresses of class "plumbline" get an address and a place in a routing table. */
  readonly runsIngress: boolean;
  readonly proxyTiming: SyncTiming;
  readonly serviceRange: string;
  /** Where nodes get the ranges of their Pods from. */
  readonly clusterCidrs: readonly ClusterCidr[];
  /** P-256; signs tokens of service accounts. */
  readonly tokenKey: KeyObject;
  /** Signs what certificate requests ask for, and is published in every namespace; null: there is none. */
  readonly authority: CertificateAuthority | null;
  /** Who is let in, and what is logged. */
  readonly server: Pick<ApiServerOptions, "auditLog">;
  /** Admission plugins that are left out, by upstream's names; absent: none. */
  readonly disabledAdmission?: readonly string[];
  /** Told of what happens, for measuring. */
  readonly onAttempt?: OnAttempt;
  readonly onSync?: (proxy: MeasuredProxy, record: SyncRecord) => void;
  /** What went wrong in the background and is tried again. */
  readonly onError?: (where: string, error: Error) => void;
}

export const DEFAULT_PROXY_TIMING: SyncTiming = {
  minSyncPeriodMs: 1000,
  syncPeriodMs: 30_000,
  fullSyncPeriodMs: 3_600_000,
};

/** Room for 32,768 nodes with 256 addresses each. */
export const DEFAULT_CLUSTER_CIDRS: readonly ClusterCidr[] = [{ cidr: "10.128.0.0/9", nodeMask: 24 }];

export function newTokenKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/** The range that Services get their addresses from, as kubeadm sets it. */
export const DEFAULT_SERVICE_RANGE = "10.96.0.0/12";

/** node-0, node-1, ...: spread over so many zones. */
export function numberedNodes(count: number, zones = 3): readonly NodeSpec[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `node-${index}`,
    zone: `zone-${index % zones}`,
    region: "region-0",
  }));
}
