// Priority and fairness: every request belongs to a flow of a FlowSchema, every FlowSchema to a priority level, and each
// level has seats of its own, so that a flood of one kind of request leaves the others theirs.
// Cost: for a user whose first schema means all requests (administrators, the plane itself), a Map lookup and a few
// additions; for others the rules of the user's schemas until one fits. What a user's schemas are is worked out once.
// Source: apiserver pkg/util/flowcontrol/apf_controller.go, pkg/server/filters/priority-and-fairness.go.
import { StatusError } from "../../../api/status.js";
import type { Timers } from "../../../base/timers.js";
import type { ApiRequest, UserInfo } from "../../protocol/api-request.js";
import { kindRow } from "../object-access.js";
import type { RequestInfo } from "../request-info.js";
import type { ObjectStore } from "../storage/object-store.js";
import type { ResourceCache } from "../storage/resource-cache.js";
import { resourcePrefix } from "../storage/storage-key.js";
import { BOOTSTRAP_LEVELS, BOOTSTRAP_SCHEMAS, CATCH_ALL, EXEMPT } from "./bootstrap-flows.js";
import { writeDangling } from "./dangling-condition.js";
import { FlowMetrics, FlowSeries } from "./flow-metrics.js";
import type { FlowSchemaObject, PolicyRules, PriorityLevelObject } from "./flow-objects.js";
import { matchesEverything, matchesRequest, rulesFor } from "./match-schema.js";
import { type LevelLimits, PriorityLevel, type RejectReason } from "./priority-level.js";
import { flowHash } from "./shuffle-sharding.js";

/** Upstream's --max-requests-inflight and --max-mutating-requests-inflight together. */
export const DEFAULT_SEATS = 400 + 200;
/** Of the time that a request may take, how much it may wait; and at most. */
const WAIT_SHARE = 1 / 4;
const WAIT_MS_MAX = 60_000;
const RETRY_SECONDS = 1;

const GROUP = "flowcontrol.apiserver.k8s.io";
const SCHEMAS = resourcePrefix(kindRow(GROUP, "flowschemas"));
const LEVELS = resourcePrefix(kindRow(GROUP, "prioritylevelconfigurations"));

/** A FlowSchema with its level. */
export interface Flow {
  readonly schema: string;
  readonly level: PriorityLevel;
  readonly method: string | null;
  readonly rules: readonly PolicyRules[];
  readonly series: FlowSeries;
  /** Of every answer. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A flow, and those of its rules that are about a user. */
interface Candidate {
  readonly flow: Flow;
  readonly rules: readonly PolicyRules[];
  readonly meansAll: boolean;
}

export interface FlowControlOptions {
  readonly objects: ObjectStore;
  readonly timers: Timers;
  /** All levels together. */
  readonly seats: number;
}

export class FlowControl {
  readonly metrics = new FlowMetrics();
  readonly #options: FlowControlOptions;
  readonly #levels = new Map<string, PriorityLevel>();
  #flows: readonly Flow[] = [];
  #ofUser = new WeakMap<UserInfo, readonly Candidate[]>();
  #isStale = true;

  constructor(options: FlowControlOptions) {
    this.#options = options;
    for (const prefix of [SCHEMAS, LEVELS]) this.#follow(options.objects.cache(prefix));
  }

  classify(info: RequestInfo, user: UserInfo): Flow {
    if (this.#isStale) this.#readObjects();
    for (const { flow, rules, meansAll } of this.#candidates(user))
      if (meansAll || matchesRequest(rules, info)) return flow;
    // Users of no group at all: upstream's catch-all does not mean them either, and serves them all the same.
    return this.#flows.at(-1) as Flow;
  }

  /**
   * Takes a seat, until `leave`. At once where there is one.
   *
   * @throws {StatusError} TooManyRequests, with what is to be waited for; a promise rejects with it
   */
  enter(flow: Flow, info: RequestInfo, request: ApiRequest, user: UserInfo, timeoutMs: number) {
    const entering = flow.level.enter({
      series: flow.series,
      hash: () => flowHash(flow.schema, distinguisherOf(flow, info, user)),
      waitMs: Math.min(timeoutMs * WAIT_SHARE, WAIT_MS_MAX),
      signal: () => request.signal,
    });
    if (entering instanceof Promise) return entering.then((rejection) => decided(flow, rejection));
    return decided(flow, entering);
  }

  leave(flow: Flow, seconds: number, isWatch: boolean): void {
    flow.level.leave();
    flow.series.left(seconds, isWatch);
  }

  #candidates(user: UserInfo): readonly Candidate[] {
    let known = this.#ofUser.get(user);
    if (known === undefined) {
      known = this.#flows
        .map((flow) => ({ flow, rules: rulesFor(flow.rules, user) }))
        .filter(({ rules }) => rules.length > 0)
        .map(({ flow, rules }) => ({ flow, rules, meansAll: matchesEverything(rules) }));
      this.#ofUser.set(user, known);
    }
    return known;
  }

  #follow(cache: ResourceCache): void {
    const changed = () => {
      this.#isStale = true;
    };
    const watch = () => {
      changed();
      cache.watch({ scope: { by: "all" }, event: changed, lost: watch });
    };
    watch();
  }

  /** The stored objects; where they lack one that must be, as a cluster begins with it. */
  #readObjects(): void {
    this.#isStale = false;
    const { objects } = this.#options;
    const levels = withMandatory(objects.cache(LEVELS), BOOTSTRAP_LEVELS);
    const schemas = withMandatory(objects.cache(SCHEMAS), BOOTSTRAP_SCHEMAS);
    this.#setLevels([...levels.values()] as PriorityLevelObject[]);
    const flows = ([...schemas.values()] as FlowSchemaObject[])
      .toSorted(byPrecedence)
      .map((schema) => this.#flowOf(schema, levels.get(schema.spec.priorityLevelConfiguration.name)));
    this.#flows = flows.filter((flow) => flow !== null);
    this.#ofUser = new WeakMap();
    void writeDangling(objects, SCHEMAS, new Set(levels.keys()), this.#options.timers);
  }

  #flowOf(schema: FlowSchemaObject, level: { metadata: { uid?: string } } | undefined): Flow | null {
    const { spec, metadata } = schema;
    const name = spec.priorityLevelConfiguration.name;
    const priorityLevel = this.#levels.get(name);
    if (level === undefined || priorityLevel === undefined) return null;
    return {
      schema: metadata.name,
      level: priorityLevel,
      method: spec.distinguisherMethod?.type ?? null,
      rules: spec.rules ?? [],
      series: new FlowSeries(this.metrics, name, metadata.name),
      headers: {
        "x-kubernetes-pf-flowschema-uid": metadata.uid ?? "",
        "x-kubernetes-pf-prioritylevel-uid": level.metadata.uid ?? "",
      },
    };
  }

  #setLevels(objects: readonly PriorityLevelObject[]): void {
    const shares = objects.reduce((sum, level) => sum + sharesOf(level), 0);
    for (const object of objects) {
      const { name } = object.metadata;
      const level = this.#levels.get(name) ?? new PriorityLevel(name, this.#options.timers);
      this.#levels.set(name, level);
      const seats = Math.ceil((this.#options.seats * sharesOf(object)) / Math.max(1, shares));
      level.limits = limitsOf(object, seats);
      this.metrics.setSeats(name, seats);
    }
  }
}

/** By name. */
function withMandatory<Kind extends FlowSchemaObject | PriorityLevelObject>(
  cache: ResourceCache,
  bootstrap: readonly Kind[],
): ReadonlyMap<string, Kind> {
  const mandatory = bootstrap.filter(({ metadata: { name } }) => name === EXEMPT || name === CATCH_ALL);
  const byName = new Map(mandatory.map((object) => [object.metadata.name, object]));
  for (const { object } of cache.entries("")) byName.set(object.metadata.name, object as Kind);
  return byName;
}

function sharesOf({ spec }: PriorityLevelObject): number {
  return (spec.type === "Exempt" ? spec.exempt : spec.limited)?.nominalConcurrencyShares ?? 0;
}

function limitsOf({ spec }: PriorityLevelObject, seats: number): LevelLimits {
  if (spec.type === "Exempt") return { seats: Number.POSITIVE_INFINITY, queuing: null };
  return { seats, queuing: spec.limited?.limitResponse.queuing ?? null };
}

function byPrecedence(a: FlowSchemaObject, b: FlowSchemaObject): number {
  const difference = a.spec.matchingPrecedence - b.spec.matchingPrecedence;
  return difference === 0 ? (a.metadata.name < b.metadata.name ? -1 : 1) : difference;
}

function distinguisherOf({ method }: Flow, { namespace }: RequestInfo, { username }: UserInfo): string {
  if (method === "ByUser") return username;
  return method === "ByNamespace" ? namespace : "";
}

function decided({ series }: Flow, rejection: RejectReason | null): undefined {
  if (rejection === null) {
    series.entered();
    return;
  }
  series.rejected(rejection);
  throw new StatusError("TooManyRequests", "Too many requests, please try again later.", {
    retryAfterSeconds: RETRY_SECONDS,
  });
}
