// Between the versions that are served and the one that is stored. Most kinds have one shape in all of their versions;
// those that have not are rows here.
import { apiVersionOf, groupVersionOf, kindNamed } from "../kinds/kinds.js";
import type { Kind } from "../kinds/kind.js";
import type { KubeObject } from "../meta.js";
import { autoscalerToV1, autoscalerToV2 } from "./convert-autoscaler.js";
import { eventToCore, eventToEvents } from "./convert-event.js";

/** One object, of either shape, in the shape that the name says; apiVersion is set by the caller. */
export type Conversion = (object: KubeObject) => KubeObject;

/** "Kind apiVersion" that is wanted -> how it comes from the other shape of the kind. */
const CONVERSIONS: ReadonlyMap<string, Conversion> = new Map([
  ["HorizontalPodAutoscaler autoscaling/v1", autoscalerToV1],
  ["HorizontalPodAutoscaler autoscaling/v2", autoscalerToV2],
  ["Event v1", eventToCore],
  ["Event events.k8s.io/v1", eventToEvents],
]);

/**
 * The object as it is stored. Returned as it is when it already has that shape; kinds that are not in the table too.
 * Of a list every item is converted.
 */
export function toStorage(object: KubeObject): KubeObject {
  const [group] = groupVersionOf(object.apiVersion);
  const kind = kindNamed(group, itemKind(object));
  return kind === undefined ? object : convertTo(object, storageApiVersionOf(kind));
}

/**
 * A stored object (or a list of them) as a group and version see it: "autoscaling", "v1".
 * Returned as it is when it already has that shape.
 */
export function fromStorage(object: KubeObject, group: string, version: string): KubeObject {
  return convertTo(object, apiVersionOf(group, version));
}

/** apiVersion of what the store holds for a kind: "events.k8s.io/v1" for core Events. */
export function storageApiVersionOf(kind: Kind): string {
  const group = kind.storedAs?.group ?? kind.group;
  const stored = kindNamed(group, kind.kind) ?? kind;
  return apiVersionOf(group, stored.storageVersion);
}

function convertTo(object: KubeObject, apiVersion: string): KubeObject {
  if (object.apiVersion === apiVersion) return object;
  const conversion = CONVERSIONS.get(`${itemKind(object)} ${apiVersion}`);
  const { items, ...list } = object as KubeObject & { readonly items?: readonly KubeObject[] };
  if (items !== undefined && object.kind.endsWith("List"))
    return withVersion(
      Object.assign({}, list, { items: items.map((item) => convertItem(item, apiVersion, conversion)) }),
      apiVersion,
    );
  return withVersion(conversion === undefined ? object : conversion(object), apiVersion);
}

/** Items of a typed list may leave out what they are. */
function convertItem(item: KubeObject, apiVersion: string, conversion: Conversion | undefined): KubeObject {
  if (item.apiVersion === apiVersion || conversion === undefined) return item;
  const converted = conversion(item);
  return item.apiVersion === undefined ? converted : withVersion(converted, apiVersion);
}

function withVersion(object: KubeObject, apiVersion: string): KubeObject {
  const { kind, ...rest } = object;
  return { ...rest, apiVersion, kind };
}

function itemKind({ kind }: KubeObject): string {
  return kind.endsWith("List") ? kind.slice(0, -"List".length) : kind;
}
