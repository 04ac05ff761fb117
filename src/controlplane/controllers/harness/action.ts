// What a decision asks for, as data: tests read it, the shell carries it out, one after the other.
import type { KubeObject } from "../../../api/meta.js";
import { isStatus } from "../../../api/status.js";
import type { PatchType } from "../../protocol/api-request.js";
import type { Client, DeleteOptions } from "../../client/client.js";
import type { EventRecorder } from "../../client/event-recorder.js";
import { clientOf, type Resource } from "../../client/resources.js";

export type Action =
  | { readonly kind: "create"; readonly resource: Resource; readonly object: KubeObject }
  | { readonly kind: "update"; readonly resource: Resource; readonly object: KubeObject }
  | { readonly kind: "updateStatus"; readonly resource: Resource; readonly object: KubeObject }
  | {
      readonly kind: "patch";
      readonly resource: Resource;
      readonly object: KubeObject;
      readonly type: PatchType;
      readonly patch: object;
    }
  /** What is gone already is as good as deleted; another object of that name is left alone. */
  | {
      readonly kind: "delete";
      readonly resource: Resource;
      readonly object: KubeObject;
      readonly options?: DeleteOptions;
    }
  /** Recorded when all actions before it succeeded. */
  | {
      readonly kind: "event";
      readonly subject: KubeObject;
      readonly type: "Normal" | "Warning";
      readonly reason: string;
      readonly message: string;
    };

/** Stops at the first failure. */
export async function carryOut(
  actions: readonly Action[],
  context: { readonly client: Client; readonly events: EventRecorder },
): Promise<void> {
  for (const action of actions) {
    if (action.kind === "event")
      context.events.record(action.subject, action.type, action.reason, action.message);
    else await carryOutOne(action, context.client);
  }
}

async function carryOutOne(action: Exclude<Action, { kind: "event" }>, client: Client): Promise<void> {
  const { object } = action;
  const { name, uid } = object.metadata;
  const resource = clientOf(client, action.resource, object.metadata.namespace ?? null);
  switch (action.kind) {
    case "create":
      await resource.create(object);
      return;
    case "update":
      await resource.update(object);
      return;
    case "updateStatus":
      await resource.updateStatus(object);
      return;
    case "patch":
      await resource.patch(name, action.type, action.patch);
      return;
    case "delete":
      try {
        await resource.delete(name, {
          ...action.options,
          ...(uid === undefined ? {} : { preconditions: { uid } }),
        });
      } catch (error) {
        if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
      }
  }
}
