// The Pods that Services select: those of the input, and those that workloads of the input would make.
// A workload owned by another one of the input (a Deployment's ReplicaSet) is left to its owner.
import { canonicalIp, type Family, familyOf } from "../base/ip.js";
import type { EndpointConditions, Node, Pod, PodSpec, Workload } from "../api/types.js";
import { AddressPool } from "./address-ranges.js";
import { type PodAddressing, planPodAddresses } from "./pod-addresses.js";

/** A Pod as far as endpoints are concerned. */
export interface SelectablePod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: PodSpec | undefined;
  readonly nodeName: string | undefined;
  /** Canonical, at most one per family. */
  readonly addresses: readonly string[];
  readonly conditions: EndpointConditions;
}

const READY: EndpointConditions = Object.freeze({ ready: true, serving: true, terminating: false });

/** Pods that a cluster has run: with an address, and not yet finished. The others can be nobody's endpoints. */
export function livePods(pods: readonly Pod[]): SelectablePod[] {
  return pods.flatMap((pod) => {
    const { phase, podIP, podIPs, conditions = [] } = pod.status ?? {};
    const addresses = (podIPs?.map(({ ip }) => ip) ?? (podIP === undefined ? [] : [podIP])).map(canonical);
    if (addresses.length === 0 || phase === "Succeeded" || phase === "Failed") return [];
    const terminating = pod.metadata.deletionTimestamp !== undefined;
    const serving = conditions.some(({ type, status }) => type === "Ready" && status === "True");
    return [
      {
        ...common(pod.metadata, pod.spec),
        nodeName: pod.spec?.nodeName,
        addresses,
        conditions: { ready: serving && !terminating, serving, terminating },
      },
    ];
  });
}

/** Whether a cluster has seen a Pod: manifests have no status, or an empty one. */
export function hasRun({ metadata, status }: Pod): boolean {
  return metadata.uid !== undefined || status?.phase !== undefined || status?.podIP !== undefined;
}

/** Pods to be made up: those of workloads and those Pods of manifests that no cluster has given a status. */
export interface Template {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: PodSpec | undefined;
  /** "each": one on every node. */
  readonly replicas: number | "each";
}

export function podTemplates(workloads: readonly Workload[], pods: readonly Pod[]): Template[] {
  const present = new Set(
    workloads.map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`),
  );
  const isOwned = ({ metadata }: Workload) =>
    (metadata.ownerReferences ?? []).some(({ kind, name }) =>
      present.has(`${kind} ${metadata.namespace} ${name}`),
    );
  return [
    ...workloads
      .filter((workload) => !isOwned(workload))
      .map((workload) => ({
        ...common(
          { ...workload.spec.template.metadata, namespace: workload.metadata.namespace },
          workload.spec.template.spec,
        ),
        replicas: replicasOf(workload),
      })),
    ...pods
      .filter((pod) => !hasRun(pod) && pod.metadata.deletionTimestamp === undefined)
      .map((pod) => ({ ...common(pod.metadata, pod.spec), replicas: 1 })),
  ];
}

function replicasOf({ kind, spec }: Workload): number | "each" {
  if (kind === "DaemonSet") return "each";
  return (kind === "Job" ? spec.parallelism : spec.replicas) ?? 1;
}

function common(
  metadata: { readonly namespace?: string | undefined; readonly labels?: Readonly<Record<string, string>> },
  spec: PodSpec | undefined,
): Pick<SelectablePod, "namespace" | "labels" | "spec"> {
  return { namespace: metadata.namespace ?? "default", labels: metadata.labels ?? {}, spec };
}

/** A Pod of a template, on a node but without addresses yet. */
export interface PlacedPod {
  readonly template: Template;
  readonly nodeIndex: number;
}

/** Put the Pods of all templates on nodes in turn; those that name a node of the cluster go there. */
export function placePods(templates: readonly Template[], nodeNames: readonly string[]): PlacedPod[] {
  const placed: PlacedPod[] = [];
  let turn = 0;
  for (const template of templates) {
    const pinned = nodeNames.indexOf(template.spec?.nodeName ?? "");
    const count = template.replicas === "each" ? nodeNames.length : template.replicas;
    for (let replica = 0; replica < count; replica++) {
      const next = template.replicas === "each" ? replica : turn++ % nodeNames.length;
      placed.push({ template, nodeIndex: pinned >= 0 && template.replicas !== "each" ? pinned : next });
    }
  }
  return placed;
}

/** The most addresses that one node must have for the Pods placed on it. */
export function podsOnBusiestNode(placed: readonly PlacedPod[], nodes: number): number {
  const counts = new Uint32Array(nodes);
  for (const { template, nodeIndex } of placed)
    if (!template.spec?.hostNetwork) (counts[nodeIndex] as number)++;
  return counts.reduce((most, count) => Math.max(most, count), 0);
}

/** Gives Pods of one family their addresses. */
export interface PodNumbering {
  readonly family: Family;
  next(nodeIndex: number): string;
  /** null where nodes have CIDRs of their own. */
  readonly plan: PodAddressing | null;
}

/**
 * Numbering by the nodes' own Pod CIDRs where every node has one of the family, by a planned range elsewhere.
 *
 * @param own per node its Pod CIDR of the family, or null
 * @param taken canonical addresses of Pods that exist
 * @param avoid addresses that a larger range must not hold
 */
export function podNumbering(
  family: Family,
  own: readonly (string | null)[],
  of: { readonly podsPerNode: number; readonly taken: ReadonlySet<string>; readonly avoid: Iterable<string> },
): PodNumbering {
  const isOwn = own.every((cidr) => cidr !== null);
  const podsPerNode = of.podsPerNode + mostInOneSubnet(of.taken, family);
  const plan = isOwn ? null : planPodAddresses({ family, nodes: own.length, podsPerNode, avoid: of.avoid });
  const pools: AddressPool[] = [];
  const poolOf = (nodeIndex: number) => {
    const pool = new AddressPool(
      `Pods of node ${nodeIndex + 1}`,
      [plan?.nodeCidr(nodeIndex) ?? (own[nodeIndex] as string)],
      of.taken,
    );
    pool.skipFirst();
    return pool;
  };
  const next = (nodeIndex: number) => {
    pools[nodeIndex] ??= poolOf(nodeIndex);
    return pools[nodeIndex].next();
  };
  return { family, plan, next };
}

/** The most addresses in any one /24: what a node's usual CIDR may have to step over. IPv6 has room anyway. */
function mostInOneSubnet(addresses: ReadonlySet<string>, family: Family): number {
  if (family === "IPv6") return 0;
  const counts = new Map<string, number>();
  let most = 0;
  for (const address of addresses) {
    const subnet = address.slice(0, address.lastIndexOf("."));
    const count = (counts.get(subnet) ?? 0) + 1;
    counts.set(subnet, count);
    most = Math.max(most, count);
  }
  return most;
}

/** Pods with addresses; one on its node's network has the node's. */
export function addressPods(
  placed: readonly PlacedPod[],
  numberings: readonly PodNumbering[],
  nodes: readonly Node[],
): SelectablePod[] {
  return placed.map(({ template, nodeIndex }) => {
    const node = nodes[nodeIndex];
    const addresses = template.spec?.hostNetwork
      ? nodeIPs(node).filter((ip) => numberings.some(({ family }) => family === familyOf(ip)))
      : numberings.map((numbering) => numbering.next(nodeIndex));
    return {
      namespace: template.namespace,
      labels: template.labels,
      spec: template.spec,
      nodeName: node?.metadata.name,
      addresses,
      conditions: READY,
    };
  });
}

/** Canonical InternalIPs of a node. */
export function nodeIPs(node: Node | undefined): string[] {
  const addresses = node?.status?.addresses ?? [];
  return addresses.filter(({ type }) => type === "InternalIP").map(({ address }) => canonical(address));
}

/** A node's Pod CIDR of a family, or null. */
export function ownPodCidr(node: Node | undefined, family: Family): string | null {
  const cidrs = node?.spec?.podCIDRs ?? (node?.spec?.podCIDR ? [node.spec.podCIDR] : []);
  return cidrs.find((cidr) => familyOf(cidr) === family) ?? null;
}

function canonical(ip: string): string {
  return canonicalIp(ip) ?? ip;
}
