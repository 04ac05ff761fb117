// The Ingress controller: a routing table of the Ingresses of its class, their status, and Events about backends that
// are not there. Requests themselves are not carried: `route` says where one would go.
import type { KubeObject } from "../../../api/meta.js";
import { isStatus } from "../../../api/status.js";
import type { Prng } from "../../../base/prng.js";
import type { Timers } from "../../../base/timers.js";
import type { Client } from "../../client/client.js";
import { SERVICES, type Service } from "../../client/cluster-resources.js";
import { EventRecorder } from "../../client/event-recorder.js";
import type { InformerFactory } from "../../client/informer-factory.js";
import type { MetricSink } from "../../client/metric-sink.js";
import { keyOf, type Lister, splitKey } from "../../client/object-store.js";
import { clientOf } from "../../client/resources.js";
import { WorkQueue } from "../../client/work-queue.js";
import {
  backendsOf,
  INGRESS_CLASS,
  INGRESS_CLASSES,
  INGRESSES,
  type Ingress,
  type IngressClass,
  isOurs,
} from "./ingress-objects.js";
import { routePlan } from "./ingress-routes.js";
import { RouteTable } from "./route-table.js";

export interface IngressControllerOptions {
  readonly client: Client;
  /** Whoever made it starts it. */
  readonly informers: InformerFactory;
  readonly timers: Timers;
  readonly prng: Prng;
  /** What stands in the status of Ingresses: where traffic would come in. */
  readonly address: string;
  readonly metrics?: MetricSink;
  /** Told of what is tried again. */
  readonly onError?: (key: string, error: Error) => void;
}

export interface Route {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
}

const NAME = "plumbline-ingress-controller";
const BY_SERVICE = "ingress/service";

export class IngressController {
  readonly #options: IngressControllerOptions;
  readonly #table = new RouteTable();
  readonly #queue: WorkQueue;
  readonly #events: EventRecorder;
  readonly #ingresses: Lister<Ingress>;
  readonly #classes: Lister<IngressClass>;
  readonly #services: Lister<Service>;
  /** Of Ingresses in the table: what people were warned of last. */
  readonly #warned = new Map<string, string>();
  readonly #removeHandlers: (() => void)[];

  private constructor(options: IngressControllerOptions) {
    const { informers, timers, metrics } = options;
    this.#options = options;
    this.#queue = new WorkQueue({ name: "ingress", timers, ...(metrics === undefined ? {} : { metrics }) });
    this.#events = new EventRecorder({ ...options, component: NAME });
    const ingresses = informers.informer(INGRESSES);
    ingresses.addIndex(BY_SERVICE, serviceKeysOf);
    const classes = informers.informer(INGRESS_CLASSES);
    const services = informers.informer(SERVICES);
    this.#ingresses = ingresses.lister;
    this.#classes = classes.lister;
    this.#services = services.lister;
    const addAll = (objects: readonly KubeObject[]) => {
      for (const object of objects) this.#queue.add(keyOf(object));
    };
    this.#removeHandlers = [
      ingresses.addHandler(onEveryChange((ingress) => addAll([ingress]))),
      classes.addHandler(onEveryChange(() => addAll(this.#ingresses.list()))),
      services.addHandler(
        onEveryChange((service) => addAll(this.#ingresses.byIndex(BY_SERVICE, keyOf(service)))),
      ),
    ];
  }

  /** Resolves when its IngressClass is there. @throws {StatusError} when the server refuses it */
  static async start(options: IngressControllerOptions): Promise<IngressController> {
    const controller = new IngressController(options);
    try {
      await clientOf(options.client, INGRESS_CLASSES, null).create(INGRESS_CLASS);
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) {
        await controller.stop();
        throw error;
      }
    }
    void controller.#work();
    return controller;
  }

  /** Where a request goes; null: nowhere, or to a port that its Service does not have. @param path without the query */
  route(host: string, path: string): Route | null {
    const target = this.#table.route(host, path);
    return target === null || target.port === null ? null : { ...target, port: target.port };
  }

  async stop(): Promise<void> {
    for (const remove of this.#removeHandlers) remove();
    this.#queue.shutDown();
    await this.#queue.drained();
    this.#events.stop();
  }

  async #work(): Promise<void> {
    for (let key = await this.#queue.take(); key !== null; key = await this.#queue.take()) {
      try {
        await this.#sync(key);
        this.#queue.forget(key);
      } catch (error) {
        this.#options.onError?.(key, error as Error);
        this.#queue.addRateLimited(key);
      }
      this.#queue.done(key);
    }
  }

  async #sync(key: string): Promise<void> {
    const ingress = this.#ingresses.get(key);
    if (ingress === undefined || !isOurs(ingress, this.#classes.list())) {
      const wasOurs = this.#warned.delete(key);
      this.#table.delete(key);
      if (wasOurs && ingress !== undefined) await this.#writeStatus(ingress, []);
      return;
    }
    const { routes, warnings } = routePlan(ingress, (service) => this.#services.get(service));
    this.#table.set(key, routes);
    this.#warn(key, ingress, warnings);
    await this.#writeStatus(ingress, [{ ip: this.#options.address }]);
  }

  /** Once for each change of what is wrong. */
  #warn(key: string, ingress: Ingress, warnings: readonly string[]): void {
    const text = warnings.join("\n");
    const before = this.#warned.get(key);
    this.#warned.set(key, text);
    if (before === undefined) this.#events.record(ingress, "Normal", "Sync", "Scheduled for sync");
    if (before === text) return;
    for (const warning of warnings) this.#events.record(ingress, "Warning", "BackendNotFound", warning);
  }

  async #writeStatus(ingress: Ingress, addresses: readonly { readonly ip: string }[]): Promise<void> {
    const before = ingress.status?.loadBalancer?.ingress ?? [];
    if (before.length === addresses.length && before.every(({ ip }, index) => ip === addresses[index]?.ip))
      return;
    const { namespace, name } = splitKey(keyOf(ingress));
    const status = { loadBalancer: { ingress: addresses } };
    try {
      const client = clientOf(this.#options.client, INGRESSES, namespace);
      await client.patch(name, "merge", { status }, { subresource: "status" });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}

function onEveryChange<Kind>(change: (object: Kind) => void) {
  return { onAdd: change, onUpdate: (_: Kind, after: Kind) => change(after), onDelete: change };
}

function serviceKeysOf(ingress: Ingress): readonly string[] {
  const namespace = ingress.metadata.namespace ?? "";
  const names = backendsOf(ingress).flatMap(({ service }) => (service === undefined ? [] : [service.name]));
  return [...new Set(names)].map((name) => `${namespace}/${name}`);
}
