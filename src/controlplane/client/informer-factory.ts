// One informer for each resource (and selector), shared by whoever asks for it.
import type { KubeObject } from "../../api/meta.js";
import type { Prng } from "../../base/prng.js";
import type { Timers } from "../../base/timers.js";
import type { Client } from "./client.js";
import { Informer } from "./informer.js";
import { type Resource, clientOf } from "./resources.js";

export interface InformerScope {
  /** Absent: all namespaces, or the cluster. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface InformerFactoryOptions {
  readonly client: Client;
  readonly timers: Timers;
  readonly prng: Prng;
  /** Told of what a list or watch failed with; informers go on by themselves. */
  readonly onError?: (resource: Resource, error: Error) => void;
}

export class InformerFactory {
  readonly #options: InformerFactoryOptions;
  readonly #informers = new Map<string, Informer<KubeObject>>();
  #isStarted = false;

  constructor(options: InformerFactoryOptions) {
    this.#options = options;
  }

  /** The same informer for the same resource and scope. It runs once the factory has been started. */
  informer<Kind extends KubeObject>(resource: Resource<Kind>, scope: InformerScope = {}): Informer<Kind> {
    const id = scopeId(resource, scope);
    const known = this.#informers.get(id);
    // One id, one resource, one type: the map cannot say so.
    if (known !== undefined) return known as unknown as Informer<Kind>;
    const { client, timers, prng, onError } = this.#options;
    const { namespace, ...selectors } = scope;
    const informer = new Informer<Kind>({
      client: clientOf(client, resource, namespace ?? null),
      timers,
      prng: prng.fork(id),
      ...selectors,
      ...(onError === undefined ? {} : { onError: (error: Error) => onError(resource, error) }),
    });
    this.#informers.set(id, informer as unknown as Informer<KubeObject>);
    if (this.#isStarted) informer.start();
    return informer;
  }

  start(): void {
    this.#isStarted = true;
    for (const informer of this.#informers.values()) informer.start();
  }

  /** Resolves when every informer asked for so far has synced. */
  async synced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.synced()));
  }

  stop(): void {
    for (const informer of this.#informers.values()) informer.stop();
  }
}

function scopeId(resource: Resource, scope: InformerScope): string {
  const { namespace = "", labelSelector = "", fieldSelector = "" } = scope;
  const { group, version, resource: name } = resource;
  return [group, version, name, namespace, labelSelector, fieldSelector].join("|");
}
