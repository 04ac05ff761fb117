// A test case and one of its workloads -> the operations of one run: parameters filled in, defaults applied,
// createPodSets written out as one createPods per namespace.
// An operation without a namespace gets namespace-INDEX, its index counted after that writing out, as upstream's.
import { assert } from "../../base/assert.js";
import { choice, type Field, INVALID } from "../../base/document/fields.js";
import { mistakesError } from "../../base/document/mistakes.js";
import { joinPath, type Problem, type SourceNode } from "../../base/document/source-tree.js";
import { goEntry } from "./go-fields.js";
import { OP_FIELDS, type WrittenCreatePods, type WrittenOp } from "./op-fields.js";
import { type Op, UNSUPPORTED_OPCODES, type UnsupportedOpcode } from "./ops.js";
import { Parameters } from "./parameters.js";
import type { ResolvedWorkload, TestCase, Workload } from "./test-case.js";

export const FORMAT_HINT =
  "the format is that of scheduler_perf: kubernetes/kubernetes test/integration/scheduler_perf";

const OPCODES = [...Object.keys(OP_FIELDS), ...Object.keys(UNSUPPORTED_OPCODES)];
const OPCODE = choice(OPCODES, "What is done.");

/**
 * @param testCase read by readPerformanceConfig, like `workload`
 * @throws {PlumbError} InvalidInput when the workload lacks a parameter, or has one that nothing uses
 */
export function resolveWorkload(testCase: TestCase, workload: Workload): ResolvedWorkload {
  const name = `${testCase.name}/${workload.name}`;
  const problems: Problem[] = [];
  const parameters = new Parameters(workload.params);
  const ops = resolveOps(testCase, parameters, problems);
  assert(problems.length === 0, `workload '${name}' of a checked test case has mistakes`);
  const mistakes = parameters.mistakes(name);
  if (mistakes.length > 0) throw mistakesError(mistakes, FORMAT_HINT);
  return {
    name,
    at: workload.at,
    labels: workload.labels,
    featureGates: { ...testCase.featureGates, ...workload.featureGates },
    threshold: workload.threshold,
    thresholdMetricSelector: workload.thresholdMetricSelector ??
      testCase.defaultThresholdMetricSelector ?? {
        name: "SchedulingThroughput",
        labels: {},
        dataBucket: "Average",
        expectLower: false,
      },
    metricsCollectorConfig: testCase.metricsCollectorConfig,
    schedulerConfigPath: testCase.schedulerConfigPath,
    ops,
  };
}

/** Operations that are right; what is wrong with the others goes to `problems`. */
export function resolveOps(testCase: TestCase, parameters: Parameters, problems: Problem[]): readonly Op[] {
  const ops: Op[] = [];
  testCase.workloadTemplate.forEach((node, index) => {
    const path = `${testCase.name}.workloadTemplate[${index}]`;
    const opcode = OPCODE.read(goEntry(node, "opcode")?.node ?? node, joinPath(path, "opcode"), problems);
    if (opcode === INVALID) parameters.touchAll(node);
    else if (isUnsupported(opcode)) {
      parameters.touchAll(node);
      ops.push({ opcode: "unsupported", at: node.at, written: opcode, reason: UNSUPPORTED_OPCODES[opcode] });
    } else {
      const field: Field<WrittenOp> = OP_FIELDS[opcode as keyof typeof OP_FIELDS];
      const written = field.read(parameters.fill(node, path, problems), path, problems);
      const context = { testCase, parameters, node, path };
      if (written !== INVALID) for (const op of place(written, ops.length, context)) ops.push(op);
      else parameters.touchAll(node);
    }
  });
  return ops;
}

interface Context {
  readonly testCase: TestCase;
  readonly parameters: Parameters;
  readonly node: SourceNode;
  readonly path: string;
}

/** The operations that `written` stands for, the first of which is the workload's `index`th. */
function place(written: WrittenOp, index: number, context: Context): Op[] {
  const namespace = `namespace-${index}`;
  const templateParams = (node: SourceNode) =>
    context.parameters.templateParams(node, joinPath(context.path, "templateParams"));
  switch (written.opcode) {
    case "createPods":
      return [createPods({ ...written, templateParams: templateParams(context.node) }, namespace, context)];
    case "createPodSets": {
      const inner = goEntry(context.node, "createPodsOp")?.node ?? context.node;
      const op = { ...written.createPodsOp, templateParams: templateParams(inner) };
      return Array.from({ length: written.count }, (_, set) =>
        createPods({ ...op, namespace: `${written.namespacePrefix}-${set}` }, namespace, context),
      );
    }
    case "churn":
      return [{ ...written, namespace: written.namespace ?? namespace }];
    case "sleep":
      return [{ opcode: "sleep", at: written.at, durationMs: written.duration }];
    case "createNodes":
    case "createAny":
      return [{ ...written, templateParams: templateParams(context.node) }];
    default:
      return [written];
  }
}

function createPods(written: WrittenCreatePods, namespace: string, { testCase }: Context): Op {
  const { countMultiplier, duration, ...op } = written;
  return {
    ...op,
    count: op.count * countMultiplier,
    durationMs: duration,
    namespace: op.namespace ?? namespace,
    podTemplatePath: op.podTemplatePath ?? testCase.defaultPodTemplatePath,
  };
}

function isUnsupported(opcode: string): opcode is UnsupportedOpcode {
  return Object.hasOwn(UNSUPPORTED_OPCODES, opcode);
}
