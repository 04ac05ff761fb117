// metadata that the server sets, and what of a client's metadata it refuses.
// Source: apiserver pkg/registry/rest/{meta,create,update}.go; apimachinery pkg/api/validation/path.
import type { Kind } from "../../../api/kinds/kind.js";
import type { KubeObject, ObjectMeta } from "../../../api/meta.js";
import { extended } from "../../../base/extended.js";
import type { Prng } from "../../../base/prng.js";
import { STATUS } from "../../../api/kinds/kind.js";
import { strategyOf } from "../strategy/strategies.js";
import type { SpecObject } from "../strategy/strategy.js";
import { badRequest, invalid } from "./api-failures.js";
import { type ResourceCall, timestamp } from "./resource-call.js";

/** Upstream's: no vowels, so that no words come out. */
const SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH = 5;
const GENERATED_NAME_MAX = 63;

export function generatedName(prng: Prng, base: string): string {
  const suffix = Array.from(
    { length: SUFFIX_LENGTH },
    () => SUFFIX_LETTERS[prng.below(SUFFIX_LETTERS.length)],
  );
  // In one piece, since it is read many times.
  return [base.slice(0, GENERATED_NAME_MAX - SUFFIX_LENGTH), ...suffix].join("");
}

export function newMetadata(call: ResourceCall, given: ObjectMeta, name: string): ObjectMeta {
  const { kind, info, registry } = call;
  if (given.resourceVersion) throw badRequest("resourceVersion should not be set on objects to be created");
  checkPathName(kind, name);
  checkNamespace(kind, info.namespace, given.namespace);
  const metadata = extended(withoutServerFields(given), {
    name,
    uid: registry.newUid(),
    creationTimestamp: timestamp(registry.timers),
  }) as { -readonly [Name in keyof ObjectMeta]: ObjectMeta[Name] };
  if (kind.isNamespaced) metadata.namespace = info.namespace;
  if (strategyOf(kind).hasGeneration) metadata.generation = 1;
  return metadata;
}

/** Nobody says of a new object at which revision it is or when it was deleted; a namespace is said to have none by "". */
function withoutServerFields(given: ObjectMeta): ObjectMeta {
  const { resourceVersion, deletionTimestamp, deletionGracePeriodSeconds, namespace, ...kept } = given;
  const isBare =
    resourceVersion === undefined &&
    deletionTimestamp === undefined &&
    deletionGracePeriodSeconds === undefined &&
    namespace !== "";
  return isBare ? given : kept;
}

/** Both the path's and the body's namespace, which must not differ. */
function checkNamespace(kind: Kind, ofPath: string, ofBody: string | undefined): void {
  if (!kind.isNamespaced && ofBody)
    throw badRequest("the namespace of the provided object must be empty: this kind has no namespaces");
  if (kind.isNamespaced && ofBody && ofBody !== ofPath)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
}

/** Names are parts of paths. */
function checkPathName(kind: Kind, name: string): void {
  const why =
    name === "." || name === ".."
      ? `may not be '${name}'`
      : name.includes("/")
        ? "may not contain '/'"
        : name.includes("%")
          ? "may not contain '%'"
          : null;
  if (why === null) return;
  throw invalid(kind, name, [
    {
      field: "metadata.name",
      message: `Invalid value: ${JSON.stringify(name)}: ${why}`,
      reason: "FieldValueInvalid",
    },
  ]);
}

function hasSubresource(kind: Kind, name: string): boolean {
  return kind.subresources.some((each) => each.name === name);
}

/** Only the status subresource sets the status, where there is one. */
export function withoutStatus(kind: Kind, object: SpecObject): SpecObject {
  if (object.status === undefined || !hasSubresource(kind, STATUS.name)) return object;
  const { status: _status, ...kept } = object;
  return kept;
}

/** `next` with the status of `current`. */
export function withStatusOf(kind: Kind, next: SpecObject, current: SpecObject): SpecObject {
  if (!hasSubresource(kind, STATUS.name)) return next;
  if (current.status === undefined) return withoutStatus(kind, next);
  return { ...next, status: current.status };
}

/** Metadata of an update: what the server keeps, whatever the client sent. */
export function updatedMetadata(given: ObjectMeta, current: ObjectMeta): ObjectMeta {
  const {
    deletionTimestamp: _timestamp,
    deletionGracePeriodSeconds: _grace,
    generation: _generation,
    ...kept
  } = given;
  return {
    ...kept,
    name: current.name,
    ...part("namespace", current.namespace),
    ...part("uid", current.uid),
    ...part("creationTimestamp", current.creationTimestamp),
    ...part("generateName", current.generateName ?? given.generateName),
    ...part("resourceVersion", current.resourceVersion),
    ...part("generation", current.generation),
    ...part("deletionTimestamp", current.deletionTimestamp),
    ...part("deletionGracePeriodSeconds", current.deletionGracePeriodSeconds),
  } as ObjectMeta;
}

function part<Name extends keyof ObjectMeta>(name: Name, value: ObjectMeta[Name] | undefined) {
  return value === undefined ? {} : { [name]: value };
}

export function withMetadata<Kind extends KubeObject>(object: Kind, change: Partial<ObjectMeta>): Kind {
  return { ...object, metadata: { ...object.metadata, ...change } };
}
