// Events of the core group and of events.k8s.io: the same object under other names of fields.
// Source: kubernetes pkg/apis/events/v1/conversion.go.
import type { KubeObject } from "../meta.js";

/** [core/v1, events.k8s.io/v1]; fields that are not here have one name. */
const NAMES = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["source", "deprecatedSource"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
  ["reportingComponent", "reportingController"],
] as const;

const TO_EVENTS: ReadonlyMap<string, string> = new Map(NAMES);
const TO_CORE: ReadonlyMap<string, string> = new Map(NAMES.map(([core, events]) => [events, core]));

export function eventToEvents(event: KubeObject): KubeObject {
  return rename(event, TO_EVENTS);
}

export function eventToCore(event: KubeObject): KubeObject {
  return rename(event, TO_CORE);
}

function rename(event: KubeObject, names: ReadonlyMap<string, string>): KubeObject {
  const renamed = Object.entries(event).map(([name, value]) => [names.get(name) ?? name, value] as const);
  return Object.fromEntries(renamed) as unknown as KubeObject;
}
