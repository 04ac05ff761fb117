// Operations for tests, and an order to carry out a list of them.
import { readFileSync } from "node:fs";
import { Prng } from "../../base/prng.js";
import type { LoadModel } from "../../workload/arrivals.js";
import { GeneratedNames } from "../../workload/scheduler-perf/made-objects.js";
import { TemplateStore } from "../../workload/scheduler-perf/object-template.js";
import type {
  CreateAny,
  CreateNodes,
  CreatePods,
  DeletePods,
  Op,
} from "../../workload/scheduler-perf/ops.js";
import { AT, CREATE_NODES, CREATE_PODS } from "../../workload/scheduler-perf/ops.test-data.js";
import { loadWorkload } from "./load-workload.js";
import { benchWorkload } from "./simulation.test-data.js";
import type { WorkloadOrder } from "./workload-executor.js";

/** 5 of 4 CPU. */
export const NODES: CreateNodes = { ...CREATE_NODES, count: 5 };

/** 10 of 100m CPU. */
export const PODS: CreatePods = { ...CREATE_PODS, count: 10 };

export const DELETION: DeletePods = {
  opcode: "deletePods",
  at: AT,
  namespace: "test",
  labelSelector: {},
  deletePodsPerSecond: 0,
  skipWaitToCompletion: false,
};

export function sleep(durationMs: number): Op {
  return { opcode: "sleep", at: AT, durationMs };
}

export function creation(templatePath: string, namespace: string): CreateAny {
  return { opcode: "createAny", at: AT, count: 1, templatePath, namespace, templateParams: {} };
}

/** @param templates path -> text, where it is not that of a file */
export function orderOf(
  ops: readonly Op[],
  { load = null, templates = {} }: { load?: LoadModel | null; templates?: Record<string, string> } = {},
): WorkloadOrder {
  const { workload } = loadWorkload(benchWorkload("misc", "SchedulingBasic", "5Nodes"));
  return {
    workload: { ...workload, ops },
    making: {
      templates: new TemplateStore((path) => templates[path] ?? readFileSync(path, "utf8")),
      names: new GeneratedNames(),
    },
    load,
    prng: new Prng(1),
  };
}
