// Writes Pods' statuses: the newest only, one write of a Pod at a time, so that what changes while one is on its way goes
// out with the next. A conflict is answered with the Pod as it is now.
// Source: kubernetes pkg/kubelet/status/status_manager.go.
import { isStatus } from "../../api/status.js";
import type { Client } from "../client/client.js";
import { PODS } from "../client/resources.js";
import { OWNED_CONDITIONS } from "./pod/conditions.js";
import type { Pod, PodStatus } from "./pod/pod.js";
import type { DueTimes } from "./due-times.js";

/** Writes on their way at once, of all nodes. */
const IN_FLIGHT_MAX = 256;
const RETRY_MS = 1000;

/** A Pod whose status is written. */
export interface StatusOwner {
  /** The newest version that is known; null: there is nothing to write to (a static Pod without mirror). */
  readonly apiPod: Pod | null;
  /** To be written. */
  readonly status: PodStatus | null;
  /** All is said: delete the Pod once its status is written. */
  readonly isDeletable: boolean;
  /** The API server answered with a newer version. */
  onWritten(pod: Pod): void;
}

interface Pending {
  written: PodStatus | null;
  /** uid of the object it was written to. */
  writtenTo: string;
  isInFlight: boolean;
  isQueued: boolean;
  /** Something changed while a write was on its way. */
  isDirty: boolean;
}

export class StatusManager {
  readonly #client: Client;
  readonly #due: DueTimes;
  readonly #pending = new WeakMap<StatusOwner, Pending>();
  #queue: StatusOwner[] = [];
  /** How much of the queue is done: taking from the front would move the rest. */
  #taken = 0;
  #inFlight = 0;
  #isDraining = false;
  writesCount = 0;
  errorsCount = 0;

  constructor(client: Client, due: DueTimes) {
    this.#client = client;
    this.#due = due;
  }

  /** The owner's status has changed, or it may be deleted now. */
  changed(owner: StatusOwner): void {
    const pending = this.#pendingOf(owner);
    pending.isDirty = true;
    if (pending.isInFlight || pending.isQueued) return;
    pending.isQueued = true;
    this.#queue.push(owner);
    if (this.#isDraining) return;
    this.#isDraining = true;
    // After what is going on now: a Pod that starts at once is written once.
    this.#due.after(0, () => {
      this.#isDraining = false;
      this.#drain();
    });
  }

  #pendingOf(owner: StatusOwner): Pending {
    let pending = this.#pending.get(owner);
    if (pending === undefined) {
      pending = { written: null, writtenTo: "", isInFlight: false, isQueued: false, isDirty: false };
      this.#pending.set(owner, pending);
    }
    return pending;
  }

  #drain(): void {
    while (this.#inFlight < IN_FLIGHT_MAX) {
      const owner = this.#next();
      if (owner === null) return;
      const pending = this.#pendingOf(owner);
      pending.isQueued = false;
      pending.isInFlight = true;
      pending.isDirty = false;
      this.#inFlight++;
      void this.#write(owner, pending).then((isDone) => {
        pending.isInFlight = false;
        this.#inFlight--;
        if (!isDone) this.#due.after(RETRY_MS, () => this.changed(owner));
        else if (pending.isDirty) this.changed(owner);
        this.#drain();
      });
    }
  }

  #next(): StatusOwner | null {
    const owner = this.#queue[this.#taken];
    if (owner !== undefined) {
      this.#taken++;
      return owner;
    }
    this.#queue = [];
    this.#taken = 0;
    return null;
  }

  /** @returns false: try again later */
  async #write(owner: StatusOwner, pending: Pending): Promise<boolean> {
    const { apiPod, status } = owner;
    if (apiPod === null) return true;
    const { uid } = apiPod.metadata;
    try {
      if (status !== null && (status !== pending.written || uid !== pending.writtenTo)) {
        await this.#writeStatus(owner, apiPod, status);
        pending.written = status;
        pending.writtenTo = uid;
      }
      if (owner.isDeletable && owner.status === pending.written) await this.#delete(apiPod);
      return true;
    } catch (error) {
      if (isStatus(error, "NotFound")) return true;
      this.errorsCount++;
      return false;
    }
  }

  async #writeStatus(owner: StatusOwner, apiPod: Pod, status: PodStatus): Promise<void> {
    const pods = this.#client.resource<Pod>(PODS, apiPod.metadata.namespace);
    let base = apiPod;
    for (let tries = 0; ; tries++) {
      this.writesCount++;
      try {
        owner.onWritten(await pods.updateStatus({ ...base, status: withForeign(status, base) }));
        return;
      } catch (error) {
        if (!isStatus(error, "Conflict") || tries >= 5) throw error;
        base = await pods.get(base.metadata.name);
        if (base.metadata.uid !== apiPod.metadata.uid) return;
      }
    }
  }

  async #delete({ metadata }: Pod): Promise<void> {
    try {
      await this.#client
        .resource(PODS, metadata.namespace)
        .delete(metadata.name, { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } });
    } catch (error) {
      // A Pod of the same name is another one.
      if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
    }
  }
}

/** Conditions and fields that others write stay as they are now. */
function withForeign(status: PodStatus, base: Pod): PodStatus {
  const current = base.status;
  if (current === undefined) return status;
  const said = new Set((status.conditions ?? []).map((condition) => condition.type));
  const foreign = (current.conditions ?? []).filter((each) => !OWNED_CONDITIONS.has(each.type));
  const newest = (status.conditions ?? []).map((condition) =>
    OWNED_CONDITIONS.has(condition.type) || condition.type === "DisruptionTarget"
      ? condition
      : (foreign.find((each) => each.type === condition.type) ?? condition),
  );
  const added = foreign.filter((condition) => !said.has(condition.type));
  return {
    ...(current.nominatedNodeName === undefined ? {} : { nominatedNodeName: current.nominatedNodeName }),
    ...(current.resourceClaimStatuses === undefined
      ? {}
      : { resourceClaimStatuses: current.resourceClaimStatuses }),
    ...status,
    conditions: [...added, ...newest],
  };
}
