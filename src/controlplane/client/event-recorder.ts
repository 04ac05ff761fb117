// Kubernetes Events: what a component says about an object, for people. Written in the background, one after the other;
// callers never wait and never fail. More than a thousand waiting ones: new ones are dropped and counted.
// Source: client-go tools/record/event.go (12 attempts, 10 s apart).
import type { KubeObject } from "../../api/meta.js";
import { isStatus, StatusError } from "../../api/status.js";
import type { Prng } from "../../base/prng.js";
import { delay, type Timers } from "../../base/timers.js";
import type { Client } from "./client.js";
import { EventCorrelator, type EventDraft } from "./event-correlator.js";
import { clientOf, EVENTS } from "./resources.js";

export interface EventRecorderOptions {
  readonly client: Client;
  /** "deployment-controller" */
  readonly component: string;
  /** The node it runs on, for kubelets. */
  readonly host?: string;
  readonly timers: Timers;
  readonly prng: Prng;
}

/** What an event is about. */
export type EventSubject = Pick<KubeObject, "apiVersion" | "kind" | "metadata"> & {
  /** Part of the object: "spec.containers{web}". */
  readonly fieldPath?: string;
};

const WAITING_MAX = 1000;
const ATTEMPTS_MAX = 12;
const RETRY_MS = 10_000;

interface Waiting {
  readonly subject: EventSubject;
  readonly draft: EventDraft;
  readonly time: string;
}

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #correlator: EventCorrelator;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #isStopped = false;
  #droppedCount = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#correlator = new EventCorrelator(options.timers);
  }

  /** Events that nobody will see: too many waited, or the server refused them. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  record(subject: EventSubject, type: "Normal" | "Warning", reason: string, message: string): void {
    if (this.#isStopped || this.#waiting.length >= WAITING_MAX) {
      this.#droppedCount++;
      return;
    }
    const { component, host = "" } = this.#options;
    const draft = { objectKey: subjectKey(subject), source: `${component}/${host}`, type, reason, message };
    this.#waiting.push({ subject, draft, time: this.#now() });
    if (!this.#isWriting) void this.#writeAll();
  }

  /** What waits is dropped. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (const waiting of batch) if (!this.#isStopped) await this.#write(waiting);
    }
    this.#isWriting = false;
  }

  async #write(waiting: Waiting): Promise<void> {
    for (let attempt = 1; !this.#isStopped; attempt++) {
      try {
        await this.#writeOnce(waiting);
        return;
      } catch (error) {
        // What the server refuses once it refuses again; only what never reached it is tried again.
        if (error instanceof StatusError || attempt === ATTEMPTS_MAX) break;
        await delay(this.#options.timers, RETRY_MS * (attempt === 1 ? this.#options.prng.unit() : 1));
      }
    }
    this.#droppedCount++;
  }

  async #writeOnce({ subject, draft, time }: Waiting): Promise<void> {
    const decision = this.#correlator.decide(draft);
    if (decision.kind === "drop") return;
    const events = clientOf(this.#options.client, EVENTS, namespaceOf(subject));
    if (decision.kind === "count") {
      const { name, count, message } = decision;
      try {
        await events.patch(name, "merge", { count, message, lastTimestamp: time });
        return;
      } catch (error) {
        if (!isStatus(error, "NotFound")) throw error;
        this.#correlator.forget(decision.key);
      }
    }
    const event = this.#eventOf(subject, draft, decision.message, time);
    await events.create(event);
    this.#correlator.recorded(decision.key, event.metadata.name);
  }

  #eventOf(subject: EventSubject, draft: EventDraft, message: string, time: string) {
    const { component, host } = this.#options;
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: this.#eventName(subject), namespace: namespaceOf(subject) },
      involvedObject: referenceTo(subject),
      reason: draft.reason,
      message,
      source: host === undefined ? { component } : { component, host },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      type: draft.type,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: host ?? "",
    };
  }

  /** Upstream appends the time in ns; here 32 bits of chance stand for what a clock of ms does not tell. */
  #eventName(subject: EventSubject): string {
    const ms = this.#options.timers.wall().getTime();
    const chance = this.#options.prng.next32().toString(16).padStart(8, "0");
    return `${subject.metadata.name}.${ms.toString(16)}${chance.slice(0, 5)}`;
  }

  /** Seconds are as fine as metav1.Time is. */
  #now(): string {
    return this.#options.timers
      .wall()
      .toISOString()
      .replace(/\.\d+Z$/, "Z");
  }
}

/** Events of objects without a namespace are in "default". */
function namespaceOf(subject: EventSubject): string {
  const { namespace } = subject.metadata;
  return namespace === undefined || namespace === "" ? "default" : namespace;
}

function referenceTo(subject: EventSubject): object {
  const { name, namespace, uid, resourceVersion } = subject.metadata;
  return {
    kind: subject.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
    apiVersion: subject.apiVersion,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(subject.fieldPath === undefined ? {} : { fieldPath: subject.fieldPath }),
  };
}

function subjectKey(subject: EventSubject): string {
  const { name, namespace, uid } = subject.metadata;
  return JSON.stringify([subject.kind, namespace, name, uid, subject.apiVersion, subject.fieldPath]);
}
