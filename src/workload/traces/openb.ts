// Importer of the openb traces: the machines and tasks of a production GPU cluster, two CSV files.
//
//   column                             becomes
//   sn                                 node name
//   cpu_milli, memory_mib              cpu "Nm", memory "NMi"
//   gpu, model                         GPU_MILLI = 1000 per GPU; label GPU_MODEL
//   num_gpu, gpu_milli                 request GPU_MILLI = num_gpu x gpu_milli
//   gpu_spec "A|B"                     required node affinity: GPU_MODEL in A, B
//   qos                                priority, by QOS_PRIORITIES
//   creation_time                      arrival
//   deletion_time, scheduled_time      lifetime = deletion - max(scheduled, creation); a task that was never scheduled
//                                      has a blank scheduled_time and lives from its creation
//
// Simplification: GPUs are one extended resource per node, counted in thousandths, because that is all that plain
// Kubernetes can say. A share is bound to no device: two tasks of 600 leave 800 free on a node of two GPUs, of which no
// device has more than 400. Packing of shares is therefore too good by up to that much.
// Source: alibaba/clusterdata, cluster-trace-gpu-v2023; Weng et al., USENIX ATC 2023.
import type { NodeAffinity, ResourceList } from "../../api/scheduling.js";
import type { Node, PodSpec } from "../../api/types.js";
import type { SourceInput } from "../documents.js";
import { Problems } from "../problems.js";
import { type CellKind, CellReader, NAME, optional, TEXT, TIME_MS, whole } from "./cells.js";
import { readCsv } from "./csv.js";
import {
  byArrival,
  checkUnique,
  SharedSpecs,
  type Trace,
  type TracePod,
  taskContainer,
  traceNode,
  unboundPod,
} from "./trace.js";

export const GPU_MILLI = "plumbline.dev/gpu-milli";
export const GPU_MODEL = "plumbline.dev/gpu-model";
/** Latency-sensitive before the two classes with requests before best effort; only the order is the trace's. */
const QOS_PRIORITIES: Readonly<Record<string, number>> = {
  LS: 200,
  Guaranteed: 100,
  Burstable: 100,
  BE: 0,
};

const NODE_COLUMNS = ["sn", "cpu_milli", "memory_mib", "gpu", "model"];
const SPEC_COLUMNS = ["cpu_milli", "memory_mib", "num_gpu", "gpu_milli", "gpu_spec", "qos"];
const POD_COLUMNS = [
  ...["name", ...SPEC_COLUMNS],
  ...["pod_phase", "creation_time", "deletion_time", "scheduled_time"],
];
const AMOUNT = whole(0, 1e12);
const GPU_COUNT = whole(0, 1000);
const GPU_SHARE = whole(0, 1000);
const QOS: CellKind<number> = {
  expected: `${Object.keys(QOS_PRIORITIES).join(", ")}, or nothing, which is BE`,
  parse: (text) => {
    if (text === "") return QOS_PRIORITIES["BE"];
    return Object.hasOwn(QOS_PRIORITIES, text) ? QOS_PRIORITIES[text] : undefined;
  },
  standIn: 0,
};

/**
 * Read a node list and a pod list. Further columns are ignored.
 *
 * @param podsPerNode what every node says of "pods", which the trace does not tell; kubelets say 110
 * @throws {PlumbError} InvalidInput with every mistake and its place
 */
export function readOpenb(
  files: { nodes: SourceInput; pods: SourceInput },
  { podsPerNode }: { podsPerNode: number },
): Trace {
  const problems = new Problems();
  const nodeCells = new CellReader(readCsv(files.nodes, problems), NODE_COLUMNS, problems);
  const podCells = new CellReader(readCsv(files.pods, problems), POD_COLUMNS, problems);
  const nodes = readNodes(nodeCells, podsPerNode);
  const pods = readPods(podCells);
  problems.throwIfAny();
  return { nodes, pods: byArrival(pods) };
}

function readNodes(cells: CellReader, podsPerNode: number): Node[] {
  const nodes: Node[] = [];
  for (let row = 0; row < cells.table.rowCount; row++) {
    const gpuCount = cells.read(row, "gpu", GPU_COUNT);
    const model = cells.read(row, "model", TEXT);
    const allocatable = {
      cpu: `${cells.read(row, "cpu_milli", AMOUNT)}m`,
      memory: `${cells.read(row, "memory_mib", AMOUNT)}Mi`,
      pods: podsPerNode,
      ...(gpuCount > 0 ? { [GPU_MILLI]: gpuCount * 1000 } : {}),
    };
    const labels: Record<string, string> = model === "" ? {} : { [GPU_MODEL]: model };
    nodes.push(traceNode(cells.read(row, "sn", NAME), { allocatable, labels, taints: [] }));
  }
  checkUnique(
    cells,
    "sn",
    nodes.map(({ metadata }) => metadata.name),
  );
  return nodes;
}

function readPods(cells: CellReader): TracePod[] {
  const specs = new SharedSpecs();
  const pods: TracePod[] = [];
  for (let row = 0; row < cells.table.rowCount; row++) {
    const key = SPEC_COLUMNS.map((column) => cells.read(row, column, TEXT));
    const spec = specs.get(key, () => readSpec(cells, row));
    const name = cells.read(row, "name", NAME);
    const arrivalMs = cells.read(row, "creation_time", TIME_MS);
    const scheduledMs = cells.read(row, "scheduled_time", optional(TIME_MS));
    pods.push({
      pod: unboundPod(name, "default", spec),
      arrivalMs,
      lifetimeMs: readLifetime(cells, row, Math.max(arrivalMs, scheduledMs ?? arrivalMs)),
      imported: { scheduledMs, phase: cells.read(row, "pod_phase", optional(TEXT)) },
    });
  }
  checkUnique(
    cells,
    "name",
    pods.map(({ pod }) => pod.metadata.name),
  );
  return pods;
}

function readLifetime(cells: CellReader, row: number, beganMs: number): number | null {
  const deletedMs = cells.read(row, "deletion_time", optional(TIME_MS));
  if (deletedMs === null) return null;
  if (deletedMs < beganMs) {
    cells.report(row, "deletion_time", `is before the task began, expected ${beganMs / 1000} s or later`);
  }
  return deletedMs - beganMs;
}

function readSpec(cells: CellReader, row: number): PodSpec {
  const gpuCount = cells.read(row, "num_gpu", GPU_COUNT);
  const share = cells.read(row, "gpu_milli", GPU_SHARE);
  if (gpuCount > 0 && share === 0) {
    cells.report(
      row,
      "gpu_milli",
      `is 0 though num_gpu is ${gpuCount}, expected the share of each GPU, 1..1000`,
    );
  }
  const models = cells.read(row, "gpu_spec", TEXT).split("|").filter(Boolean);
  const cpu = `${cells.read(row, "cpu_milli", AMOUNT)}m`;
  const memory = `${cells.read(row, "memory_mib", AMOUNT)}Mi`;
  const gpus: ResourceList = gpuCount > 0 ? { [GPU_MILLI]: gpuCount * share } : {};
  return {
    containers: [taskContainer({ cpu, memory }, gpus)],
    priority: cells.read(row, "qos", QOS),
    ...(models.length > 0 ? { affinity: { nodeAffinity: onModels(models) } } : {}),
  };
}

function onModels(models: readonly string[]): NodeAffinity {
  const isModel = { key: GPU_MODEL, operator: "In", values: models } as const;
  return {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [isModel] }] },
  };
}
