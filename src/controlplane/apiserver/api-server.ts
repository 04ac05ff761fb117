// The API server: what it is made of.
import { KINDS } from "../../api/kinds/kinds.js";
import { LazyMap } from "../../base/metrics/lazy-map.js";
import type { Prng } from "../../base/prng.js";
import type { Timers } from "../../base/timers.js";
import type { ApiHandler, ApiRequest, ApiResponse } from "../protocol/api-request.js";
import type { NodeStreams } from "../protocol/node-streams.js";
import type { Store } from "../store/store.js";
import {
  type Admission,
  type Authenticator,
  type Authorizer,
  admitAll,
  allowAll,
  type TokenAuthority,
  trustingAuthenticator,
} from "./access.js";
import { offeredGroups } from "./discovery/api-groups.js";
import { DiscoveryRoutes } from "./discovery/discovery-routes.js";
import type { ExtraGroup } from "./extra-group.js";
import { DEFAULT_SEATS, FlowControl } from "./flowcontrol/flow-control.js";
import { type HealthCheck, HealthRoutes } from "./health/health-checks.js";
import { ApiMetrics } from "./metrics/api-metrics.js";
import { acceptAll, type Validation } from "./validation.js";
import { type ObjectAccess, objectAccess } from "./object-access.js";
import { BookmarkClock } from "./registry/bookmark-clock.js";
import type { Registry } from "./registry/resource-call.js";
import { ResourceRouter } from "./registry/resource-router.js";
import { RequestPipeline } from "./request-pipeline.js";
import { Routes } from "./routes.js";
import { ObjectStore, type StoreOperation } from "./storage/object-store.js";
import { resourceOfPrefix, resourcePrefix } from "./storage/storage-key.js";
import type { ComponentHealth } from "./subresources/component-statuses.js";
import { specialHandlers } from "./subresources/special-handlers.js";

/** Who may do what, and what objects may be like. */
export interface AccessParts {
  /** Absent: everybody is the administrator. */
  readonly authenticator?: Authenticator;
  /** Absent: everything is allowed. */
  readonly authorizer?: Authorizer;
  /** Absent: everything is admitted as it is. */
  readonly admission?: Admission;
  /** Absent: whatever is well-formed is valid. */
  readonly validation?: Validation;
  /** Absent: no tokens are issued or recognised. */
  readonly tokens?: TokenAuthority;
}

export interface ApiServerOptions extends AccessParts {
  readonly store: Store;
  readonly timers: Timers;
  /** For generated names and the spread of timeouts. */
  readonly prng: Prng;
  readonly newUid: () => string;
  /** Makes parts that read the server's objects; they go before those given otherwise. */
  readonly accessOver?: (objects: ObjectAccess) => AccessParts;
  /** Logs, exec, attach, port-forward. Absent: they are not to be had. */
  readonly nodes?: NodeStreams;
  readonly extraGroups?: readonly ExtraGroup[];
  /** Beside the server's own. */
  readonly healthChecks?: readonly HealthCheck[];
  /** What `kubectl get componentstatuses` shows. */
  readonly components?: readonly ComponentHealth[];
  /** Text of other components' metrics, for the same /metrics. */
  readonly moreMetrics?: () => string;
  /** Given one line of JSON, without its end, for each request. */
  readonly auditLog?: (line: string) => void;
  /** How long older states can be read: pages of lists, exact versions. Absent: five minutes, as upstream. */
  readonly compactionMs?: number;
  /** Requests served at a time, those of exempt flows not counted; absent: 600, as upstream. */
  readonly seats?: number;
}

export interface ApiServer extends ApiHandler {
  readonly metrics: ApiMetrics;
  /** Ends all watches; the store stays open. */
  close(): void;
}

const DEFAULT_COMPACTION_MS = 300_000;

/** Reads what the store holds, then serves it. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const metrics = new ApiMetrics();
  const duration = metrics.histogram("etcd_request_duration_seconds");
  const durations = new LazyMap(
    (prefix: string) =>
      new LazyMap((operation: StoreOperation) => duration.with(operation, resourceOfPrefix(prefix))),
  );
  const objects = await ObjectStore.open(options.store, {
    timers: options.timers,
    prefixes: new Set(KINDS.map(resourcePrefix)),
    compactionMs: options.compactionMs ?? DEFAULT_COMPACTION_MS,
    onWrite: (operation, prefix, seconds) => durations.get(prefix).get(operation).observe(seconds),
  });
  const parts = options.accessOver?.(objectAccess(objects)) ?? {};
  return new Server({ ...options, ...parts }, objects, metrics);
}

class Server implements ApiServer {
  readonly metrics: ApiMetrics;
  readonly #objects: ObjectStore;
  readonly #registry: Registry;
  readonly #flowControl: FlowControl;
  readonly #pipeline: RequestPipeline;
  readonly #moreMetrics: () => string;

  constructor(options: ApiServerOptions, objects: ObjectStore, metrics: ApiMetrics) {
    const { timers, prng, newUid, extraGroups = [] } = options;
    const { authenticator = trustingAuthenticator, authorizer = allowAll } = options;
    this.metrics = metrics;
    this.#objects = objects;
    this.#flowControl = new FlowControl({ objects, timers, seats: options.seats ?? DEFAULT_SEATS });
    this.#moreMetrics = options.moreMetrics ?? (() => "");
    this.#registry = {
      objects,
      timers,
      prng,
      newUid,
      admission: options.admission ?? admitAll,
      validation: options.validation ?? acceptAll,
      bookmarks: new BookmarkClock(timers),
      metrics,
    };
    const routes = new Routes({
      router: new ResourceRouter(
        this.#registry,
        specialHandlers({
          authorizer,
          tokens: options.tokens ?? null,
          components: options.components ?? [],
          nodes: options.nodes ?? null,
        }),
      ),
      extraGroups,
      discovery: new DiscoveryRoutes(offeredGroups(extraGroups)),
      health: new HealthRoutes([...this.#healthChecks(), ...(options.healthChecks ?? [])]),
      openId: options.tokens?.openId ?? null,
      metricsText: () => this.#metricsText(),
    });
    this.#pipeline = new RequestPipeline({
      routes,
      timers,
      newId: newUid,
      authenticator,
      authorizer,
      metrics: this.metrics,
      flowControl: this.#flowControl,
      auditLog: options.auditLog ?? null,
    });
  }

  handle(request: ApiRequest): Promise<ApiResponse> {
    return this.#pipeline.handle(request);
  }

  close(): void {
    this.#registry.bookmarks.close();
    this.#objects.close();
  }

  #healthChecks(): readonly HealthCheck[] {
    const failure = () => (this.#objects.isLoaded ? null : "the store cannot be watched");
    return [
      { name: "etcd", of: ["livez", "readyz"], failure },
      { name: "informer-sync", of: ["readyz"], failure },
    ];
  }

  #metricsText(): string {
    for (const cache of this.#objects.caches())
      this.metrics.gauge("apiserver_storage_objects").with(cache.resource).set(cache.count);
    return `${this.metrics.expose()}${this.#flowControl.metrics.expose()}${this.#moreMetrics()}`;
  }
}
