// Events. Those of the core group are taken almost as they come; events.k8s.io has rules for every field.
// Source: pkg/apis/core/validation/events.go.
import { jsonEquals } from "../patch/json-tree.js";
import type { KubeObject } from "../meta.js";
import { type Fields, isSet, part, text } from "./checks.js";
import { type Failure, IMMUTABLE, invalidValue, required } from "./failure.js";
import { checkText, qualifiedName } from "./names.js";

/** [field as stored, as failures call it, characters at most] */
const LIMITS = [
  ["reportingInstance", "reportingInstance", 128],
  ["action", "action", 128],
  ["reason", "reason", 128],
  ["note", "message", 1024],
] as const;

/** Of the core group; these are stored under the names of events.k8s.io, too. */
export function checkCoreEvent(event: Fields, failures: Failure[]): void {
  checkEither(event, "reportingComponent", failures);
}

/** Of events.k8s.io. */
export function checkEvent(event: Fields, failures: Failure[]): void {
  checkEither(event, "reportingController", failures);
}

/** Events with a time of their own are of the newer sort. */
function checkEither(event: Fields, reporter: string, failures: Failure[]): void {
  const namespace = text(part(event, "metadata"), "namespace");
  const about = text(part(event, "regarding"), "namespace");
  const isNewer = isSet(event["eventTime"]);
  const isAnywhere = namespace === "" || namespace === "default" || (isNewer && namespace === "kube-system");
  if (about === "" ? !isAnywhere : !isNewer && about !== namespace)
    failures.push(invalidValue("involvedObject.namespace", about, "does not match event.namespace"));
  if (!isNewer) return;
  const controller = text(event, "reportingController");
  if (controller === "") failures.push(required(reporter));
  checkText(qualifiedName, controller, reporter, failures);
  for (const [name, field, most] of LIMITS) {
    const value = text(event, name);
    if (value === "" && name !== "note") failures.push(required(field));
    if (Buffer.byteLength(value) > most)
      failures.push(invalidValue(field, "", `can have at most ${most} characters`));
  }
}

/** [field as stored, as failures call it]: what only events of the core group have. */
const DEPRECATED = [
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
] as const;

/** Of a new event of events.k8s.io, besides. */
export function checkNewEvent(event: Fields, failures: Failure[]): void {
  checkSeries(event, failures);
  if (!isSet(event["eventTime"])) failures.push(required("eventTime"));
  const type = text(event, "type");
  if (type !== "Normal" && type !== "Warning")
    failures.push(invalidValue("type", "", `has invalid value: ${type}`));
  for (const [name, field] of DEPRECATED)
    if (event[name]) failures.push(invalidValue(field, "", "needs to be unset"));
  const source = part(event, "deprecatedSource");
  if (source["component"] || source["host"]) failures.push(invalidValue("source", "", "needs to be unset"));
}

function checkSeries(event: Fields, failures: Failure[]): void {
  if (!isSet(event["series"])) return;
  const { count, lastObservedTime } = part(event, "series");
  if (typeof count !== "number" || count < 2)
    failures.push(invalidValue("series.count", "", "should be at least 2"));
  if (!isSet(lastObservedTime)) failures.push(required("series.lastObservedTime"));
}

/** Of an event of events.k8s.io only the series goes on. */
const FIXED = [
  ["regarding", "involvedObject"],
  ["reason", "reason"],
  ["note", "message"],
  ["deprecatedSource", "source"],
  ...DEPRECATED,
  ["type", "type"],
  ["eventTime", "eventTime"],
  ["action", "action"],
  ["related", "related"],
  ["reportingController", "reportingController"],
  ["reportingInstance", "reportingInstance"],
] as const;

export function checkEventUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [next as unknown as Fields, current as unknown as Fields];
  if (!jsonEquals(after["series"], before["series"])) checkSeries(after, failures);
  for (const [name, field] of FIXED) {
    const [value, was] = [after[name], before[name]];
    if (!isZero(value) || !isZero(was))
      if (!jsonEquals(value, was)) failures.push(invalidValue(field, value, IMMUTABLE));
  }
}

/** What Go's structs do not tell from an absent field. */
function isZero(value: unknown): boolean {
  return !value || (typeof value === "object" && Object.keys(value).length === 0);
}
