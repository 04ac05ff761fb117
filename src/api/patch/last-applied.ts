// What kubectl's client-side apply left behind: the annotation that holds the configuration it applied last.
// Source: apimachinery pkg/util/managedfields/internal/lastapplied.go, lastappliedmanager.go, lastappliedupdater.go.
import type { TypeSchema } from "../schema/type-schema.js";
import { problemsOf, statedFields } from "./applied-fields.js";
import { compareFields } from "./field-comparison.js";
import { differenceOf, type FieldSet } from "./field-set.js";
import { isJsonObject, type JsonObject, sortedJson } from "./json-tree.js";

const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";
/** Annotations of an object may be this long in all; a longer configuration is not written down. */
const ANNOTATIONS_BYTES_MAX = 256 * 1024;

export function hasLastApplied(object: JsonObject): boolean {
  const text = annotationsOf(object)[ANNOTATION];
  return typeof text === "string" && text !== "";
}

/** Fields that the live object still has as client-side apply left them; null: that is not known. */
export function ownedByLastApplied(
  live: JsonObject,
  apiVersion: string,
  schema: TypeSchema,
): FieldSet | null {
  const applied = parsed(annotationsOf(live)[ANNOTATION]);
  if (applied === null || applied["apiVersion"] !== apiVersion || problemsOf(applied, schema).length > 0)
    return null;
  const { added, modified, removed } = compareFields(applied, live, schema, "stored");
  const stated = statedFields(applied, schema);
  return [modified, added, removed].reduce(differenceOf, stated);
}

/** The object with the configuration written down, so that an older kubectl can go on from it. */
export function withLastApplied(object: JsonObject, configuration: JsonObject): JsonObject {
  const metadata = object["metadata"] as JsonObject;
  const text = `${sortedJson(withoutAnnotation(configuration))}\n`;
  const annotations = { ...annotationsOf(object), [ANNOTATION]: text };
  if (text.length > ANNOTATIONS_BYTES_MAX) delete (annotations as Record<string, unknown>)[ANNOTATION];
  return { ...object, metadata: { ...metadata, annotations } };
}

function withoutAnnotation(configuration: JsonObject): JsonObject {
  const { metadata } = configuration;
  if (!isJsonObject(metadata) || !isJsonObject(metadata["annotations"])) return configuration;
  const { [ANNOTATION]: _, ...annotations } = metadata["annotations"];
  return { ...configuration, metadata: { ...metadata, annotations } };
}

function annotationsOf(object: JsonObject): JsonObject {
  const { metadata } = object;
  return isJsonObject(metadata) && isJsonObject(metadata["annotations"]) ? metadata["annotations"] : {};
}

function parsed(text: unknown): JsonObject | null {
  if (typeof text !== "string" || text === "") return null;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
