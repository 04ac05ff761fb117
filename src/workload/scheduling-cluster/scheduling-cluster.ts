// Random clusters for schedulers: nodes, Pods that run on them, everything that plugins look at, and Pods that wait for
// a node. Each plugin gets Pods that it passes and Pods that it turns down. The same seed gives the same cluster.
// What upstream leaves to chance is kept out: every Pod tells its start, volumes of one class differ in size.
// Objects are written as an API server stores them: defaults that a scheduler reads are filled in.
import type { Namespace, PodDisruptionBudget } from "../../api/scheduling.js";
import type { KubeObject, Node, Pod, Service, Workload } from "../../api/types.js";
import { Prng } from "../../base/prng.js";
import { APPS, between, NAMESPACES, oneIn, podSelector, TEAMS, UNLISTED_NAMESPACE } from "./draws.js";
import { nodeName, randomNode } from "./random-nodes.js";
import { pendingPod, type RunningPlace, runningPod } from "./random-pods.js";
import { storageObjects } from "./storage-objects.js";
import { VolumeMaker } from "./volume-maker.js";

export interface SchedulingClusterSpec {
  readonly seed: number;
  readonly nodes: number;
  /** Pods without a node. */
  readonly pending: number;
}

export interface SchedulingCluster {
  readonly nodes: readonly Node[];
  /** Pods that have a node. */
  readonly running: readonly Pod[];
  /** All other objects. */
  readonly others: readonly KubeObject[];
  readonly pending: readonly Pod[];
}

/** Running Pods per node at most, in an empty and in a full cluster. */
const RUNNING_MOST = [2, 5, 9];

export function generateSchedulingCluster(spec: SchedulingClusterSpec): SchedulingCluster {
  const root = new Prng(spec.seed);
  const nodeNames = Array.from({ length: spec.nodes }, (_, index) => nodeName(index));
  const ofNodes = root.fork("nodes");
  const volumes = new VolumeMaker(root.fork("volumes"), nodeNames);
  const maker = { nodeNames, volumes };
  const ofRunning = root.fork("running");
  const most = ofRunning.pick(RUNNING_MOST);
  const places = nodeNames.flatMap((name) => placesOf(name, between(ofRunning, 0, most)));
  const running = places.map((place, index) => runningPod(ofRunning, index, place, maker));
  const ofPending = root.fork("pending");
  const pending = Array.from({ length: spec.pending }, (_, index) => pendingPod(ofPending, index, maker));
  const ofOthers = root.fork("others");
  return {
    nodes: nodeNames.map((name) => randomNode(ofNodes, name)),
    running,
    others: [
      ...namespaces(ofOthers),
      ...owners(ofOthers),
      ...budgets(ofOthers),
      ...storageObjects(ofOthers, nodeNames),
      ...volumes.volumes,
      ...volumes.claims,
      ...volumes.attachments(),
    ],
    pending,
  };
}

function placesOf(nodeName: string, count: number): RunningPlace[] {
  return Array.from({ length: count }, (_, index) => ({ nodeName, mayHoldPorts: index === 0 }));
}

function namespaces(prng: Prng): Namespace[] {
  return NAMESPACES.filter((name) => name !== UNLISTED_NAMESPACE).map((name) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { team: prng.pick(TEAMS) } },
  }));
}

/** Services and workloads, by which Pods without constraints are spread. */
function owners(prng: Prng): (Service | Workload)[] {
  const found: (Service | Workload)[] = [];
  for (const namespace of NAMESPACES) {
    for (const app of APPS) {
      const metadata = { name: app, namespace };
      const template = { metadata: { labels: { app } }, spec: {} };
      const selector = { matchLabels: { app } };
      if (oneIn(prng, 2))
        found.push({ apiVersion: "v1", kind: "Service", metadata, spec: { selector: { app } } });
      if (oneIn(prng, 2))
        found.push({ apiVersion: "apps/v1", kind: "ReplicaSet", metadata, spec: { selector, template } });
      if (oneIn(prng, 3))
        found.push({ apiVersion: "apps/v1", kind: "StatefulSet", metadata, spec: { selector, template } });
      if (oneIn(prng, 3))
        found.push({
          apiVersion: "v1",
          kind: "ReplicationController",
          metadata,
          spec: { selector: { app }, template },
        });
    }
  }
  return found;
}

function budgets(prng: Prng): PodDisruptionBudget[] {
  return Array.from({ length: between(prng, 0, 6) }, (_, index) => ({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: `budget-${index}`, namespace: prng.pick(NAMESPACES) },
    spec: { selector: podSelector(prng, { app: prng.pick(APPS) }) },
    status: {
      disruptionsAllowed: between(prng, 0, 2),
      ...(oneIn(prng, 3) ? { disruptedPods: { [`run-${prng.below(50)}`]: "2026-01-02T00:00:00Z" } } : {}),
    },
  }));
}
