// Objects reduced to their metadata.
import type { KubeObject } from "../../../api/meta.js";

export function partialMetadata(object: KubeObject, version: string): KubeObject {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

export function partialMetadataList(
  list: { readonly metadata: object; readonly items: readonly KubeObject[] },
  version: string,
): object {
  return {
    kind: "PartialObjectMetadataList",
    apiVersion: `meta.k8s.io/${version}`,
    metadata: list.metadata,
    items: list.items.map((object) => partialMetadata(object, version)),
  };
}
