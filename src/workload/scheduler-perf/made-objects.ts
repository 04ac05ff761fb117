// What every object made by an operation needs: a template, a name of its own, and the namespace it goes to.
import type { KubeObject } from "../../api/types.js";
import type { TemplateParams } from "./ops.js";
import type { TemplateObject, TemplateStore } from "./object-template.js";

/** Names from generateName: unlike a server's, the same in every run. */
export class GeneratedNames {
  readonly #counts = new Map<string, number>();

  /** "pod-" -> pod-00000, pod-00001, ... */
  next(prefix: string): string {
    const count = this.#counts.get(prefix) ?? 0;
    this.#counts.set(prefix, count + 1);
    return prefix + String(count).padStart(5, "0");
  }
}

/** What one run makes objects with. */
export interface Making {
  readonly templates: TemplateStore;
  readonly names: GeneratedNames;
}

/** Kinds that stand in no namespace, of those that templates make. */
export const CLUSTER_KINDS: ReadonlySet<string> = new Set([
  "Node",
  "Namespace",
  "PersistentVolume",
  "StorageClass",
  "PriorityClass",
  "CSINode",
  "CSIDriver",
  "VolumeAttachment",
  "DeviceClass",
  "DeviceTaintRule",
  "ResourceSlice",
]);

/** Metadata with a name, and a namespace if its kind has one. */
export function ownMetadata(
  { kind, metadata }: TemplateObject,
  namespace: string,
  names: GeneratedNames,
): KubeObject["metadata"] {
  const name = metadata.name ?? names.next(metadata.generateName ?? "");
  return CLUSTER_KINDS.has(kind) || namespace === ""
    ? { ...metadata, name }
    : { ...metadata, name, namespace };
}

export interface ObjectOrder {
  readonly templatePath: string;
  readonly namespace: string;
  readonly index: number;
  readonly count: number;
  readonly templateParams: TemplateParams;
}

/** The object that createAny, updateAny or a tick of churn asks for. */
export function makeObject(order: ObjectOrder, { templates, names }: Making): KubeObject {
  const { index, count, templateParams } = order;
  const object = templates.open(order.templatePath).at({ ...templateParams, Index: index, Count: count });
  return finished({ ...object, metadata: ownMetadata(object, order.namespace, names) });
}

/** What a server fills in: a node can allocate all that it has. */
export function finished(object: KubeObject & Pick<TemplateObject, "status">): KubeObject {
  const { status } = object;
  if (object.kind !== "Node" || status === undefined || status["allocatable"] !== undefined) return object;
  return { ...object, status: { ...status, allocatable: status["capacity"] } } as KubeObject;
}
