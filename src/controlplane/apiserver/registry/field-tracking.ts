// managedFields of ordinary writes. Programs of this process hand objects over and are not recorded: nobody asks what
// they own, and comparing every status they write would cost more than the write.
import { storageApiVersionOf } from "../../../api/codec/convert.js";
import { groupVersionOf } from "../../../api/kinds/kinds.js";
import type { KubeObject } from "../../../api/meta.js";
import { trackUpdate } from "../../../api/patch/field-tracking.js";
import type { JsonObject } from "../../../api/patch/json-tree.js";
import { extended } from "../../../base/extended.js";
import { schemaOf } from "../../../api/schema/schemas.js";
import { CreatedFields } from "./created-fields.js";
import { type ResourceCall, timestamp } from "./resource-call.js";

/** `next` with what differs from `current` (null: it is new) credited to the writer. */
export function tracked(
  call: ResourceCall,
  subresource: string,
  next: KubeObject,
  current: KubeObject | null,
): KubeObject {
  const { kind, request, registry } = call;
  const isFromOutside = request.body instanceof Uint8Array;
  if (
    !isFromOutside &&
    current?.metadata.managedFields === undefined &&
    next.metadata.managedFields === undefined
  )
    return next;
  // Objects are compared as they are stored: fields of other versions are rarely called otherwise.
  const apiVersion = storageApiVersionOf(kind);
  const schema = schemaOf(...groupVersionOf(apiVersion), kind.kind);
  if (schema === undefined) return next;
  const writer = {
    manager: fieldManager(call),
    apiVersion,
    subresource,
    schema,
    now: timestamp(registry.timers),
    resetFields: resetFields(call),
    isTracked: isFromOutside,
  };
  const track = () =>
    trackUpdate(
      current as unknown as JsonObject | null,
      next as unknown as JsonObject,
      writer,
    ) as unknown as KubeObject;
  return current === null && next.metadata.managedFields === undefined
    ? trackedNew(
        next,
        [kind.kind, writer.manager, apiVersion, subresource, ...writer.resetFields],
        writer.now,
        track,
      )
    : track();
}

const CREATED_FIELDS = new CreatedFields();

/** A new object, whose fields may be known from one of its shape. */
function trackedNew(
  next: KubeObject,
  writer: readonly string[],
  now: string,
  track: () => KubeObject,
): KubeObject {
  const known = CREATED_FIELDS.entryOf(writer, next);
  if (known !== undefined)
    return extended(next, {
      metadata: extended(next.metadata, { managedFields: [{ ...known, time: now }] }),
    });
  const tracked = track();
  CREATED_FIELDS.keep(writer, next, tracked.metadata.managedFields);
  return tracked;
}

/** What a write to this part of the object cannot set. */
export function resetFields({ kind, info }: ResourceCall): readonly string[] {
  if (info.subresource === "status") return ["spec"];
  return kind.subresources.some((each) => each.name === "status") ? ["status"] : [];
}

/** Who writes, for managedFields: as asked, else the program's name. */
export function fieldManager(call: ResourceCall): string {
  const asked = call.request.query.get("fieldManager");
  if (asked !== null && asked !== "") return asked;
  return call.request.headers["user-agent"]?.split("/")[0] || "unknown";
}
