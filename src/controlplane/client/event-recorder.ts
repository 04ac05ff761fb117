// Kubernetes Events: what a component says about an object, for people. Repetitions are counted on the first.
// Source: client-go tools/record/event.go.
import { isStatus } from "../../api/status.js";
import type { Prng } from "../../base/prng.js";
import type { Timers } from "../../base/timers.js";
import type { Client } from "./client.js";
import { EventCorrelator, type EventDraft } from "./event-correlator.js";
import { type EventSubject, eventName, namespaceOf, referenceTo, subjectKey } from "./event-subject.js";
import { EventWriter } from "./event-writer.js";
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

interface Waiting {
  readonly subject: EventSubject;
  readonly draft: EventDraft;
  readonly time: string;
}

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #correlator: EventCorrelator;
  readonly #writer: EventWriter<Waiting>;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    const { timers, prng } = options;
    this.#correlator = new EventCorrelator(timers);
    this.#writer = new EventWriter({ timers, prng, write: (waiting) => this.#write(waiting) });
  }

  /** Events that nobody will see: too many waited, or the server refused them. */
  get droppedCount(): number {
    return this.#writer.droppedCount;
  }

  record(subject: EventSubject, type: "Normal" | "Warning", reason: string, message: string): void {
    const { component, host = "" } = this.#options;
    const draft = { objectKey: subjectKey(subject), source: `${component}/${host}`, type, reason, message };
    this.#writer.add({ subject, draft, time: this.#now() });
  }

  /** What waits is dropped. */
  stop(): void {
    this.#writer.stop();
  }

  async #write({ subject, draft, time }: Waiting): Promise<void> {
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
      metadata: { name: eventName(subject, this.#options), namespace: namespaceOf(subject) },
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

  /** Seconds are as fine as metav1.Time is. */
  #now(): string {
    return this.#options.timers
      .wall()
      .toISOString()
      .replace(/\.\d+Z$/, "Z");
  }
}
