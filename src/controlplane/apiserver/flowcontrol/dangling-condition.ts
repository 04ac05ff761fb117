// Whether a FlowSchema's level exists, as its status says: `kubectl get flowschemas` shows it as MISSINGPL.
// Source: apiserver pkg/util/flowcontrol/apf_controller.go (presyncFlowSchemaStatus).
import { notFound } from "../registry/api-failures.js";
import { kindRow } from "../object-access.js";
import type { Timers } from "../../../base/timers.js";
import type { ObjectStore } from "../storage/object-store.js";
import type { FlowSchemaObject } from "./flow-objects.js";

const TYPE = "Dangling";
const KIND = kindRow("flowcontrol.apiserver.k8s.io", "flowschemas");

/** Writes it where it is wrong. What cannot be written now is written with the next change. @param levels names */
export async function writeDangling(
  objects: ObjectStore,
  prefix: string,
  levels: ReadonlySet<string>,
  timers: Timers,
): Promise<void> {
  const schemas = [...objects.cache(prefix).entries("")];
  for (const { key, object } of schemas) {
    const before = object as FlowSchemaObject;
    if (withDangling(before, levels, timers) === before) continue;
    const absent = () => notFound(KIND, object.metadata.name);
    await objects
      .update(prefix, key, (current) => withDangling(current as FlowSchemaObject, levels, timers), absent)
      .catch(() => undefined);
  }
}

/** The same when it says so already. */
function withDangling(
  schema: FlowSchemaObject,
  levels: ReadonlySet<string>,
  timers: Timers,
): FlowSchemaObject {
  const { name } = schema.spec.priorityLevelConfiguration;
  const exists = levels.has(name);
  const status = exists ? "False" : "True";
  const reference = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)}`;
  const message = `${reference} ${exists ? "and it exists" : "but there is no such object"}`;
  const conditions = schema.status?.conditions ?? [];
  const now = conditions.find(({ type }) => type === TYPE);
  if (now?.status === status && now.message === message) return schema;
  const condition = {
    type: TYPE,
    status,
    reason: exists ? "Found" : "NotFound",
    message,
    lastTransitionTime: `${timers.wall().toISOString().slice(0, 19)}Z`,
  };
  const others = conditions.filter(({ type }) => type !== TYPE);
  return { ...schema, status: { ...schema.status, conditions: [...others, condition] } };
}
