// A scheduling trace: the machines of a cluster, and the Pods that came and went. What every importer gives.
import type { ResourceList, Taint } from "../../api/scheduling.js";
import { LABEL_HOSTNAME } from "../../api/scheduling.js";
import type { Container, Node, Pod, PodSpec } from "../../api/types.js";
import type { CellReader } from "./cells.js";

export interface TracePod {
  /** On no node. Pods of equal specs share one spec object, so that it can be a key. */
  readonly pod: Pod;
  /** Since the trace's start; below 0 for a Pod that was there already. */
  readonly arrivalMs: number;
  /** From placement to deletion; null: it stays. */
  readonly lifetimeMs: number | null;
  /** What the recorded cluster made of it. */
  readonly imported: {
    /** Null: never placed, or not recorded. */
    readonly scheduledMs: number | null;
    readonly phase: string | null;
  };
}

export interface Trace {
  readonly nodes: readonly Node[];
  /** In order of arrival; at the same time, in the file's order. */
  readonly pods: readonly TracePod[];
}

/** A ready node with nothing but what a trace tells of it. */
export function traceNode(
  name: string,
  machine: { allocatable: ResourceList; labels: Readonly<Record<string, string>>; taints: readonly Taint[] },
): Node {
  const { allocatable, labels, taints } = machine;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { [LABEL_HOSTNAME]: name, ...labels } },
    spec: taints.length > 0 ? { taints } : {},
    status: { capacity: allocatable, allocatable, conditions: [{ type: "Ready", status: "True" }] },
  };
}

export function unboundPod(name: string, namespace: string, spec: PodSpec): Pod {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace }, spec, status: { phase: "Pending" } };
}

/** The one container of a Pod. Extended resources cannot be overcommitted: the API wants their limits to be as high. */
export function taskContainer(native: ResourceList, extended: ResourceList): Container {
  return { name: "task", resources: { requests: { ...native, ...extended }, limits: extended } };
}

/** Keeps one spec of each kind. A trace has far fewer kinds than Pods: openb 162 of 8,152. */
export class SharedSpecs {
  readonly #specs = new Map<string, PodSpec>();

  /** @param key cells that decide the spec; no cell holds U+0000 */
  get(key: readonly string[], make: () => PodSpec): PodSpec {
    const text = key.join("\0");
    const known = this.#specs.get(text);
    if (known !== undefined) return known;
    const spec = make();
    this.#specs.set(text, spec);
    return spec;
  }
}

/** Report every row whose id another row has. `column` is where the id stands. */
export function checkUnique(cells: CellReader, column: string, ids: readonly string[]): void {
  const rowOf = new Map<string, number>();
  for (const [row, id] of ids.entries()) {
    const first = rowOf.get(id);
    if (first === undefined) rowOf.set(id, row);
    else
      cells.report(row, column, `is "${id}" as in line ${cells.lineOf(first)}, expected a name of its own`);
  }
}

export function byArrival(pods: readonly TracePod[]): TracePod[] {
  return pods.toSorted((left, right) => left.arrivalMs - right.arrivalMs);
}
