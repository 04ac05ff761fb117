// Subresources that are the object itself, of which they may change one part: a whole object or a patch comes in, and
// only that part of it counts.
import { decodedBody } from "../object-codec.js";
import { toStorage } from "../../../api/codec/convert.js";
import type { KubeObject } from "../../../api/meta.js";
import type { ApiResponse } from "../../protocol/api-request.js";
import { patchedBy } from "../registry/patch-object.js";
import { answer, type ResourceCall, type ResourceHandler, timestamp } from "../registry/resource-call.js";
import { changeObject } from "../registry/update-object.js";
import type { SpecObject } from "../strategy/strategy.js";

/** `current` with the part of `given` that may change. @param now RFC 3339 */
type PartOf = (given: SpecObject, current: SpecObject, now: string) => SpecObject;

const finalizers: PartOf = (given, current) =>
  withSpec(current, { finalizers: given.spec?.["finalizers"] ?? [] });
const ephemeralContainers: PartOf = (given, current) =>
  withSpec(current, { ephemeralContainers: given.spec?.["ephemeralContainers"] ?? [] });
const containerSizes: PartOf = (given, current) =>
  withSpec(current, {
    containers: given.spec?.["containers"],
    ...(given.spec?.["initContainers"] === undefined ? {} : { initContainers: given.spec["initContainers"] }),
    ...(given.spec?.["resources"] === undefined ? {} : { resources: given.spec["resources"] }),
  });
const conditions: PartOf = (given, current, now) => ({
  ...current,
  status: {
    ...current.status,
    conditions: conditionsOf(given).map((condition) => dated(condition, conditionsOf(current), now)),
  },
});

interface Condition {
  readonly type?: string;
  readonly status?: string;
  readonly lastUpdateTime?: string | null;
  readonly lastTransitionTime?: string | null;
}

function conditionsOf({ status }: SpecObject): readonly Condition[] {
  return (status?.["conditions"] as readonly Condition[] | undefined) ?? [];
}

/** Who approves need not say when; a condition that was so keeps the time since when it is. */
function dated(condition: Condition, before: readonly Condition[], now: string): Condition {
  const old = before.find(({ type, status }) => type === condition.type && status === condition.status);
  return {
    ...condition,
    lastUpdateTime: condition.lastUpdateTime ?? now,
    lastTransitionTime: condition.lastTransitionTime ?? old?.lastTransitionTime ?? now,
  };
}

function withSpec(object: SpecObject, change: object): SpecObject {
  return { ...object, spec: { ...object.spec, ...change } };
}

function updateOf(part: PartOf): ResourceHandler {
  return async (call) => {
    const { kind, version } = call;
    const { object, warnings } = decodedBody(call.request, {
      group: kind.group,
      version,
      kind: kind.kind,
    });
    call.warnings.push(...warnings);
    const given = toStorage(object);
    return changePart(call, part, () => given);
  };
}

function patchOf(part: PartOf): ResourceHandler {
  return (call) => changePart(call, part, patchedBy(call));
}

async function changePart(
  call: ResourceCall,
  part: PartOf,
  givenFor: (current: KubeObject) => KubeObject,
): Promise<ApiResponse> {
  const change = (current: KubeObject) => {
    const given = givenFor(current);
    const next = part(given, current, timestamp(call.registry.timers));
    const { resourceVersion, managedFields } = given.metadata;
    // The version that the client saw counts, whatever else of its metadata does not.
    return { ...next, metadata: { ...next.metadata, resourceVersion, managedFields } } as KubeObject;
  };
  return answer(call, 200, await changeObject(call, { subresource: call.info.subresource, change }));
}

export const updateFinalizers = updateOf(finalizers);
export const updateEphemeralContainers = updateOf(ephemeralContainers);
export const patchEphemeralContainers = patchOf(ephemeralContainers);
export const updateResize = updateOf(containerSizes);
export const patchResize = patchOf(containerSizes);
export const updateApproval = updateOf(conditions);
export const patchApproval = patchOf(conditions);
