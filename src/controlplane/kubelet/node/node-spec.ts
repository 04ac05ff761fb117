// A hollow node as its owner describes it.
import type { Taint } from "../../../api/scheduling.js";
import type { PodSpec } from "../pod/pod.js";

export interface StaticPod {
  readonly name: string;
  /** "kube-system" when absent. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

export interface NodeSpec {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly zone?: string;
  readonly region?: string;
  /** What is not named here is as in DEFAULT_CAPACITY. */
  readonly capacity?: Readonly<Record<string, string>>;
  /** Kept back from capacity for the system. */
  readonly reserved?: Readonly<Record<string, string>>;
  /** Absent: one out of 172.16.0.0/12, by the order in which nodes were added. */
  readonly internalIP?: string;
  readonly os?: string;
  readonly arch?: string;
  readonly providerID?: string;
  readonly staticPods?: readonly StaticPod[];
}

export const DEFAULT_CAPACITY: Readonly<Record<string, string>> = {
  cpu: "8",
  memory: "32Gi",
  pods: "110",
  "ephemeral-storage": "100Gi",
  "hugepages-1Gi": "0",
  "hugepages-2Mi": "0",
};

export const KUBELET_VERSION = "v1.36.3";

/** Of the node's file system, for inodes that are free. */
export const NODE_INODES = 6_553_600;
export const NODE_PIDS = 32_768;
/** What the system itself uses. */
export const SYSTEM_MEMORY_BYTES = 512 * 1024 * 1024;
export const SYSTEM_CPU_MILLI = 50;
export const SYSTEM_DISK_BYTES = 4 * 1024 ** 3;
export const SYSTEM_INODES = 100_000;
export const SYSTEM_PIDS = 120;
