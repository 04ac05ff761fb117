// What a workload writes, as requests to the API server: which resource an object is of, how many answers are waited for
// at a time, in which order one object is written, and whether watches have shown what was answered.
// What admission leaves out (plane-cluster.ts), Pods bring along: a priority by their class, and, as nodes have no kubelets
// to end them, no grace period where they ask for none.
// Cost: O(1) a write, beside the request.
import type { PriorityClass } from "../../api/scheduling.js";
import { groupVersionOf, kindNamed } from "../../api/kinds/kinds.js";
import { isStatus, StatusError, type StatusReason } from "../../api/status.js";
import type { KubeObject } from "../../api/types.js";
import { PlumbError } from "../../base/errors.js";
import type { ResourceClient } from "../../controlplane/client/client.js";
import { type Resource, resourceOf } from "../../controlplane/client/resources.js";
import type { Plane } from "../../controlplane/plane.js";
import { objectKey } from "../../scheduler/objects.js";
import { PodAdmission } from "../scheduling/admission.js";
import { isPod } from "../scheduling/object-store.js";
import { podWith } from "../scheduling/pod-objects.js";

/** A kind as requests name it, and how far its watch is behind what was written. */
interface Written {
  readonly resource: Resource;
  readonly isNamespaced: boolean;
  /** Newest revision that was answered, and that a watch has shown. */
  answered: number;
  seen: number;
}

interface Request {
  readonly verb: "create" | "update" | "delete";
  readonly object: KubeObject;
  /** @returns the object as stored; null: what is no longer stored has no revision */
  readonly ask: (resource: ResourceClient) => Promise<KubeObject | null>;
  /** A refusal for this reason is as good as an answer. */
  readonly forgives?: StatusReason;
}

const DEFAULT_NAMESPACE = "default";

export class PlaneWrites {
  /** What the first write that failed was refused with. */
  failure: unknown = null;
  readonly #plane: Plane;
  readonly #onChange: () => void;
  readonly #kinds = new Map<string, Written>();
  /** Kind and key -> the last write of an object that is not answered yet. */
  readonly #last = new Map<string, Promise<void>>();
  readonly #priorityClasses: PriorityClass[] = [];
  readonly #admission = new PodAdmission(() => this.#priorityClasses);
  /** Requests that may still be sent before one is answered, and those that wait for that. */
  #free: number;
  #waiting: (() => void)[] = [];

  /** @param onChange told when a write failed, or when a watch has shown one */
  constructor(plane: Plane, inFlightMax: number, onChange: () => void) {
    this.#plane = plane;
    this.#free = inFlightMax;
    this.#onChange = onChange;
  }

  create(object: KubeObject): Promise<void> {
    this.#noteClass(object);
    return this.#write({ verb: "create", object, ask: (api) => api.create(this.#admitted(object)) });
  }

  /** What is there stays as it is. */
  ensure(object: KubeObject): Promise<void> {
    const ask = (api: ResourceClient) => api.create(object);
    return this.#write({ verb: "create", object, ask, forgives: "AlreadyExists" });
  }

  /** @param subresources the part that is written; empty: the object, and its status if it says one */
  update(written: KubeObject, subresources: readonly string[]): Promise<void> {
    const object = this.#admitted(written);
    const ask = async (api: ResourceClient) => {
      if (subresources.length > 0) return api.updatePart(object, subresources.join("/"));
      const answer = await api.update(object);
      return "status" in object && object.status !== undefined ? api.updateStatus(object) : answer;
    };
    return this.#write({ verb: "update", object, ask });
  }

  /** @param uid of the one that is meant; null: whichever has the name */
  delete(object: KubeObject, uid: string | null, gracePeriodSeconds?: number): Promise<void> {
    const options = {
      ...(uid === null ? {} : { preconditions: { uid } }),
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    };
    const ask = async (api: ResourceClient) => {
      // Another one of the same name is none of ours.
      await api.delete(object.metadata.name, options).catch((error: unknown) => {
        if (uid === null || !isStatus(error, "Conflict")) throw error;
      });
      return null;
    };
    return this.#write({ verb: "delete", object, ask, forgives: "NotFound" });
  }

  /** Resolves when what has been asked for so far is answered. Never rejects. */
  async answered(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }

  /** Whether watches have shown what is answered by now. */
  seenTest(): () => boolean {
    const behind = [...this.#kinds.values()].map((kind) => ({ kind, revision: kind.answered }));
    return () => behind.every(({ kind, revision }) => kind.seen >= revision);
  }

  #write(request: Request): Promise<void> {
    const key = `${request.object.kind} ${objectKey(request.object)}`;
    const answer = this.#carryOut(request, this.#last.get(key)).finally(() => {
      if (this.#last.get(key) === answer) this.#last.delete(key);
    });
    this.#last.set(key, answer);
    // Whether or not the caller waits for it.
    answer.catch((error: unknown) => {
      this.failure ??= error;
      this.#onChange();
    });
    return answer;
  }

  async #carryOut(request: Request, before: Promise<void> | undefined): Promise<void> {
    const { object, ask, verb, forgives } = request;
    if (before !== undefined) await before;
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free--;
    try {
      const kind = this.#kindOf(object);
      const namespace = kind.isNamespaced ? (object.metadata.namespace ?? DEFAULT_NAMESPACE) : null;
      const stored = await ask(this.#plane.client.resource(kind.resource, namespace));
      kind.answered = Math.max(kind.answered, revisionOf(stored));
    } catch (error) {
      if (forgives === undefined || !isStatus(error, forgives)) throw refusal(error, verb, object);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #kindOf(object: KubeObject): Written {
    const known = this.#kinds.get(object.kind);
    if (known !== undefined) return known;
    const [group, version] = groupVersionOf(object.apiVersion);
    const kind = kindNamed(group, object.kind);
    if (kind === undefined || !kind.versions.includes(version)) {
      const hint = "leave --through out: in process, what the scheduler does not read is passed over";
      throw new PlumbError("Unsupported", `the API server serves no ${object.apiVersion} ${object.kind}`, {
        hint,
      });
    }
    const resource = resourceOf(group, version, kind.plural);
    const written: Written = { resource, isNamespaced: kind.isNamespaced, answered: 0, seen: 0 };
    const seen = (stored: KubeObject) => {
      written.seen = Math.max(written.seen, revisionOf(stored));
      this.#onChange();
    };
    this.#plane.informers
      .informer(resource)
      .addHandler({ onAdd: seen, onUpdate: (_, stored) => seen(stored), onDelete: seen });
    this.#kinds.set(object.kind, written);
    return written;
  }

  #noteClass(object: KubeObject): void {
    if (object.kind !== "PriorityClass") return;
    this.#priorityClasses.push(object as PriorityClass);
    this.#admission.classesChanged();
  }

  #admitted(object: KubeObject): KubeObject & { readonly status?: unknown } {
    if (!isPod(object)) return object;
    const { terminationGracePeriodSeconds = 0, ...spec } = this.#admission.spec(object);
    return podWith(object, { spec: { ...spec, terminationGracePeriodSeconds } });
  }
}

function revisionOf(stored: KubeObject | null): number {
  return Number(stored?.metadata.resourceVersion ?? 0);
}

function refusal(error: unknown, verb: Request["verb"], object: KubeObject): unknown {
  const why = error instanceof StatusError || error instanceof PlumbError ? error.message : null;
  if (why === null) return error;
  const message = `Cannot ${verb} ${object.kind} '${objectKey(object)}' through the API: ${why}`;
  if (error instanceof PlumbError)
    return new PlumbError(error.code, message, error.hint === null ? {} : { hint: error.hint });
  return new PlumbError("InvalidInput", message);
}
