// Extenders: services that take part in scheduling over HTTP. Here is what they are asked and how their answers are read;
// who sends the request is handed in (scheduler.ts), so that the scheduler opens no socket.
// Source: kube-scheduler/extender/v1 types.go; pkg/scheduler/extender.go.
import type { Node, Pod } from "../../api/types.js";
import type { PodInfo } from "../cache/pod-info.js";
import type { ExtenderConfig } from "../config/configuration.js";

/** POST urlPrefix/verb with this body. */
export interface ExtenderRequest {
  readonly extender: ExtenderConfig;
  readonly verb: string;
  readonly body: ExtenderArgs | ExtenderPreemptionArgs | ExtenderBindingArgs;
}

/** JSON of the answer, or why there is none. */
export type ExtenderReply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string };

export interface ExtenderArgs {
  readonly Pod: Pod;
  /** null for extenders with a node cache of their own. */
  readonly Nodes: {
    readonly kind: "NodeList";
    readonly apiVersion: "v1";
    readonly items: readonly Node[];
  } | null;
  readonly NodeNames: readonly string[] | null;
}

export interface ExtenderBindingArgs {
  readonly PodName: string;
  readonly PodNamespace: string;
  readonly PodUID: string;
  readonly Node: string;
}

export interface ExtenderFilterResult {
  readonly Nodes?: { readonly items?: readonly Node[] } | null;
  readonly NodeNames?: readonly string[] | null;
  readonly FailedNodes?: Readonly<Record<string, string>> | null;
  readonly FailedAndUnresolvableNodes?: Readonly<Record<string, string>> | null;
  readonly Error?: string;
}

/** By node name; exactly one of the two. */
export interface ExtenderPreemptionArgs {
  readonly Pod: Pod;
  /** null for extenders with a node cache of their own. */
  readonly NodeNameToVictims: Readonly<Record<string, ExtenderVictims>> | null;
  readonly NodeNameToMetaVictims: Readonly<Record<string, ExtenderMetaVictims>> | null;
}

export interface ExtenderVictims {
  readonly Pods: readonly Pod[];
  readonly NumPDBViolations: number;
}

export interface ExtenderMetaVictims {
  readonly Pods: readonly { readonly UID: string }[];
  readonly NumPDBViolations: number;
}

/** By uid for all extenders, whatever they were sent. */
export interface ExtenderPreemptionResult {
  readonly NodeNameToMetaVictims?: Readonly<Record<string, Partial<ExtenderMetaVictims> | null>> | null;
}

/** 0..10 per node. */
export type HostPriorityList = readonly { readonly Host: string; readonly Score: number }[];

/** An extender with managed resources is asked only about Pods that request one of them. */
export function isInterested({ managedResources }: ExtenderConfig, { pod }: PodInfo): boolean {
  if (managedResources.length === 0) return true;
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return containers.some(({ resources }) =>
    managedResources.some(
      ({ name }) => resources?.requests?.[name] !== undefined || resources?.limits?.[name] !== undefined,
    ),
  );
}

export function extenderArgs(
  { nodeCacheCapable }: ExtenderConfig,
  { pod }: PodInfo,
  nodes: readonly Node[],
): ExtenderArgs {
  return nodeCacheCapable
    ? { Pod: pod, Nodes: null, NodeNames: nodes.map(({ metadata }) => metadata.name) }
    : { Pod: pod, Nodes: { kind: "NodeList", apiVersion: "v1", items: nodes }, NodeNames: null };
}
