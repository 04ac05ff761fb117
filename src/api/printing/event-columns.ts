// Columns of Events, which are the same objects in the core group and in events.k8s.io under other field names.
// Source: pkg/printers/internalversion/printers.go printEvent.
import type { Event as CoreEvent } from "kubernetes-types/core/v1.js";
import type { Event as EventsEvent } from "kubernetes-types/events/v1.js";
import { ageOf } from "./human-duration.js";
import { Columns } from "./printer-columns.js";

type Event = Partial<CoreEvent> & Partial<Pick<EventsEvent, EventsOnly>>;
type EventsOnly =
  | "regarding"
  | "note"
  | "deprecatedSource"
  | "deprecatedFirstTimestamp"
  | "deprecatedLastTimestamp"
  | "deprecatedCount"
  | "reportingController";

export const EVENT_COLUMNS = new Columns<Event>()
  .text("Last Seen", lastSeen)
  .text("Type", ({ type }) => type ?? "")
  .text("Reason", ({ reason }) => reason ?? "")
  .text("Object", objectText)
  .wide("Subobject", (event) => objectOf(event)?.fieldPath ?? "")
  .wide("Source", sourceText)
  .text("Message", ({ message, note }) => (message ?? note ?? "").trim())
  .wide("First Seen", firstSeen)
  .wide("Count", ({ series, count, deprecatedCount }) => series?.count ?? (count || deprecatedCount || 1))
  .name(1).list;

function objectOf({ involvedObject, regarding }: Event): CoreEvent["involvedObject"] | undefined {
  return involvedObject ?? regarding;
}

/** "pod/web-0" */
function objectText(event: Event): string {
  const { kind = "", name = "" } = objectOf(event) ?? {};
  return name === "" ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
}

/** "kubelet, node-1" */
function sourceText({
  source,
  deprecatedSource,
  reportingComponent,
  reportingController,
  reportingInstance,
}: Event): string {
  const { component, host } = source ?? deprecatedSource ?? {};
  const instance = host || reportingInstance || "";
  const reporter = component || reportingComponent || reportingController || "";
  return instance === "" ? reporter : `${reporter}, ${instance}`;
}

function firstSeen({ firstTimestamp, deprecatedFirstTimestamp, eventTime }: Event, nowMs: number): string {
  return ageOf(firstTimestamp || deprecatedFirstTimestamp || eventTime, nowMs);
}

function lastSeen(event: Event, nowMs: number): string {
  const { series, lastTimestamp, deprecatedLastTimestamp } = event;
  if (series) return ageOf(series.lastObservedTime, nowMs);
  const last = lastTimestamp || deprecatedLastTimestamp;
  return last ? ageOf(last, nowMs) : firstSeen(event, nowMs);
}
