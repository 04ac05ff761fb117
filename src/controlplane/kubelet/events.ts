// Events as kubelets report them. One object per cause: what happens again raises its count instead.
// Source: client-go tools/record events_cache.go; kubernetes pkg/kubelet/events.
import type { KubeObject } from "../../api/meta.js";
import { type Timers, wallMs } from "../../base/timers.js";
import type { Client, ResourceName } from "../client/client.js";
import { timestamp } from "./pod/pod.js";

export type EventType = "Normal" | "Warning";

/** Where events go. Nothing waits for them and nothing fails when they do. */
export interface EventSink {
  /** @param fieldPath which part of it: "spec.containers{web}"; null: all */
  report(
    nodeName: string,
    regarding: KubeObject,
    fieldPath: string | null,
    type: EventType,
    reason: string,
    message: string,
  ): void;
}

/** For runs where events would be most of the load. */
export const NO_EVENTS: EventSink = { report() {} };

const EVENTS: ResourceName = { group: "", version: "v1", resource: "events" };
/** Causes that are remembered; the oldest is forgotten. */
const CAUSES_MAX = 4096;
const IN_FLIGHT_MAX = 1000;

interface Cause {
  readonly name: string;
  readonly namespace: string;
  count: number;
  /** Its first write, and after it each next one. */
  written: Promise<unknown>;
}

export class EventReporter implements EventSink {
  readonly #client: Client;
  readonly #timers: Timers;
  readonly #causes = new Map<string, Cause>();
  #serial = 0;
  #inFlight = 0;
  /** Could not be written, or too many were on their way. */
  droppedCount = 0;

  constructor(client: Client, timers: Timers) {
    this.#client = client;
    this.#timers = timers;
  }

  report(
    nodeName: string,
    regarding: KubeObject,
    fieldPath: string | null,
    type: EventType,
    reason: string,
    message: string,
  ): void {
    if (this.#inFlight >= IN_FLIGHT_MAX) {
      this.droppedCount++;
      return;
    }
    const { metadata } = regarding;
    const key = `${metadata.uid}|${fieldPath}|${type}|${reason}|${message}|${nodeName}`;
    const known = this.#causes.get(key);
    const now = timestamp(wallMs(this.#timers));
    if (known !== undefined) {
      known.count++;
      const patch = { count: known.count, lastTimestamp: now };
      this.#write(known, () => this.#events(known.namespace).patch(known.name, "merge", patch));
      return;
    }
    const cause: Cause = {
      name: `${metadata.name}.${this.#suffix()}`,
      namespace: metadata.namespace ?? "default",
      count: 1,
      written: Promise.resolve(),
    };
    this.#remember(key, cause);
    const event = eventObject(cause, { nodeName, regarding, fieldPath, type, reason, message, now });
    this.#write(cause, () => this.#events(cause.namespace).create(event));
  }

  #events(namespace: string) {
    return this.#client.resource(EVENTS, namespace);
  }

  #write(cause: Cause, send: () => Promise<unknown>): void {
    this.#inFlight++;
    cause.written = cause.written
      .then(send)
      .catch(() => {
        this.droppedCount++;
      })
      .finally(() => {
        this.#inFlight--;
      });
  }

  #remember(key: string, cause: Cause): void {
    if (this.#causes.size >= CAUSES_MAX) this.#causes.delete(this.#causes.keys().next().value as string);
    this.#causes.set(key, cause);
  }

  /** As upstream: the time in hexadecimal, here with a serial number for what happens at once. */
  #suffix(): string {
    return ((BigInt(wallMs(this.#timers)) << 20n) + BigInt(this.#serial++ & 0xfffff)).toString(16);
  }
}

interface EventParts {
  readonly nodeName: string;
  readonly regarding: KubeObject;
  readonly fieldPath: string | null;
  readonly type: EventType;
  readonly reason: string;
  readonly message: string;
  readonly now: string;
}

function eventObject(cause: Cause, parts: EventParts): object {
  const { regarding, nodeName, now } = parts;
  const { metadata } = regarding;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: cause.name, namespace: cause.namespace },
    involvedObject: {
      kind: regarding.kind,
      apiVersion: regarding.apiVersion,
      name: metadata.name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
      ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
      ...(parts.fieldPath === null ? {} : { fieldPath: parts.fieldPath }),
    },
    reason: parts.reason,
    message: parts.message,
    type: parts.type,
    source: { component: "kubelet", host: nodeName },
    reportingComponent: "kubelet",
    reportingInstance: nodeName,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
}
