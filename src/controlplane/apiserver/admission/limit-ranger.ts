// LimitRanges: what containers of a namespace get when they say nothing, and how little or much they may ask for.
// Source: plugin/pkg/admission/limitranger.
import type {
  Container,
  LimitRangeItem,
  PersistentVolumeClaim,
  ResourceRequirements,
} from "kubernetes-types/core/v1.js";
import { type Amounts, amountOf, amountsOf, type Quantities, quantitiesOf } from "../../../api/amount.js";
import type { KubeObject } from "../../../api/meta.js";
import type { AdmissionRequest } from "../access.js";
import { kindRow, type ObjectReader } from "../object-access.js";
import { type AdmissionPlugin, refused } from "./admission-plugin.js";
import { type PodObject, podOf, withSpec } from "./pod-parts.js";
import { podAmounts } from "./pod-resources.js";

const LIMIT_RANGES = kindRow("", "limitranges");
const ANNOTATION = "kubernetes.io/limit-ranger";

interface LimitRange extends KubeObject {
  readonly spec?: { readonly limits?: readonly LimitRangeItem[] };
}

/** What something asks for, in thousandths. */
interface Demand {
  readonly requests: Amounts;
  readonly limits: Amounts;
  /** As written, for messages. */
  readonly text: { readonly requests: Quantities; readonly limits: Quantities };
}

export function limitRanger(reader: ObjectReader): AdmissionPlugin {
  const itemsOf = ({ namespace }: AdmissionRequest) =>
    [...(reader.list(LIMIT_RANGES, namespace) as Iterable<LimitRange>)].map(
      (range) => range.spec?.limits ?? [],
    );
  return {
    name: "LimitRanger",
    operations: ["CREATE", "UPDATE"],
    resources: ["pods", "persistentvolumeclaims"],
    subresources: ["resize"],
    mutate(request) {
      if (request.kind.plural !== "pods" || request.operation === "UPDATE") return request.object;
      const ranges = itemsOf(request);
      return ranges.length === 0 ? request.object : ranges.reduce(withDefaults, podOf(request));
    },
    validate(request) {
      const isPod = request.kind.plural === "pods";
      if (isPod && request.operation === "UPDATE" && request.subresource !== "resize") return;
      if (request.oldObject?.metadata.deletionTimestamp !== undefined) return;
      for (const items of itemsOf(request)) {
        const failures = items.flatMap((item) =>
          isPod ? podFailures(podOf(request), item) : claimFailures(request.object as object, item),
        );
        if (failures.length === 1) throw refused(request, failures[0] as string);
        if (failures.length > 1) throw refused(request, `[${failures.join(", ")}]`);
      }
    },
  };
}

function withDefaults(pod: PodObject, items: readonly LimitRangeItem[]): PodObject {
  const ofContainers = items.filter((item) => item.type === "Container");
  const limits: Quantities = Object.assign({}, ...ofContainers.map((item) => item.default));
  const requests: Quantities = Object.assign({}, ...ofContainers.map((item) => item.defaultRequest));
  const notes: string[] = [];
  const completed = (what: string) => (container: Container) =>
    withAmounts(container, { limits, requests }, what, notes);
  const containers = (pod.spec.containers ?? []).map(completed("container"));
  const initContainers = pod.spec.initContainers?.map(completed("init container"));
  if (notes.length === 0) return pod;
  const annotations = {
    ...pod.metadata.annotations,
    [ANNOTATION]: `LimitRanger plugin set: ${notes.join("; ")}`,
  };
  const changed = withSpec(pod, { containers, ...(initContainers === undefined ? {} : { initContainers }) });
  return { ...changed, metadata: { ...pod.metadata, annotations } };
}

function withAmounts(
  container: Container,
  standard: { readonly limits: Quantities; readonly requests: Quantities },
  what: string,
  notes: string[],
): Container {
  const given = container.resources ?? {};
  const added = (part: "requests" | "limits") =>
    Object.keys(standard[part])
      .filter((name) => given[part]?.[name] === undefined)
      .sort();
  const [requests, limits] = [added("requests"), added("limits")];
  if (requests.length + limits.length === 0) return container;
  if (requests.length > 0) notes.push(`${requests.join(", ")} request for ${what} ${container.name}`);
  if (limits.length > 0) notes.push(`${limits.join(", ")} limit for ${what} ${container.name}`);
  const resources = {
    ...given,
    limits: { ...standard.limits, ...given.limits },
    requests: { ...standard.requests, ...given.requests },
  } as ResourceRequirements;
  return { ...container, resources };
}

function podFailures(pod: PodObject, item: LimitRangeItem): readonly string[] {
  if (item.type === "Container")
    return [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])].flatMap(
      ({ resources = {} }) => failuresOf(item, demandOf(resources), { limits: true }),
    );
  if (item.type !== "Pod") return [];
  const requests = podAmounts(pod, "requests");
  const limits = podAmounts(pod, "limits");
  return failuresOf(
    item,
    { requests, limits, text: { requests: quantitiesOf(requests), limits: quantitiesOf(limits) } },
    { limits: true },
  );
}

function claimFailures(claim: object, item: LimitRangeItem): readonly string[] {
  if (item.type !== "PersistentVolumeClaim") return [];
  const { requests } = (claim as PersistentVolumeClaim).spec?.resources ?? {};
  const { maxLimitRequestRatio: _ratio, ...bounds } = item;
  return failuresOf(bounds, demandOf(requests === undefined ? {} : { requests }), { limits: false });
}

function demandOf({ requests = {}, limits = {} }: ResourceRequirements): Demand {
  return { requests: amountsOf(requests), limits: amountsOf(limits), text: { requests, limits } };
}

/** @param options whether limits are asked for at all: of claims only requests are looked at */
function failuresOf(
  item: LimitRangeItem,
  demand: Demand,
  options: { readonly limits: boolean },
): readonly string[] {
  const kind = item.type;
  return [
    ...Object.entries(item.min ?? {}).map(([name, bound]) => minimumFailure(kind, name, bound, demand)),
    ...Object.entries(item.max ?? {}).map(([name, bound]) =>
      maximumFailure(kind, name, bound, demand, options.limits),
    ),
    ...Object.entries(item.maxLimitRequestRatio ?? {}).map(([name, bound]) =>
      ratioFailure(kind, name, bound, demand),
    ),
  ].filter((failure) => failure !== null);
}

function minimumFailure(kind: string, name: string, bound: string, demand: Demand): string | null {
  const said = `minimum ${name} usage per ${kind} is ${bound}`;
  const least = amountOf(bound).milli;
  const [request, limit] = [demand.requests[name], demand.limits[name]];
  if (request === undefined) return `${said}.  No request is specified`;
  if (request.milli < least) return `${said}, but request is ${demand.text.requests[name]}`;
  if (limit !== undefined && limit.milli < least) return `${said}, but limit is ${demand.text.limits[name]}`;
  return null;
}

function maximumFailure(
  kind: string,
  name: string,
  bound: string,
  demand: Demand,
  hasLimits: boolean,
): string | null {
  const said = `maximum ${name} usage per ${kind} is ${bound}`;
  const most = amountOf(bound).milli;
  const [request, limit] = [demand.requests[name], demand.limits[name]];
  if (hasLimits && limit === undefined) return `${said}.  No limit is specified`;
  if (!hasLimits && request === undefined) return `${said}.  No request is specified`;
  if (limit !== undefined && limit.milli > most) return `${said}, but limit is ${demand.text.limits[name]}`;
  if (request !== undefined && request.milli > most)
    return `${said}, but request is ${demand.text.requests[name]}`;
  return null;
}

function ratioFailure(kind: string, name: string, bound: string, demand: Demand): string | null {
  const said = `${name} max limit to request ratio per ${kind} is ${bound}`;
  const [request, limit] = [demand.requests[name], demand.limits[name]];
  if (request === undefined || request.milli === 0)
    return `${said}, but no request is specified or request is 0`;
  if (limit === undefined || limit.milli === 0) return `${said}, but no limit is specified or limit is 0`;
  const ratio = limit.milli / request.milli;
  return ratio * 1000 > amountOf(bound).milli ? `${said}, but provided ratio is ${ratio.toFixed(6)}` : null;
}
