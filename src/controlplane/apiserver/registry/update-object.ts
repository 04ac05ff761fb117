// PUT and everything else that changes an object: what of the change counts, admission, and the write, again and again
// until nobody comes between.
// Source: apiserver pkg/registry/rest/update.go, pkg/registry/generic/registry/store.go (deletion during update).
import { decodedBody } from "../object-codec.js";
import { toStorage } from "../../../api/codec/convert.js";
import type { KubeObject } from "../../../api/meta.js";
import type { ApiResponse } from "../../protocol/api-request.js";
import { jsonEquals } from "../../../api/patch/json-tree.js";
import { strategyOf } from "../strategy/strategies.js";
import type { SpecObject } from "../strategy/strategy.js";
import { admitted } from "./admission-steps.js";
import { badRequest, conflict, invalid, notFound, OPTIMISTIC_LOCK } from "./api-failures.js";
import { create } from "./create-object.js";
import { updatedMetadata, withMetadata, withStatusOf } from "./object-metadata.js";
import { answer, keyOf, type ResourceCall } from "./resource-call.js";

/** PUT of the object or of its status. */
export async function updateObject(call: ResourceCall): Promise<ApiResponse> {
  const { kind, version, registry, info } = call;
  const decoded = decodedBody(call.request, { group: kind.group, version, kind: kind.kind });
  call.warnings.push(...decoded.warnings);
  const given = toStorage(decoded.object);
  checkName(call, given);
  const mayCreate = info.subresource === "" && strategyOf(kind).allowsCreateOnUpdate;
  if (mayCreate) {
    await registry.objects.fresh();
    if (registry.objects.cache(call.prefix).get(keyOf(call, info.name)) === undefined && !given.metadata.uid)
      return answer(
        call,
        201,
        await create(call, withMetadata(given, { resourceVersion: undefined } as object)),
      );
  }
  const change = () => given;
  return answer(
    call,
    200,
    await changeObject(call, { subresource: info.subresource, change, isWhole: true }),
  );
}

function checkName(call: ResourceCall, given: KubeObject): void {
  const { name, namespace } = given.metadata;
  if (!name)
    throw badRequest("the name of the object must be given in its metadata, and be the one of the URL");
  if (name !== call.info.name)
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${call.info.name})`,
    );
  if (call.kind.isNamespaced && namespace && namespace !== call.info.namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
}

export interface ObjectChange {
  /** Which part of the object may change: "" all but the status, "status" the status alone, else what `change` changes. */
  readonly subresource: string;
  /** @throws {StatusError} to give up */
  readonly change: (current: KubeObject) => KubeObject | Promise<KubeObject>;
  /** The client sent the whole object: for some kinds it must say which version it saw. */
  readonly isWhole?: boolean;
}

/**
 * Changes one object in the store, or says how it would be (dry run).
 *
 * @returns as stored; as the change left it when that ended its deletion
 * @throws {StatusError} NotFound, Conflict, Invalid, and what admission refuses
 */
export async function changeObject(call: ResourceCall, options: ObjectChange): Promise<KubeObject> {
  const { registry, kind, info } = call;
  let unstored: KubeObject | null = null;
  const stored = await registry.objects.update(
    call.prefix,
    keyOf(call, info.name),
    async (current) => {
      const next = await readyForUpdate(call, options, current);
      const isLast = isFinished(call, next);
      unstored = call.isDryRun || isLast ? next : null;
      if (call.isDryRun) return current;
      return isLast ? null : next;
    },
    () => notFound(kind, info.name),
  );
  return unstored ?? stored;
}

async function readyForUpdate(
  call: ResourceCall,
  options: ObjectChange,
  current: KubeObject,
): Promise<KubeObject> {
  const { subresource } = options;
  const changing = options.change(current);
  const given = changing instanceof Promise ? await changing : changing;
  if (given === current) return current;
  checkPreconditions(call, given, current, options.isWhole === true);
  const next = allowedChange(call, subresource, given, current);
  checkFinalizers(call, next, current);
  return admitted(call, { operation: "UPDATE", subresource, object: next, oldObject: current });
}

function checkPreconditions(
  call: ResourceCall,
  given: KubeObject,
  current: KubeObject,
  isWhole: boolean,
): void {
  const { kind, info } = call;
  const { uid, resourceVersion } = given.metadata;
  if (uid && uid !== current.metadata.uid)
    throw conflict(
      kind,
      info.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
    );
  const isGiven = !!resourceVersion && resourceVersion !== "0";
  if (isGiven && resourceVersion !== current.metadata.resourceVersion)
    throw conflict(kind, info.name, OPTIMISTIC_LOCK);
  if (!isGiven && isWhole && !strategyOf(kind).allowsUnconditionalUpdate)
    throw invalid(kind, info.name, [
      {
        field: "metadata.resourceVersion",
        message: "Invalid value: 0: must be specified for an update",
        reason: "FieldValueInvalid",
      },
    ]);
}

/** What of the change the request's part of the object may have. */
function allowedChange(
  call: ResourceCall,
  subresource: string,
  given: SpecObject,
  current: SpecObject,
): KubeObject {
  const { kind } = call;
  const metadata = updatedMetadata(given.metadata, current.metadata);
  if (subresource === "status")
    return { ...current, ...statusOf(given), metadata: ownersOf(metadata, current) };
  // What other subresources may change, `change` has seen to.
  const kept =
    subresource === ""
      ? strategyOf(kind).forUpdate(withStatusOf(kind, { ...given, metadata }, current), current)
      : { ...given, metadata };
  if (!strategyOf(kind).hasGeneration || isSameDesire(kept, current)) return kept;
  return withMetadata(kept, { generation: (current.metadata.generation ?? 0) + 1 });
}

function statusOf(object: SpecObject): object {
  return { status: object.status ?? {} };
}

function ownersOf(metadata: KubeObject["metadata"], current: KubeObject): KubeObject["metadata"] {
  const { ownerReferences: _given, ...kept } = metadata;
  const { ownerReferences } = current.metadata;
  return ownerReferences === undefined ? kept : { ...kept, ownerReferences };
}

/** Nothing but metadata and status differs. */
function isSameDesire(next: SpecObject, current: SpecObject): boolean {
  const desire = ({ metadata: _metadata, status: _status, ...rest }: SpecObject) => rest;
  return jsonEquals(desire(next), desire(current));
}

function checkFinalizers(call: ResourceCall, next: KubeObject, current: KubeObject): void {
  if (current.metadata.deletionTimestamp === undefined) return;
  const had = new Set(current.metadata.finalizers);
  const added = (next.metadata.finalizers ?? []).filter((each) => !had.has(each));
  if (added.length === 0) return;
  throw invalid(call.kind, call.info.name, [
    {
      field: "metadata.finalizers",
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((each) => JSON.stringify(each)).join(", ")}}`,
      reason: "FieldValueForbidden",
    },
  ]);
}

/** The last thing that its deletion waited for is gone. */
function isFinished(call: ResourceCall, object: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [], deletionGracePeriodSeconds = 0 } = object.metadata;
  return (
    deletionTimestamp !== undefined &&
    finalizers.length === 0 &&
    deletionGracePeriodSeconds === 0 &&
    !strategyOf(call.kind).mustStay(object)
  );
}
