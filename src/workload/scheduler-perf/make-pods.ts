// createPods -> Pods one at a time, each with a bound claim and volume of its own if the operation says so.
// Pods of one template share its spec object; only metadata (and volumes) are made per Pod.
// Cost: O(1) per Pod without template actions.
// Source: scheduler_perf executor.go getPodStrategy; test/utils/runners.go CreatePodWithPersistentVolume.
import type { PersistentVolume, PersistentVolumeClaim } from "../../api/scheduling.js";
import type { ObjectMeta, Pod } from "../../api/types.js";
import { assert } from "../../base/assert.js";
import { type GeneratedNames, type Making, ownMetadata } from "./made-objects.js";
import type { TemplateObject } from "./object-template.js";
import type { CreatePods } from "./ops.js";

export interface MadePod {
  readonly pod: Pod;
  readonly persistentVolume: PersistentVolume | null;
  readonly persistentVolumeClaim: PersistentVolumeClaim | null;
}

/** Marks a claim that needs no controller to bind it. */
const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";

const RESOURCES = { cpu: "100m", memory: "500Mi" };
const BASE_POD: TemplateObject = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { generateName: "pod-" },
  spec: {
    containers: [
      {
        name: "pause",
        image: "registry.k8s.io/pause",
        ports: [{ containerPort: 80 }],
        resources: { requests: RESOURCES, limits: RESOURCES },
      },
    ],
  },
};

/** What makes the Pod of an index, 0 .. op.count - 1; again for the same index in a steady state. */
export function podMaker(op: CreatePods, { templates, names }: Making): (index: number) => MadePod {
  const template = op.podTemplatePath === null ? null : templates.open(op.podTemplatePath);
  const volumes = volumeMaker(op, { templates, names });
  return (index) => {
    const data = { ...op.templateParams, Index: index, Count: op.count };
    const written = template === null ? BASE_POD : template.at(data);
    assert(index >= 0 && index < op.count, `pod index ${index} is outside 0..${op.count - 1}`);
    const pod = ownPod(written, op, index, names);
    return volumes === null
      ? { pod, persistentVolume: null, persistentVolumeClaim: null }
      : volumes(pod, index);
  };
}

function ownPod(written: TemplateObject, op: CreatePods, index: number, names: GeneratedNames): Pod {
  const metadata = ownMetadata(written, op.namespace, names);
  const own = op.signatureBatchSize === 0 ? metadata : signed(metadata, index, op.signatureBatchSize);
  // A template's fields are taken as what their names say.
  return { ...written, metadata: own } as Pod;
}

/** Pods of one batch carry the same label, by which a scheduler may know them to be alike. */
function signed(metadata: ObjectMeta, index: number, batchSize: number): ObjectMeta {
  const signature = `signature-label-${Math.floor(index / batchSize)}`;
  return { ...metadata, labels: { ...metadata.labels, signature } };
}

function volumeMaker(op: CreatePods, { templates }: Making): ((pod: Pod, index: number) => MadePod) | null {
  if (op.persistentVolumeClaimTemplatePath === null || op.persistentVolumeTemplatePath === null) return null;
  const claim = templates.open(op.persistentVolumeClaimTemplatePath).at({});
  const volume = templates.open(op.persistentVolumeTemplatePath).at({});
  return (pod, index) => {
    const claimName = `pvc-${index}`;
    const volumeName = `${op.namespace}-vol-${index}`;
    const volumes = [{ name: "vol", persistentVolumeClaim: { claimName } }];
    return {
      pod: { ...pod, spec: { ...pod.spec, volumes } },
      persistentVolumeClaim: boundClaim(claim, { name: claimName, namespace: op.namespace }, volumeName),
      persistentVolume: boundVolume(volume, volumeName, { name: claimName, namespace: op.namespace }, index),
    };
  };
}

interface NamespacedName {
  readonly name: string;
  readonly namespace: string;
}

function boundClaim(
  written: TemplateObject,
  name: NamespacedName,
  volumeName: string,
): PersistentVolumeClaim {
  const annotations = { [BIND_COMPLETED]: "yes", ...written.metadata.annotations };
  return {
    ...written,
    kind: "PersistentVolumeClaim",
    metadata: { ...written.metadata, ...name, annotations },
    spec: { ...written.spec, volumeName },
    status: { phase: "Bound" },
  };
}

function boundVolume(
  written: TemplateObject,
  name: string,
  claim: NamespacedName,
  index: number,
): PersistentVolume {
  const spec: PersistentVolume["spec"] = written.spec ?? {};
  const { csi, awsElasticBlockStore } = spec;
  const source = {
    ...(csi === undefined ? {} : { csi: { ...csi, volumeHandle: name } }),
    ...(awsElasticBlockStore === undefined
      ? {}
      : { awsElasticBlockStore: { ...awsElasticBlockStore, volumeID: `vol-${index}` } }),
  };
  return {
    ...written,
    kind: "PersistentVolume",
    metadata: { ...written.metadata, name },
    spec: { ...spec, ...source, claimRef: claim },
    status: { phase: "Bound" },
  };
}
