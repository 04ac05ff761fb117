// Events of the newer kind (events.k8s.io), as schedulers write them: with an action and a time in microseconds; what says
// the same again, in whatever words, becomes a series of the first. A series is written when it begins and then every half
// hour; after six minutes of silence the next one is an Event anew.
// Source: client-go tools/events/event_broadcaster.go (eventKey, refreshTime, finishTime). Upstream looks at all series by
// the clock; here each is looked at when it goes on, so that an idle one costs nothing.
import { isStatus } from "../../api/status.js";
import type { Prng } from "../../base/prng.js";
import type { Timers } from "../../base/timers.js";
import type { Client } from "./client.js";
import { type EventSubject, eventName, namespaceOf, referenceTo, subjectKey } from "./event-subject.js";
import { EventWriter } from "./event-writer.js";
import { Recent } from "./recent.js";
import { clientOf, EVENTS } from "./resources.js";

export interface SeriesRecorderOptions {
  readonly client: Client;
  /** "default-scheduler" */
  readonly component: string;
  /** Which of them: "default-scheduler-a". */
  readonly instance: string;
  readonly timers: Timers;
  readonly prng: Prng;
}

export interface SeriesEvent {
  readonly subject: EventSubject;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  /** What was done or tried: "Binding". */
  readonly action: string;
  readonly message: string;
}

const REMEMBERED_MAX = 4096;
const FINISH_MS = 6 * 60_000;
const REFRESH_MS = 30 * 60_000;

interface Series {
  readonly name: string;
  count: number;
  lastMs: number;
  /** When the server was last told. */
  writtenMs: number;
}

interface Waiting extends SeriesEvent {
  readonly atMs: number;
}

export class EventSeriesRecorder {
  readonly #options: SeriesRecorderOptions;
  readonly #writer: EventWriter<Waiting>;
  readonly #series = new Recent<Series>(REMEMBERED_MAX);

  constructor(options: SeriesRecorderOptions) {
    this.#options = options;
    const { timers, prng } = options;
    this.#writer = new EventWriter({ timers, prng, write: (waiting) => this.#write(waiting) });
  }

  /** Events that nobody will see: too many waited, or the server refused them. */
  get droppedCount(): number {
    return this.#writer.droppedCount;
  }

  record(event: SeriesEvent): void {
    this.#writer.add({ ...event, atMs: this.#options.timers.wall().getTime() });
  }

  /** What waits is dropped. */
  stop(): void {
    this.#writer.stop();
  }

  async #write(event: Waiting): Promise<void> {
    const { subject, type, reason, action, atMs } = event;
    const key = JSON.stringify([subjectKey(subject), type, reason, action]);
    const known = this.#series.get(key);
    if (known !== undefined && atMs - known.lastMs <= FINISH_MS) {
      if (await this.#continued(event, known)) return;
    }
    const made = this.#eventOf(event);
    await clientOf(this.#options.client, EVENTS, namespaceOf(subject)).create(made);
    this.#series.set(key, { name: made.metadata.name, count: 1, lastMs: atMs, writtenMs: atMs });
  }

  /** False: the Event is gone. */
  async #continued({ subject, atMs }: Waiting, series: Series): Promise<boolean> {
    const count = series.count + 1;
    const isDue = count === 2 || atMs - series.writtenMs >= REFRESH_MS;
    if (isDue) {
      const events = clientOf(this.#options.client, EVENTS, namespaceOf(subject));
      try {
        await events.patch(series.name, "merge", { series: { count, lastObservedTime: microTime(atMs) } });
      } catch (error) {
        if (!isStatus(error, "NotFound")) throw error;
        return false;
      }
      series.writtenMs = atMs;
    }
    series.count = count;
    series.lastMs = atMs;
    return true;
  }

  #eventOf({ subject, type, reason, action, message, atMs }: Waiting) {
    const { component, instance } = this.#options;
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: eventName(subject, this.#options), namespace: namespaceOf(subject) },
      involvedObject: referenceTo(subject),
      reason,
      message,
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
      type,
      eventTime: microTime(atMs),
      action,
      reportingComponent: component,
      reportingInstance: instance,
    };
  }
}

/** metav1.MicroTime; clocks here tell ms. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}
