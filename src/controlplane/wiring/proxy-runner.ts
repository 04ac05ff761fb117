// A kube-proxy on the API: informers tell it of Services and EndpointSlices, and it syncs as upstream's proxier does. What
// a sync would hand to the kernel is made in full, text and all; loading it is the kernel's part and not done here.
// One per measured node. Source: kube-proxy pkg/proxy/iptables/proxier.go.
import type { EndpointSlice, Service } from "../../api/types.js";
import type { Mode } from "../../netfilter/rule-model.js";
import { type Cancel, type Timers, wallMs } from "../../base/timers.js";
import type { ProxyConfig } from "../../proxy/config.js";
import { COMPILERS } from "../../proxy/modes.js";
import type { ProxyState } from "../../proxy/service-port.js";
import { SyncRunner, type SyncTiming } from "../../proxy/sync.js";
import type { SyncResult } from "../../proxy/sync-result.js";
import type { ResourceName } from "../client/client.js";
import { ENDPOINT_SLICES, SERVICES } from "../client/cluster-resources.js";
import type { ObjectFeed } from "./object-feed.js";
import type { SyncHealth } from "./proxy-health.js";

/** EndpointSlice annotation: when the change was made that led to this state of it, RFC 3339. */
const TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";

/** One sync as carried out. */
export interface SyncRecord {
  readonly kind: SyncResult["kind"];
  readonly atMs: number;
  /** Planning it and making its text. */
  readonly tookMs: number;
  readonly rules: number;
  readonly elements: number;
  readonly bytes: number;
  /** Network programming latencies of the endpoint changes that it brought, ms. */
  readonly programmingMs: readonly number[];
}

export interface ProxyRunnerOptions {
  readonly config: ProxyConfig;
  readonly timing: SyncTiming;
  readonly feed: ObjectFeed;
  readonly timers: Timers;
  readonly onSync: (record: SyncRecord) => void;
}

export class ProxyRunner {
  readonly #options: ProxyRunnerOptions;
  readonly #runner: SyncRunner;
  /** Trigger times of slices that changed since the last sync, wall ms. */
  #triggers: number[] = [];
  /** Last trigger time per slice, so that a slice which did not change is not counted anew. */
  readonly #triggerOf = new Map<string, string>();
  #cancelWake: Cancel = () => {};
  #isStopped = false;
  #lastUpdatedMs: number | null = null;
  #oldestPendingMs: number | null = null;

  constructor(options: ProxyRunnerOptions) {
    this.#options = options;
    const { config, timing } = options;
    this.#runner = new SyncRunner(COMPILERS[config.mode], config, timing);
  }

  get mode(): Mode {
    return this.#options.config.mode;
  }

  /** Name of the node that it works for. */
  get node(): string {
    return this.#options.config.node.name;
  }

  /** What is in place. */
  get applied(): ProxyState | null {
    return this.#runner.applied;
  }

  async start(): Promise<void> {
    const { feed } = this.#options;
    const listed = async (objects: "Service" | "EndpointSlice", resource: ResourceName) => {
      await feed(resource, {
        set: (object) => this.#changed("upsert", asRead(object, objects)),
        delete: (object) => this.#changed("remove", asRead(object, objects)),
      });
      this.#step({ kind: "listed", objects });
    };
    await Promise.all([listed("Service", SERVICES), listed("EndpointSlice", ENDPOINT_SLICES)]);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelWake();
  }

  /** What its port 10256 answers from. */
  health(): SyncHealth {
    return {
      nowMs: wallMs(this.#options.timers),
      lastUpdatedMs: this.#lastUpdatedMs,
      oldestPendingMs: this.#oldestPendingMs,
      timeoutMs: 2 * this.#options.timing.syncPeriodMs,
    };
  }

  #changed(kind: "upsert" | "remove", object: Service | EndpointSlice): void {
    if (object.kind === "EndpointSlice") this.#noteTrigger(kind, object);
    this.#oldestPendingMs ??= wallMs(this.#options.timers);
    this.#step({ kind, object });
  }

  #noteTrigger(kind: "upsert" | "remove", { metadata }: EndpointSlice): void {
    const key = `${metadata.namespace}/${metadata.name}`;
    const trigger = metadata.annotations?.[TRIGGER_TIME];
    if (kind === "remove") this.#triggerOf.delete(key);
    else if (trigger !== undefined && this.#triggerOf.get(key) !== trigger) {
      this.#triggerOf.set(key, trigger);
      this.#triggers.push(Date.parse(trigger));
    }
  }

  #step(event: Parameters<SyncRunner["step"]>[0]): void {
    if (this.#isStopped) return;
    const { timers } = this.#options;
    const begunMs = timers.milliseconds();
    const { sync, wakeAtMs } = this.#runner.step(event, begunMs);
    if (sync !== null) {
      this.#apply(sync, begunMs);
      return;
    }
    this.#cancelWake();
    this.#cancelWake =
      wakeAtMs === null ? () => {} : timers.after(wakeAtMs - begunMs, () => this.#step({ kind: "tick" }));
  }

  #apply(sync: SyncResult, begunMs: number): void {
    const { timers, onSync } = this.#options;
    let bytes = 0;
    for (const chunk of sync.text()) bytes += chunk.length;
    const nowMs = wallMs(timers);
    const triggers = this.#triggers;
    this.#triggers = [];
    this.#lastUpdatedMs = nowMs;
    this.#oldestPendingMs = null;
    onSync({
      kind: sync.kind,
      atMs: nowMs,
      tookMs: timers.milliseconds() - begunMs,
      rules: sync.rules,
      elements: sync.elements,
      bytes,
      programmingMs: triggers.map((triggerMs) => Math.max(0, nowMs - triggerMs)),
    });
    this.#step({ kind: "applied" });
  }
}

/** Objects of a list carry no kind, and a slice without endpoints may have null for them, as Go writes it. */
function asRead(object: object, kind: "Service" | "EndpointSlice"): Service | EndpointSlice {
  if (kind === "Service") return { ...object, kind } as Service;
  const slice = { ...object, kind } as EndpointSlice;
  return { ...slice, endpoints: (slice.endpoints as EndpointSlice["endpoints"] | null | undefined) ?? [] };
}
