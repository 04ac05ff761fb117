// Importer of traces as anyone can write them: a CSV file of nodes and one of Pods. datasets/traces documents the
// columns. Unknown columns are mistakes: a misspelt "duration" would otherwise make every Pod stay for ever.
import type { Taint, TaintEffect, Toleration } from "../../api/scheduling.js";
import type { Node, PodSpec } from "../../api/types.js";
import type { SourceInput } from "../documents.js";
import { Problems } from "../problems.js";
import {
  type CellKind,
  CellReader,
  COUNT_QUANTITY,
  DURATION_MS,
  type KeyedColumn,
  NAME,
  optional,
  QUANTITY,
  TEXT,
  TIME_MS,
  whole,
} from "./cells.js";
import { readCsv } from "./csv.js";
import {
  byArrival,
  checkUnique,
  SharedSpecs,
  taskContainer,
  type Trace,
  type TracePod,
  traceNode,
  unboundPod,
} from "./trace.js";

const NODE_COLUMNS = { required: ["name", "cpu", "memory"], optional: ["pods"] };
const NODE_PREFIXES = ["label:", "taint:", "resource:"];
const POD_COLUMNS = {
  required: ["name", "arrival", "cpu", "memory"],
  optional: ["namespace", "duration", "priority"],
};
const POD_PREFIXES = ["resource:", "nodeSelector:", "toleration:"];
/** Columns that differ from Pod to Pod of one kind. */
const NO_SPEC = ["name", "namespace", "arrival", "duration"];

const EFFECTS: readonly string[] = ["NoSchedule", "PreferNoSchedule", "NoExecute"] satisfies TaintEffect[];
const PODS = optional(whole(0, 100_000));
const AMOUNT = optional(COUNT_QUANTITY);
const PRIORITY = optional(whole(-(2 ** 31), 2 ** 31 - 1));
type TaintCell = Omit<Taint, "key">;
const TAINT: CellKind<TaintCell | null> = {
  expected: `an effect (${EFFECTS.join(", ")}), "VALUE:EFFECT", or nothing`,
  parse: (text) => {
    if (text === "") return null;
    const colon = text.lastIndexOf(":");
    const effect = text.slice(colon + 1);
    if (!EFFECTS.includes(effect)) return undefined;
    return { effect: effect as TaintEffect, ...(colon > 0 ? { value: text.slice(0, colon) } : {}) };
  },
  standIn: null,
};

/**
 * Read a trace in Plumbline's own form.
 *
 * @param podsPerNode what a node without a cell in column "pods" says of "pods"; kubelets say 110
 * @throws {PlumbError} InvalidInput with every mistake and its place
 */
export function readTrace(
  files: { nodes: SourceInput; pods: SourceInput },
  { podsPerNode }: { podsPerNode: number },
): Trace {
  const problems = new Problems();
  const nodeCells = new CellReader(readCsv(files.nodes, problems), NODE_COLUMNS.required, problems);
  nodeCells.checkKnown([...NODE_COLUMNS.required, ...NODE_COLUMNS.optional], NODE_PREFIXES);
  const podCells = new CellReader(readCsv(files.pods, problems), POD_COLUMNS.required, problems);
  podCells.checkKnown([...POD_COLUMNS.required, ...POD_COLUMNS.optional], POD_PREFIXES);
  const nodes = readNodes(nodeCells, podsPerNode);
  const pods = readPods(podCells);
  problems.throwIfAny();
  return { nodes, pods: byArrival(pods) };
}

function readNodes(cells: CellReader, podsPerNode: number): Node[] {
  const labels = cells.keyedColumns("label:");
  const taints = cells.keyedColumns("taint:");
  const resources = cells.keyedColumns("resource:");
  const nodes: Node[] = [];
  for (let row = 0; row < cells.table.rowCount; row++) {
    const machine = {
      allocatable: {
        cpu: cells.read(row, "cpu", QUANTITY),
        memory: cells.read(row, "memory", QUANTITY),
        pods: cells.read(row, "pods", PODS) ?? podsPerNode,
        ...filledCells(cells, row, resources, AMOUNT),
      },
      labels: filledCells(cells, row, labels, optional(TEXT)),
      taints: Object.entries(filledCells(cells, row, taints, TAINT)).map(([key, taint]) => ({
        key,
        ...taint,
      })),
    };
    nodes.push(traceNode(cells.read(row, "name", NAME), machine));
  }
  checkUnique(
    cells,
    "name",
    nodes.map(({ metadata }) => metadata.name),
  );
  return nodes;
}

function readPods(cells: CellReader): TracePod[] {
  const specs = new SharedSpecs();
  const columns = {
    spec: cells.table.columns.filter((column) => !NO_SPEC.includes(column)),
    resources: cells.keyedColumns("resource:"),
    selectors: cells.keyedColumns("nodeSelector:"),
    tolerations: cells.keyedColumns("toleration:"),
  };
  const pods: TracePod[] = [];
  for (let row = 0; row < cells.table.rowCount; row++) {
    const key = columns.spec.map((column) => cells.read(row, column, TEXT));
    const spec = specs.get(key, () => readSpec(cells, row, columns));
    const namespace = cells.read(row, "namespace", optional(NAME)) ?? "default";
    pods.push({
      pod: unboundPod(cells.read(row, "name", NAME), namespace, spec),
      arrivalMs: cells.read(row, "arrival", TIME_MS),
      lifetimeMs: cells.read(row, "duration", optional(DURATION_MS)),
      imported: { scheduledMs: null, phase: null },
    });
  }
  checkUnique(
    cells,
    "name",
    pods.map(({ pod: { metadata } }) => `${metadata.namespace}/${metadata.name}`),
  );
  return pods;
}

type SpecColumns = Readonly<Record<"resources" | "selectors" | "tolerations", readonly KeyedColumn[]>>;

function readSpec(cells: CellReader, row: number, columns: SpecColumns): PodSpec {
  const cpu = cells.read(row, "cpu", optional(QUANTITY));
  const memory = cells.read(row, "memory", optional(QUANTITY));
  const priority = cells.read(row, "priority", PRIORITY);
  const nodeSelector = filledCells(cells, row, columns.selectors, optional(TEXT));
  const tolerated = filledCells(cells, row, columns.tolerations, optional(TEXT));
  const tolerations = Object.entries(tolerated).map(tolerationOf);
  const native = { ...(cpu === null ? {} : { cpu }), ...(memory === null ? {} : { memory }) };
  return {
    containers: [taskContainer(native, filledCells(cells, row, columns.resources, AMOUNT))],
    ...(priority === null ? {} : { priority }),
    ...(Object.keys(nodeSelector).length > 0 ? { nodeSelector } : {}),
    ...(tolerations.length > 0 ? { tolerations } : {}),
  };
}

/** "*" tolerates every value of the key. */
function tolerationOf([key, value]: [string, string]): Toleration {
  return value === "*" ? { key, operator: "Exists" } : { key, operator: "Equal", value };
}

/** Key -> value of the cells that are not empty. */
function filledCells<T>(
  cells: CellReader,
  row: number,
  columns: readonly KeyedColumn[],
  kind: CellKind<T | null>,
): Readonly<Record<string, T>> {
  const filled: [string, T][] = [];
  for (const { column, key } of columns) {
    const value = cells.read(row, column, kind);
    if (value !== null) filled.push([key, value]);
  }
  return Object.fromEntries(filled);
}
