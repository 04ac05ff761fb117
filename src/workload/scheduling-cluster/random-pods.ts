// Random Pods: what they ask for, wish for and bring along. Most Pods want a few things; a Pod that wants everything
// fits nowhere and tests only the first plugin that says so.
import type { Affinity, ResourceList } from "../../api/scheduling.js";
import type { Container, ContainerPort, Pod, PodSpec } from "../../api/types.js";
import type { Prng } from "../../base/prng.js";
import { APPS, between, GPU, HUGE_PAGES, type Labels, NAMESPACES, oneIn, podLabels } from "./draws.js";
import {
  randomNodeAffinity,
  randomNodeSelector,
  randomPodAffinity,
  randomSpread,
  randomTolerations,
} from "./random-affinity.js";
import { pendingVolumes, runningVolumes, type VolumeOwner } from "./pod-volumes.js";
import { randomImage } from "./random-nodes.js";
import type { VolumeMaker } from "./volume-maker.js";

export interface PodMaker {
  readonly nodeNames: readonly string[];
  readonly volumes: VolumeMaker;
}

const PRIORITIES = [0, 0, 10, 100, -5];
/** Higher than most, so that there is somebody to preempt. */
const PENDING_PRIORITIES = [0, 10, 50, 1000];
const EPOCH_MS = Date.UTC(2026, 0, 1);

export interface RunningPlace {
  readonly nodeName: string;
  /** Whether it may hold ports of the node: two Pods of one node cannot hold the same. */
  readonly mayHoldPorts: boolean;
}

/** A Pod that runs on a node since `index` seconds after the others: upstream orders equals arbitrarily. */
export function runningPod(
  prng: Prng,
  index: number,
  { nodeName, mayHoldPorts }: RunningPlace,
  maker: PodMaker,
): Pod {
  const labels = podLabels(prng);
  const metadata = podMetadata(prng, `run-${index}`, labels);
  const deletionTimestamp = "2026-06-01T00:00:00Z";
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: oneIn(prng, 12) ? { ...metadata, deletionTimestamp } : metadata,
    spec: {
      ...requests(prng, { isSmall: true, mayHoldPorts }),
      ...wishesForPods(prng, labels, 6),
      ...runningVolumes(prng, metadata, maker.volumes),
      priority: prng.pick(PRIORITIES),
      nodeName,
    },
    status: { phase: "Running", startTime: secondAfterEpoch(index) },
  };
}

export function pendingPod(prng: Prng, index: number, maker: PodMaker): Pod {
  const labels = podLabels(prng);
  const metadata = podMetadata(prng, `new-${index}`, labels);
  const forNodes = oneIn(prng, 3) ? { nodeAffinity: randomNodeAffinity(prng, maker.nodeNames) } : {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: {
      ...requests(prng, { isSmall: oneIn(prng, 2), mayHoldPorts: true }),
      ...wishesForNodes(prng),
      ...wishesForPods(prng, labels, 3, forNodes),
      ...pendingVolumes(prng, metadata, maker.volumes),
      priority: prng.pick(PENDING_PRIORITIES),
      ...(oneIn(prng, 15) ? { preemptionPolicy: "Never" } : {}),
      ...(oneIn(prng, 50) ? { nodeName: prng.pick(maker.nodeNames) } : {}),
    },
    // Placed later, it may be preempted: its start must be known, too.
    status: { phase: "Pending", startTime: secondAfterEpoch(1_000_000 + index) },
  };
}

function secondAfterEpoch(seconds: number): string {
  return new Date(EPOCH_MS + seconds * 1000).toISOString().replace(".000", "");
}

function podMetadata(prng: Prng, name: string, labels: Labels): Pod["metadata"] & VolumeOwner {
  const namespace = prng.pick(NAMESPACES);
  const owner = ownerOf(prng, labels);
  return {
    name,
    namespace,
    uid: `uid-${namespace}-${name}`,
    labels: oneIn(prng, 30) ? {} : labels,
    ...(owner === null ? {} : { ownerReferences: [owner] }),
  };
}

const OWNERS = [
  { apiVersion: "apps/v1", kind: "ReplicaSet" },
  { apiVersion: "apps/v1", kind: "StatefulSet" },
  { apiVersion: "v1", kind: "ReplicationController" },
] as const;

function ownerOf(prng: Prng, { app = APPS[0] }: Labels) {
  if (oneIn(prng, 2)) return null;
  const { apiVersion, kind } = prng.pick(OWNERS);
  return { apiVersion, kind, name: app, uid: `uid-${kind}-${app}`, controller: true };
}

function wishesForNodes(prng: Prng): PodSpec {
  return {
    ...(oneIn(prng, 8) ? { nodeSelector: randomNodeSelector(prng) } : {}),
    ...(oneIn(prng, 2) ? { tolerations: randomTolerations(prng) } : {}),
  };
}

/** @param rarity one in so many has a wish about other Pods of each kind */
function wishesForPods(prng: Prng, own: Labels, rarity: number, forNodes: Affinity = {}): PodSpec {
  const affinity: Affinity = {
    ...forNodes,
    ...(oneIn(prng, rarity * 2) ? { podAffinity: randomPodAffinity(prng, own) } : {}),
    ...(oneIn(prng, rarity * 2) ? { podAntiAffinity: randomPodAffinity(prng, own) } : {}),
  };
  return {
    ...(Object.keys(affinity).length > 0 ? { affinity } : {}),
    ...(oneIn(prng, rarity) ? { topologySpreadConstraints: randomSpread(prng, own) } : {}),
  };
}

interface RequestsOptions {
  readonly isSmall: boolean;
  readonly mayHoldPorts: boolean;
}

function requests(prng: Prng, { isSmall, mayHoldPorts }: RequestsOptions): PodSpec {
  const container = (name: string): Container => ({
    name,
    image: randomImage(prng),
    ...randomRequests(prng, isSmall),
    ...(mayHoldPorts && oneIn(prng, 12) ? { ports: [hostPort(prng)] } : {}),
  });
  const init = (name: string): Container => ({
    ...container(name),
    ...(oneIn(prng, 2) ? { restartPolicy: "Always" } : {}),
  });
  const containers = Array.from({ length: between(prng, 1, 2) }, (_, at) => container(`c${at}`));
  const initContainers = Array.from({ length: between(prng, 1, 2) }, (_, at) => init(`i${at}`));
  return {
    containers,
    ...(oneIn(prng, 6) ? { initContainers } : {}),
    ...(oneIn(prng, 12) ? { overhead: { cpu: "120m", memory: "64Mi" } } : {}),
    ...(oneIn(prng, 10)
      ? { resources: { requests: oneIn(prng, 2) ? { cpu: "1500m", memory: "1Gi" } : { cpu: "700m" } } }
      : {}),
  };
}

function randomRequests(prng: Prng, isSmall: boolean): Pick<Container, "resources"> {
  if (oneIn(prng, 5)) return {};
  const requests: ResourceList = {
    ...(oneIn(prng, 8)
      ? {}
      : { cpu: prng.pick(isSmall ? ["50m", "100m", "250m", "0"] : ["500m", "1", "2", "7"]) }),
    ...(oneIn(prng, 8)
      ? {}
      : { memory: prng.pick(isSmall ? ["64Mi", "300Mi", "100M"] : ["1Gi", "2Gi", "6Gi"]) }),
    ...(oneIn(prng, 10) ? { "ephemeral-storage": prng.pick(["1Gi", "20Gi"]) } : {}),
    ...(oneIn(prng, 12) ? { [GPU]: String(between(prng, 0, 2)) } : {}),
    ...(oneIn(prng, 25) ? { [HUGE_PAGES]: "64Mi" } : {}),
  };
  return { resources: { requests } };
}

function hostPort(prng: Prng): ContainerPort {
  const port = prng.pick([80, 443, 9100]);
  return {
    containerPort: port,
    hostPort: port,
    protocol: oneIn(prng, 4) ? "UDP" : "TCP",
    ...(oneIn(prng, 3) ? { hostIP: prng.pick(["127.0.0.1", "10.0.0.1"]) } : {}),
  };
}
