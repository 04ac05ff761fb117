// The Node that a kubelet registers.
// Source: kubernetes pkg/kubelet/kubelet_node_status.go initialNode, nodestatus/setters.go.
import type { NodeCondition } from "kubernetes-types/core/v1.js";
import type { KubeObject } from "../../../api/meta.js";
import { LABEL_HOSTNAME, LABEL_REGION } from "../../../api/scheduling.js";
import { LABEL_ZONE } from "../../../api/types.js";
import type { ImageStatus } from "../runtime/runtime-service.js";
import { amountOf } from "../pod/resources.js";
import { DEFAULT_CAPACITY, KUBELET_VERSION, type NodeSpec } from "./node-spec.js";

/** Named in status.images at most, the largest first. */
const IMAGES_MAX = 50;

export function nodeLabels(spec: NodeSpec): Readonly<Record<string, string>> {
  const os = spec.os ?? "linux";
  const arch = spec.arch ?? "amd64";
  return {
    "beta.kubernetes.io/arch": arch,
    "beta.kubernetes.io/os": os,
    "kubernetes.io/arch": arch,
    "kubernetes.io/os": os,
    [LABEL_HOSTNAME]: spec.name,
    ...(spec.zone === undefined ? {} : { [LABEL_ZONE]: spec.zone }),
    ...(spec.region === undefined ? {} : { [LABEL_REGION]: spec.region }),
    ...spec.labels,
  };
}

export function nodeCapacity(spec: NodeSpec): Readonly<Record<string, string>> {
  return { ...DEFAULT_CAPACITY, ...spec.capacity };
}

/** Capacity less what is reserved. */
export function nodeAllocatable(spec: NodeSpec): Readonly<Record<string, string>> {
  const capacity = nodeCapacity(spec);
  const allocatable: Record<string, string> = { ...capacity };
  for (const [name, quantity] of Object.entries(spec.reserved ?? {})) {
    const left = Math.max(0, amountOf(name, capacity[name]) - amountOf(name, quantity));
    allocatable[name] = name === "cpu" ? `${left}m` : String(left);
  }
  return allocatable;
}

export interface NodeObjectInput {
  readonly spec: NodeSpec;
  readonly internalIP: string;
  readonly conditions: readonly NodeCondition[];
  /** 32 hexadecimal digits. */
  readonly machineId: string;
}

export function nodeObject({ spec, internalIP, conditions, machineId }: NodeObjectInput): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: spec.name,
      labels: nodeLabels(spec),
      annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true", ...spec.annotations },
    },
    spec: {
      ...(spec.taints === undefined ? {} : { taints: spec.taints }),
      ...(spec.providerID === undefined ? {} : { providerID: spec.providerID }),
    },
    status: {
      addresses: [
        { type: "InternalIP", address: internalIP },
        { type: "Hostname", address: spec.name },
      ],
      capacity: nodeCapacity(spec),
      allocatable: nodeAllocatable(spec),
      conditions,
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: nodeInfo(spec, machineId),
    },
  } as KubeObject;
}

function nodeInfo(spec: NodeSpec, machineId: string): object {
  const uuid = machineId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return {
    machineID: machineId,
    systemUUID: uuid,
    bootID: uuid,
    kernelVersion: "6.1.0",
    osImage: "Plumbline hollow node",
    containerRuntimeVersion: "containerd://2.1.0",
    kubeletVersion: KUBELET_VERSION,
    kubeProxyVersion: "",
    operatingSystem: spec.os ?? "linux",
    architecture: spec.arch ?? "amd64",
  };
}

/** status.images: what the scheduler's image locality goes by. */
export function nodeImages(
  images: readonly ImageStatus[],
): readonly { names: string[]; sizeBytes: number }[] {
  return [...images]
    .sort((a, b) => b.sizeBytes - a.sizeBytes || (a.ref < b.ref ? -1 : 1))
    .slice(0, IMAGES_MAX)
    .map(({ ref, image, sizeBytes }) => ({ names: [ref, image], sizeBytes }));
}
