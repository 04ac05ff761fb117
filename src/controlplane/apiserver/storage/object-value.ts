// Objects as values of the store: JSON of the storage version, without the resourceVersion, which is the key's revision.
import { StatusError } from "../../../api/status.js";
import type { KubeObject } from "../../../api/meta.js";
import { extended } from "../../../base/extended.js";
import type { KeyValue, Revision } from "../../store/store.js";
import { keepText, sharedText } from "./object-text.js";

const decoder = new TextDecoder("utf-8");

/**
 * An object on its way to the store. The object is the writer's own copy until its revision is known; then it is shared
 * with all readers, so that nothing that was written here is ever parsed again.
 */
export interface Draft {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly object: KubeObject;
  /** What `bytes` say. */
  readonly text: string;
  /** Where in the text the resourceVersion belongs: after all else that is in the metadata. */
  readonly revisionOffset: number;
}

export function draftOf(key: string, object: KubeObject): Draft {
  const own = extended(object, { metadata: withoutRevision(object.metadata) });
  const { text, revisionOffset } = draftText(own);
  return { key, bytes: Buffer.from(text), object: own, text, revisionOffset };
}

function draftText(object: KubeObject): Pick<Draft, "text" | "revisionOffset"> {
  let text = "";
  let revisionOffset = 0;
  for (const name in object) {
    const value = object[name as keyof KubeObject];
    if (value === undefined) continue;
    const isMetadata = name === "metadata";
    const valueText = isMetadata ? metadataText(object.metadata) : JSON.stringify(value);
    text += `${text === "" ? "{" : ","}${JSON.stringify(name)}:${valueText}`;
    if (isMetadata) revisionOffset = text.length - 1;
  }
  return { text: `${text}}`, revisionOffset };
}

/** Fields come last, as upstream writes them. Many objects share theirs, which are half of what a Pod's JSON costs. */
function metadataText(metadata: KubeObject["metadata"]): string {
  const { managedFields = [] } = metadata as { readonly managedFields?: readonly ManagedFields[] };
  if (managedFields.length === 0) return JSON.stringify(metadata);
  const rest = JSON.stringify({ ...metadata, managedFields: undefined });
  return `${rest.slice(0, -1)},"managedFields":[${managedFields.map(entryText).join(",")}]}`;
}

interface ManagedFields {
  readonly manager?: string;
  readonly fieldsV1?: object;
}

function entryText(entry: ManagedFields): string {
  const fieldsText = entry.fieldsV1 === undefined ? undefined : sharedText(entry.fieldsV1);
  if (fieldsText === undefined) return JSON.stringify(entry);
  return `${JSON.stringify({ ...entry, fieldsV1: undefined }).slice(0, -1)},"fieldsV1":${fieldsText}}`;
}

/** JSON leaves the undefined field out, and the place for it is there already. */
function withoutRevision(metadata: KubeObject["metadata"]): KubeObject["metadata"] {
  return extended(metadata, { resourceVersion: undefined }) as unknown as KubeObject["metadata"];
}

/** The draft's object as it was stored. */
export function finished(draft: Draft, revision: Revision): KubeObject {
  const { object, text, revisionOffset } = draft;
  if (object.metadata.resourceVersion !== undefined) return object;
  (object.metadata as { resourceVersion?: string }).resourceVersion = String(revision);
  keepText(
    object,
    `${text.slice(0, revisionOffset)},"resourceVersion":"${revision}"${text.slice(revisionOffset)}`,
  );
  return object;
}

export function isDraftOf(draft: Draft, kv: KeyValue): boolean {
  return draft.bytes === kv.value || Buffer.compare(draft.bytes, kv.value) === 0;
}

export function parsedValue(kv: KeyValue): KubeObject {
  const object: unknown = parsedJson(kv);
  const metadata = (object as KubeObject | null)?.metadata;
  if (typeof metadata !== "object" || metadata === null)
    throw new StatusError("InternalError", `Cannot read key '${kv.key}': its value is not an object`);
  (metadata as { resourceVersion?: string }).resourceVersion = String(kv.modRevision);
  return object as KubeObject;
}

function parsedJson(kv: KeyValue): unknown {
  try {
    return JSON.parse(decoder.decode(kv.value));
  } catch (error) {
    throw new StatusError(
      "InternalError",
      `Cannot read key '${kv.key}': ${error instanceof Error ? error.message : error}`,
    );
  }
}

export function atRevision(object: KubeObject, revision: Revision): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

export function revisionOf(object: KubeObject): Revision {
  return Number(object.metadata.resourceVersion);
}
