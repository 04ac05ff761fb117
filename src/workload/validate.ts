// Documents -> objects that the rest may trust: every field that is read has its type and range, no object stands
// twice, no address or node port has two owners. Everything that is wrong is told at once.
import { canonicalIp } from "../base/ip.js";
import {
  type Endpoints,
  type EndpointSlice,
  type KubeObject,
  type Node,
  type Pod,
  type Service,
  WORKLOAD_KINDS,
  type Workload,
} from "../api/types.js";
import type { KubeDocument } from "./documents.js";
import { checkValue, type Report } from "./field-rules.js";
import { checkObject } from "./object-checks.js";
import { BUILT_IN_GROUPS, OBJECT_KINDS, type ObjectKind } from "./object-kinds.js";
import { type Path, pathText, Problems } from "./problems.js";
import { clusterIPsOf } from "./traffic-targets.js";

/** The objects of an input by kind, in input order, each field that Plumbline reads checked. */
export interface ValidObjects {
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly endpoints: readonly Endpoints[];
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly workloads: readonly Workload[];
  /** Kinds that are not read, with their counts, in the order first met. */
  readonly ignoredKinds: ReadonlyMap<string, number>;
}

/** @throws {PlumbError} InvalidInput with one line "file:line:col: what, and what was expected" per problem */
export function validateDocuments(documents: readonly KubeDocument[]): ValidObjects {
  const problems = new Problems();
  const checked: Checked[] = [];
  const ignoredKinds = new Map<string, number>();
  for (const document of documents) {
    const kind = kindOf(document, problems);
    if (kind === "unread") ignoredKinds.set(document.kind, (ignoredKinds.get(document.kind) ?? 0) + 1);
    else if (kind !== "wrong") checked.push(checkDocument(document, kind, problems));
  }
  problems.throwIfAny();
  checkUnique(checked, problems);
  checkOwners(checked, problems);
  problems.throwIfAny();
  return { ...sorted(checked), ignoredKinds };
}

interface Checked {
  readonly kind: ObjectKind;
  readonly object: KubeObject;
  readonly document: KubeDocument;
}

/** A kind of the table; "unread" for others; "wrong" when Kubernetes has the kind in another group. */
function kindOf(document: KubeDocument, problems: Problems): ObjectKind | "unread" | "wrong" {
  if (!Object.hasOwn(OBJECT_KINDS, document.kind)) return "unread";
  const kind = document.kind as ObjectKind;
  const { groups, apiVersion } = OBJECT_KINDS[kind];
  const slash = document.apiVersion.indexOf("/");
  const group = slash < 0 ? "" : document.apiVersion.slice(0, slash);
  if (groups.includes(group)) return kind;
  if (!BUILT_IN_GROUPS.has(group)) return "unread";
  problems.at(
    document,
    ["apiVersion"],
    `apiVersion of a ${kind} is '${document.apiVersion}', expected ${apiVersion}`,
  );
  return "wrong";
}

function checkDocument(document: KubeDocument, kind: ObjectKind, problems: Problems): Checked {
  const before = problems.count;
  const report: Report = (path, problem) =>
    problems.at(document, path, `${kind} ${nameOf(document)}: ${pathText(path)} ${problem}`);
  checkValue(document.value, OBJECT_KINDS[kind].rule, [], report);
  const object = complete(document, kind);
  if (problems.count === before) checkObject(kind, object, report);
  return { kind, object, document };
}

/**
 * The object with what it leaves out: items of typed lists have no kind, manifests often no namespace, and a slice
 * that its controller has emptied has no endpoints.
 */
function complete({ value, apiVersion }: KubeDocument, kind: ObjectKind): KubeObject {
  const object = value as unknown as KubeObject;
  const isWhole = object.kind === kind && object.apiVersion === apiVersion;
  const named = isWhole ? object : { ...object, kind, apiVersion };
  const whole = kind === "EndpointSlice" && !("endpoints" in named) ? { ...named, endpoints: [] } : named;
  if (!OBJECT_KINDS[kind].isNamespaced || whole.metadata?.namespace !== undefined) return whole;
  return { ...whole, metadata: { ...whole.metadata, namespace: "default" } };
}

function nameOf(document: KubeDocument): string {
  const metadata = document.value["metadata"] as { name?: unknown; namespace?: unknown } | null | undefined;
  const { name, namespace } = typeof metadata === "object" && metadata !== null ? metadata : {};
  const own = typeof name === "string" ? name : "(no name)";
  return typeof namespace === "string" ? `'${namespace}/${own}'` : `'${own}'`;
}

/** "namespace/name" of an object, or its name when its kind has no namespace. */
function identityOf({ kind, object }: Checked): string {
  const { name, namespace = "default" } = object.metadata;
  return OBJECT_KINDS[kind].isNamespaced ? `${namespace}/${name}` : name;
}

function checkUnique(checked: readonly Checked[], problems: Problems): void {
  const seen = new Map<string, Checked>();
  for (const one of checked) {
    const identity = `${one.kind} '${identityOf(one)}'`;
    const other = seen.get(identity);
    if (other === undefined) seen.set(identity, one);
    else complain(one, other, ["metadata", "name"], `${identity} stands twice`);
  }

  function complain(one: Checked, other: Checked, path: Path, what: string): void {
    const { file, line } = other.document.positionOf(path);
    problems.at(one.document, path, `${what}, expected once; the first is at ${file}:${line}`);
  }
}

/** A cluster IP belongs to one Service, and so does a node port of one protocol. */
function checkOwners(checked: readonly Checked[], problems: Problems): void {
  const owners = new Map<string, string>();
  const claim = (one: Checked, what: string, path: Path) => {
    const identity = identityOf(one);
    const owner = owners.get(what);
    if (owner === undefined) owners.set(what, identity);
    else if (owner !== identity) {
      problems.at(
        one.document,
        path,
        `Service '${identity}': ${what} belongs to Service '${owner}', expected another`,
      );
    }
  };
  for (const one of checked) {
    if (one.kind !== "Service") continue;
    const service = one.object as Service;
    for (const ip of clusterIPsOf(service))
      claim(one, `cluster IP ${canonicalIp(ip)}`, ["spec", "clusterIP"]);
    for (const [index, { nodePort = 0, protocol = "TCP" }] of (service.spec.ports ?? []).entries()) {
      if (nodePort !== 0)
        claim(one, `node port ${nodePort}/${protocol}`, ["spec", "ports", index, "nodePort"]);
    }
  }
}

function sorted(checked: readonly Checked[]): Omit<ValidObjects, "ignoredKinds"> {
  const of = <T extends KubeObject>(...kinds: readonly ObjectKind[]): T[] =>
    checked.filter(({ kind }) => kinds.includes(kind)).map(({ object }) => object as T);
  return {
    services: of<Service>("Service"),
    endpointSlices: of<EndpointSlice>("EndpointSlice"),
    endpoints: of<Endpoints>("Endpoints"),
    nodes: of<Node>("Node"),
    pods: of<Pod>("Pod"),
    workloads: of<Workload>(...WORKLOAD_KINDS),
  };
}
