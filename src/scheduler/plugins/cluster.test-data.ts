// Small clusters for tests of plugins, each thing written in one line.
import type { ResourceList } from "../../api/scheduling.js";
import type { Node, ObjectMeta, Pod, PodSpec } from "../../api/types.js";
import { Prng } from "../../base/prng.js";
import { ImageStates } from "../cache/image-states.js";
import { NodeInfo } from "../cache/node-info.js";
import { type PodInfo, PodReader } from "../cache/pod-info.js";
import type { FrameworkHandle } from "../framework/handle.js";
import { type ListedKinds, ObjectLister } from "../objects.js";
import { WaitingPodsMap } from "../waiting-pods.js";

const reader = new PodReader();

/** Room for everything. */
const LARGE: ResourceList = { cpu: "64", memory: "256Gi", pods: 110 };

/** A node with Pods on it. */
export function node(
  name: string,
  parts: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly spec?: NonNullable<Node["spec"]>;
    readonly allocatable?: ResourceList;
    /** Image name -> bytes. */
    readonly images?: Readonly<Record<string, number>>;
  } = {},
  pods: readonly PodInfo[] = [],
): NodeInfo {
  const images = Object.entries(parts.images ?? {}).map(([image, sizeBytes]) => ({
    names: [image],
    sizeBytes,
  }));
  const info = new NodeInfo(
    {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels: parts.labels ?? {} },
      spec: parts.spec ?? {},
      status: { allocatable: parts.allocatable ?? LARGE, images },
    },
    0,
  );
  for (const each of pods) info.add(each);
  return info;
}

/** A Pod in namespace "default" with its name as uid, unless `metadata` says otherwise. */
export function pod(
  name: string,
  spec: PodSpec = {},
  metadata: Partial<ObjectMeta> = {},
  status: NonNullable<Pod["status"]> = {},
): PodInfo {
  return reader.read({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: name, ...metadata },
    spec,
    status,
  });
}

/** The spec of a Pod with one container that asks for this. */
export function requesting(requests: ResourceList): PodSpec {
  return { containers: [{ resources: { requests } }] };
}

/** The scheduler around a plugin: these nodes in this order, and these other objects. */
export function handle(
  nodes: readonly NodeInfo[] = [],
  objects: readonly ListedKinds[keyof ListedKinds][] = [],
): FrameworkHandle {
  const lister = new ObjectLister();
  const images = new ImageStates();
  for (const { node } of nodes) images.add(node);
  for (const object of objects) lister.set(object);
  return {
    snapshot: {
      nodes,
      get: (name) => nodes.find((each) => each.name === name),
      imageState: (image) => images.get(image),
      hasPodsBelow: (priority) => nodes.some(({ pods }) => pods.some((each) => each.priority < priority)),
    },
    objects: lister,
    nominated: { nominatedOn: () => [] },
    waitingPods: new WaitingPodsMap(),
    prng: new Prng(1),
    now: () => 0,
    filterWithNominatedPods: () => null,
    addPod: () => {},
    removePod: () => {},
  };
}
