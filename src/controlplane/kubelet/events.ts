// Events as kubelets report them: a recorder for each node that says something, made when it does.
// Source: kubernetes pkg/kubelet/events.
import type { KubeObject } from "../../api/meta.js";
import type { Prng } from "../../base/prng.js";
import type { Timers } from "../../base/timers.js";
import type { Client } from "../client/client.js";
import { EventRecorder } from "../client/event-recorder.js";

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
  stop(): void;
}

/** For runs where events would be most of the load. */
export const NO_EVENTS: EventSink = { report() {}, stop() {} };

export class NodeEvents implements EventSink {
  readonly #options: { readonly client: Client; readonly timers: Timers; readonly prng: Prng };
  readonly #recorders = new Map<string, EventRecorder>();

  constructor(options: { readonly client: Client; readonly timers: Timers; readonly prng: Prng }) {
    this.#options = options;
  }

  report(
    nodeName: string,
    { apiVersion, kind, metadata }: KubeObject,
    fieldPath: string | null,
    type: EventType,
    reason: string,
    message: string,
  ): void {
    const subject = { apiVersion, kind, metadata, ...(fieldPath === null ? {} : { fieldPath }) };
    this.#recorder(nodeName).record(subject, type, reason, message);
  }

  stop(): void {
    for (const recorder of this.#recorders.values()) recorder.stop();
  }

  #recorder(nodeName: string): EventRecorder {
    let recorder = this.#recorders.get(nodeName);
    if (recorder === undefined) {
      recorder = new EventRecorder({ ...this.#options, component: "kubelet", host: nodeName });
      this.#recorders.set(nodeName, recorder);
    }
    return recorder;
  }
}
