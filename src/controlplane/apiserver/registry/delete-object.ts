// DELETE: at once, or marked for deletion when a kubelet, a finalizer or a namespace's contents must end first.
// Source: apiserver pkg/registry/rest/delete.go (BeforeDelete), pkg/registry/generic/registry/store.go (Delete).
import { toVersion } from "../object-codec.js";
import type { KubeObject } from "../../../api/meta.js";
import type { Status } from "../../../api/status.js";
import type { ApiResponse } from "../../protocol/api-request.js";
import { strategyOf } from "../strategy/strategies.js";
import { admitDeletion } from "./admission-steps.js";
import { conflict, notFound } from "./api-failures.js";
import { type DeleteOptions, deleteOptionsOf, finalizersAfter } from "./delete-options.js";
import { listedPage } from "./list-objects.js";
import { withMetadata } from "./object-metadata.js";
import { answer, apiVersion, keyOf, type ResourceCall, timestamp } from "./resource-call.js";

interface Deletion {
  readonly object: KubeObject;
  /** False: it is marked, and goes when what it waits for is done. */
  readonly isGone: boolean;
}

export async function deleteObject(call: ResourceCall): Promise<ApiResponse> {
  const options = deleteOptionsOf(call);
  const { object, isGone } = await deleteNamed(call, call.info.name, options);
  if (!isGone) return answer(call, options.orphanDependents === false ? 202 : 200, object);
  if (strategyOf(call.kind).returnsDeleted) return answer(call, 200, object);
  return { kind: "object", code: 200, object: deletedStatus(call, object) };
}

/** One after the other; what others delete meanwhile does not matter. */
export async function deleteCollection(call: ResourceCall): Promise<ApiResponse> {
  const options = deleteOptionsOf(call);
  const { objects, revision } = await listedPage(call);
  for (const object of objects) {
    const { name, namespace = "" } = object.metadata;
    const one: ResourceCall = { ...call, info: { ...call.info, name, namespace } };
    await deleteNamed(one, name, options).catch((error: unknown) => {
      if ((error as { status?: Status }).status?.reason !== "NotFound") throw error;
    });
  }
  const items = objects.map((object) => toVersion(object, call.kind, call.version));
  const metadata = { resourceVersion: String(revision) };
  return {
    kind: "object",
    code: 200,
    object: { kind: `${call.kind.kind}List`, apiVersion: apiVersion(call), metadata, items },
  };
}

/** @throws {StatusError} NotFound, Conflict when the preconditions fail, and what admission refuses */
export async function deleteNamed(
  call: ResourceCall,
  name: string,
  options: DeleteOptions,
): Promise<Deletion> {
  let result: Deletion | null = null;
  const last = await call.registry.objects.update(
    call.prefix,
    keyOf(call, name),
    async (current) => {
      checkPreconditions(call, name, options, current);
      await admitDeletion(call, current);
      const next = afterDeletion(call, options, current);
      result = next === null ? null : { object: next, isGone: false };
      if (!call.isDryRun) return next;
      result ??= { object: current, isGone: true };
      return current;
    },
    () => notFound(call.kind, name),
  );
  if (result === null) return { object: last, isGone: true };
  return call.isDryRun ? result : { object: last, isGone: false };
}

function checkPreconditions(
  call: ResourceCall,
  name: string,
  options: DeleteOptions,
  current: KubeObject,
): void {
  const { uid, resourceVersion } = options.preconditions;
  if (uid !== undefined && uid !== current.metadata.uid)
    throw conflict(
      call.kind,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
    );
  if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion)
    throw conflict(
      call.kind,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${current.metadata.resourceVersion}`,
    );
}

/** What a request to delete makes of an object; null: nothing is left. */
function afterDeletion(call: ResourceCall, options: DeleteOptions, current: KubeObject): KubeObject | null {
  const strategy = strategyOf(call.kind);
  const finalizers = finalizersAfter(current, options, strategy.defaultPropagation);
  const grace = graceSeconds(call, options, current);
  const withFinalizers = withMetadata(current, { finalizers });
  if (grace === 0 && finalizers.length === 0 && !strategy.mustStay(current)) return null;
  refuseSecondNamespaceDeletion(call, current, finalizers);
  return marked(call, withFinalizers, grace);
}

/** A namespace that is being emptied is not deleted twice. */
function refuseSecondNamespaceDeletion(
  call: ResourceCall,
  current: KubeObject,
  finalizers: readonly string[],
): void {
  const isWaiting = current.metadata.deletionTimestamp !== undefined && finalizers.length === 0;
  if (isWaiting && strategyOf(call.kind).mustStay(current))
    throw conflict(
      call.kind,
      current.metadata.name,
      "The system is ensuring all content is removed from this namespace.  Upon completion, this namespace will automatically be purged by the system.",
    );
}

function graceSeconds(call: ResourceCall, options: DeleteOptions, current: KubeObject): number {
  const { graceSeconds: graceOf } = strategyOf(call.kind);
  if (graceOf === null) return 0;
  const grace = graceOf(current, options.gracePeriodSeconds);
  const { deletionTimestamp, deletionGracePeriodSeconds } = current.metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return grace;
  // A second request can only hasten the end, and only if it says so.
  const asked = options.gracePeriodSeconds === null && grace !== 0 ? deletionGracePeriodSeconds : grace;
  return Math.min(asked, deletionGracePeriodSeconds);
}

function marked(call: ResourceCall, object: KubeObject, grace: number): KubeObject {
  const { metadata } = object;
  const { timers } = call.registry;
  if (metadata.deletionTimestamp !== undefined) {
    if (metadata.deletionGracePeriodSeconds === grace) return object;
    return withMetadata(object, {
      deletionTimestamp: timestamp(timers, grace),
      deletionGracePeriodSeconds: grace,
    });
  }
  const generation = metadata.generation === undefined ? {} : { generation: metadata.generation + 1 };
  return strategyOf(call.kind).forDeletion(
    withMetadata(object, {
      deletionTimestamp: timestamp(timers, grace),
      deletionGracePeriodSeconds: grace,
      ...generation,
    }),
  );
}

function deletedStatus(call: ResourceCall, object: KubeObject): Status {
  const { name, uid } = object.metadata;
  const { group, plural } = call.kind;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      name,
      ...(group === "" ? {} : { group }),
      kind: plural,
      ...(uid === undefined ? {} : { uid }),
    },
    code: 200,
  };
}
