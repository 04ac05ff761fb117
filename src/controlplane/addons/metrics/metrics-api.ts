// metrics.k8s.io/v1beta1: what `kubectl top` and autoscalers read, from the nodes' own summaries.
// It is a group that the API server serves like its own: made before the server, started when there are informers.
// Cost: a list is O(objects selected); a node is asked at most once in 15 s.
// Source: metrics-server pkg/api (pod.go, node.go), pkg/storage.
import { labelTest } from "../../../api/label-test.js";
import type { KubeObject } from "../../../api/meta.js";
import { StatusError } from "../../../api/status.js";
import type { Timers } from "../../../base/timers.js";
import type { InformerFactory } from "../../client/informer-factory.js";
import type { Lister } from "../../client/object-store.js";
import type { Node, Pod } from "../../client/object-types.js";
import { NODES, PODS } from "../../client/resources.js";
import type { ApiRequest, ApiResponse } from "../../protocol/api-request.js";
import type { PodUsage, ResourceMetrics } from "../../protocol/resource-metrics.js";
import {
  METRICS_API_VERSION,
  type MetricsRow,
  metricsTable,
  nodeMetrics,
  podMetrics,
} from "./metrics-objects.js";
import { type StatsOf, UsageSamples, WINDOW_MS } from "./usage-samples.js";

export interface MetricsApiOptions {
  /** Whoever made it starts it. */
  readonly informers: InformerFactory;
  readonly timers: Timers;
  readonly statsOf: StatsOf;
}

/** What a request is about, as the server has read its path. */
interface Asked {
  /** "get", "list", ... */
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
  /** "": all. */
  readonly namespace: string;
  readonly name: string;
}

const GROUP = "metrics.k8s.io";

const RESOURCES = [
  { kind: "NodeMetrics", plural: "nodes", isNamespaced: false },
  { kind: "PodMetrics", plural: "pods", isNamespaced: true },
].map((row) => ({
  ...row,
  singular: "",
  shortNames: [],
  categories: [],
  subresources: [],
  verbs: ["get", "list"],
}));

interface Sources {
  readonly samples: UsageSamples;
  readonly nodes: Lister<Node>;
  readonly pods: Lister<Pod>;
}

type Selects = (object: KubeObject) => boolean;

export class MetricsApi implements ResourceMetrics {
  readonly group = GROUP;
  readonly version = "v1beta1";
  readonly resources = RESOURCES;
  #sources: Sources | null = null;

  /** Before this, and after `stop`, requests are answered with 503. */
  start({ informers, timers, statsOf }: MetricsApiOptions): void {
    this.#sources = {
      samples: new UsageSamples(statsOf, timers),
      nodes: informers.informer(NODES).lister,
      pods: informers.informer(PODS).lister,
    };
  }

  stop(): void {
    this.#sources = null;
  }

  /** @throws {StatusError} */
  handle(request: ApiRequest, asked: Asked): ApiResponse {
    const isNodes = asked.resource === "nodes";
    if ((!isNodes && asked.resource !== "pods") || asked.subresource !== "") throw notServed();
    if (asked.verb !== "get" && asked.verb !== "list")
      throw new StatusError(
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
      );
    const sources = this.#started();
    if (asked.verb === "get") {
      const row = isNodes ? nodeRow(sources, asked.name) : podRow(sources, asked.namespace, asked.name);
      if (row === null) throw notFound(asked);
      return answer(request, [row], row.object);
    }
    const selects = selectionOf(request.query);
    const rows = isNodes ? nodeRows(sources, selects) : podRows(sources, asked.namespace, selects);
    return answer(request, rows, {
      kind: isNodes ? "NodeMetricsList" : "PodMetricsList",
      apiVersion: METRICS_API_VERSION,
      metadata: {},
      items: rows.map(({ object }) => object),
    });
  }

  podUsages(namespace: string, labelSelector: string): readonly PodUsage[] {
    const sources = this.#started();
    const test = labelTest(labelSelector) ?? (() => true);
    const pods = sources.pods.list(namespace).filter(({ metadata }) => test(metadata.labels));
    return pods.map((pod) => podUsage(sources, pod)).filter((usage) => usage !== null);
  }

  #started(): Sources {
    if (this.#sources === null)
      throw new StatusError("ServiceUnavailable", "the server is currently unable to handle the request");
    return this.#sources;
  }
}

function nodeRows(sources: Sources, selects: Selects): readonly MetricsRow[] {
  const rows = sources.nodes
    .list()
    .filter(selects)
    .map(({ metadata }) => nodeRow(sources, metadata.name));
  return inOrder(rows.filter((row) => row !== null));
}

function nodeRow({ nodes, samples }: Sources, name: string): MetricsRow | null {
  const node = nodes.get(name);
  const sample = node === undefined ? null : samples.of(name);
  if (node === undefined || sample === null) return null;
  return {
    object: nodeMetrics(node, sample),
    cpuNanoCores: sample.node.cpu.usageNanoCores,
    memoryBytes: sample.node.memory.workingSetBytes,
  };
}

function podRows(sources: Sources, namespace: string, selects: Selects): readonly MetricsRow[] {
  const pods = sources.pods.list(namespace === "" ? undefined : namespace).filter(selects);
  return inOrder(pods.map((pod) => rowOfPod(sources, pod)).filter((row) => row !== null));
}

function podRow(sources: Sources, namespace: string, name: string): MetricsRow | null {
  const pod = sources.pods.get(`${namespace}/${name}`);
  return pod === undefined ? null : rowOfPod(sources, pod);
}

function rowOfPod(sources: Sources, pod: Pod): MetricsRow | null {
  const usage = podUsage(sources, pod);
  if (usage === null) return null;
  const sum = (of: (container: PodUsage["containers"][number]) => number) =>
    usage.containers.reduce((total, each) => total + of(each), 0);
  return {
    object: podMetrics(usage, pod.metadata.labels),
    cpuNanoCores: sum((each) => each.cpuNanoCores),
    memoryBytes: sum((each) => each.memoryBytes),
  };
}

/** By uid: a Pod that was made anew under its name has no usage until its node speaks of it. */
function podUsage({ samples }: Sources, { metadata, spec, status }: Pod): PodUsage | null {
  const nodeName = spec?.nodeName ?? "";
  if (nodeName === "" || status?.phase !== "Running") return null;
  const sample = samples.of(nodeName);
  const summary = sample?.pods.get(metadata.uid ?? "");
  if (sample === null || summary === undefined || summary.containers.length === 0) return null;
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    sampledMs: sample.sampledMs,
    windowMs: WINDOW_MS,
    containers: summary.containers.map(({ name, cpu, memory }) => ({
      name,
      cpuNanoCores: cpu.usageNanoCores,
      memoryBytes: memory.workingSetBytes,
    })),
  };
}

/** As the API lists what it stores: by namespace, then name. */
function inOrder(rows: readonly MetricsRow[]): readonly MetricsRow[] {
  const key = ({ object: { metadata } }: MetricsRow) => `${metadata.namespace ?? ""}/${metadata.name}`;
  return rows
    .map((row) => ({ row, key: key(row) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ row }) => row);
}

function selectionOf(query: URLSearchParams): Selects {
  const labels = labelTest(query.get("labelSelector") ?? "");
  const fields = fieldTests(query.get("fieldSelector") ?? "");
  return (object) =>
    (labels === null || labels(object.metadata.labels)) && fields.every((test) => test(object));
}

/** metadata.name and metadata.namespace: metrics have no other fields to select by. */
function fieldTests(selector: string): readonly Selects[] {
  return selector
    .split(",")
    .filter((term) => term.trim() !== "")
    .map((term) => {
      const match = /^\s*metadata\.(name|namespace)\s*(!=|==?)\s*(\S*)\s*$/.exec(term);
      if (match === null)
        throw new StatusError("BadRequest", `field label not supported in field selector: ${term.trim()}`);
      const [, field, operator, value] = match;
      return ({ metadata }) =>
        ((field === "name" ? metadata.name : (metadata.namespace ?? "")) === value) === (operator !== "!=");
    });
}

/** Tables for those whose first choice is a Table. */
function answer(request: ApiRequest, rows: readonly MetricsRow[], object: object): ApiResponse {
  const [first = ""] = (request.headers["accept"] ?? "").split(",");
  const version = /^\s*application\/json;.*as=Table/.test(first)
    ? (/;v=(\w+)/.exec(first)?.[1] ?? "v1")
    : null;
  if (version === null) return { kind: "object", code: 200, object };
  const contentType = `application/json;as=Table;v=${version};g=meta.k8s.io`;
  return { kind: "object", code: 200, object: metricsTable(rows, version), contentType };
}

function notFound({ resource, namespace, name }: Asked): StatusError {
  const kind = resource === "nodes" ? "nodemetrics" : "podmetrics";
  const id = resource === "nodes" ? name : `${namespace}/${name}`;
  return new StatusError("NotFound", `${kind}.${GROUP} "${id}" not found`, { name: id, group: GROUP, kind });
}

function notServed(): StatusError {
  return new StatusError("NotFound", "the server could not find the requested resource");
}
