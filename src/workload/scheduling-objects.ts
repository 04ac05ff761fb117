// Documents -> what a scheduler is told of a cluster, with what the API server would have filled in: namespaces, and
// priorities by their class. Every mistake is told at once, with its place.
import type { PriorityClass } from "../api/scheduling.js";
import type { KubeObject, Node, Pod } from "../api/types.js";
import type { KubeDocument } from "./documents.js";
import { checkValue } from "./field-rules.js";
import { pathText, Problems } from "./problems.js";
import { SCHEDULING_KINDS } from "./scheduling-rules.js";

export interface SchedulingObjects {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly others: readonly KubeObject[];
  /** Kinds that are not read, with their counts, in the order first met. */
  readonly ignoredKinds: ReadonlyMap<string, number>;
}

const DEFAULT_NAMESPACE = "default";
/** Every cluster has these. Source: pkg/apis/scheduling/types.go. */
const BUILT_IN_PRIORITIES = [
  ["system-cluster-critical", 2_000_000_000],
  ["system-node-critical", 2_000_001_000],
] as const;

/** @throws {PlumbError} InvalidInput with one line "file:line:col: what, and what was expected" per problem */
export function readSchedulingObjects(documents: readonly KubeDocument[]): SchedulingObjects {
  const problems = new Problems();
  const ignoredKinds = new Map<string, number>();
  const objects: KubeObject[] = [];
  const places = new Map<string, KubeDocument>();
  for (const document of documents) {
    const before = problems.count;
    const object = readObject(document, problems);
    if (object === null) ignoredKinds.set(document.kind, (ignoredKinds.get(document.kind) ?? 0) + 1);
    else if (problems.count === before) {
      checkUnique(object, document, places, problems);
      objects.push(object);
    }
  }
  problems.throwIfAny();
  const of = (kind: string) => objects.filter((object) => object.kind === kind);
  const priorities = prioritiesOf(of("PriorityClass") as PriorityClass[]);
  return {
    nodes: of("Node") as Node[],
    pods: (of("Pod") as Pod[]).map((pod) => withPriority(pod, priorities)),
    others: objects.filter(({ kind }) => kind !== "Node" && kind !== "Pod" && kind !== "PriorityClass"),
    ignoredKinds,
  };
}

/** null for a kind that a scheduler does not read. */
function readObject(document: KubeDocument, problems: Problems): KubeObject | null {
  const row = Object.hasOwn(SCHEDULING_KINDS, document.kind) ? SCHEDULING_KINDS[document.kind] : undefined;
  const slash = document.apiVersion.indexOf("/");
  if (row === undefined || row.group !== document.apiVersion.slice(0, Math.max(0, slash))) return null;
  checkValue(document.value, row.rule, [], (path, problem) =>
    problems.at(document, path, `${document.kind}: ${pathText(path)} ${problem}`),
  );
  const { apiVersion, kind } = document;
  const object = { ...document.value, apiVersion, kind } as unknown as KubeObject;
  if (!row.isNamespaced) return object;
  return {
    ...object,
    metadata: { ...object.metadata, namespace: object.metadata?.namespace ?? DEFAULT_NAMESPACE },
  };
}

function checkUnique(
  { kind, metadata: { name, namespace } }: KubeObject,
  document: KubeDocument,
  places: Map<string, KubeDocument>,
  problems: Problems,
): void {
  const identity = `${kind} '${namespace === undefined ? name : `${namespace}/${name}`}'`;
  const other = places.get(identity);
  places.set(identity, other ?? document);
  if (other === undefined) return;
  const { file, line } = other.positionOf(["metadata", "name"]);
  problems.at(
    document,
    ["metadata", "name"],
    `${identity} stands twice, expected once; the first is at ${file}:${line}`,
  );
}

interface Priorities {
  readonly byClass: ReadonlyMap<string, number>;
  readonly byDefault: number;
}

function prioritiesOf(classes: readonly PriorityClass[]): Priorities {
  return {
    byClass: new Map([
      ...BUILT_IN_PRIORITIES,
      ...classes.map(({ metadata, value }) => [metadata.name, value] as const),
    ]),
    byDefault: classes.find(({ globalDefault }) => globalDefault === true)?.value ?? 0,
  };
}

/** A manifest names a class; an object of a server has the number already. */
function withPriority(pod: Pod, { byClass, byDefault }: Priorities): Pod {
  if (pod.spec?.priority !== undefined) return pod;
  const priority = byClass.get(pod.spec?.priorityClassName ?? "") ?? byDefault;
  return { ...pod, spec: { ...pod.spec, priority } };
}
