// NodeResourcesFit over columns: the Pod's requests are a table of terms, made once per distinct spec.
import {
  FIT_REASON_NEVER,
  FIT_REASON_PODS,
  FIT_REASON_TERM,
  FIT_TERMS_MAX,
  POINT_SCORE,
  POINT_STRIDE,
  POINT_UTILIZATION,
} from "../../../../asm/abi/scheduler.js";
import { present } from "../../../base/assert.js";
import type { PodInfo } from "../../cache/pod-info.js";
import { CPU, EPHEMERAL_STORAGE, MEMORY } from "../../cache/resources.js";
import { type ColumnCycle, type ColumnFilter, type ColumnScore, PASS } from "../../columns/column-plugin.js";
import type { NodeColumns } from "../../columns/node-columns.js";
import { NO_TERMS, type TermTable } from "../../columns/resource-columns.js";
import type { NodeResourcesFitArgs, Shape } from "../../config/configuration.js";
import { type Status, unresolvable, unschedulable } from "../../framework/status.js";
import { ignoredResources, NAME } from "./fit.js";
import { SpecTables } from "./spec-tables.js";

/** Scores of shape points are 0..10. */
const POINT_SCALE = 10;

export function createFitColumns(args: NodeResourcesFitArgs): ColumnFilter & ColumnScore {
  const isIgnored = ignoredResources(args);
  const { scoringStrategy: strategy } = args;
  const requests = new SpecTables<TermTable>();
  const scores = new SpecTables<TermTable>();
  let names: readonly string[] = [];
  let table = NO_TERMS;
  return {
    name: NAME,
    prepareFilter({ columns, pod }) {
      names = requestedNames(pod, isIgnored);
      if (names.length > FIT_TERMS_MAX) return null;
      table = requests.of(columns, pod, () => requestTable(columns, pod, names));
      return PASS;
    },
    filter({ columns }, { list, from, to }, code) {
      const { memory, verdict, reason, resources } = columns;
      const { podCount, podLimit } = resources;
      const { at, count } = table;
      const { kernels } = memory;
      if (count === 2) kernels.filterFitPair(list, from, to, verdict, code, reason, podCount, podLimit, at);
      else kernels.filterFit(list, from, to, verdict, code, reason, podCount, podLimit, at, count);
    },
    describe: (reason) => fitStatus(reason, names),
    prepareScore: () => true,
    score(cycle, count, score) {
      const { columns, pod } = cycle;
      const terms = scores.of(columns, pod, () =>
        columns.resources.scoreTable(pod, strategy.resources, "nonZero"),
      );
      scoreByStrategy(cycle, count, score, terms, strategy);
    },
  };
}

function scoreByStrategy(
  { columns }: ColumnCycle,
  count: number,
  score: number,
  table: TermTable,
  strategy: NodeResourcesFitArgs["scoringStrategy"],
): void {
  const { memory, feasible, resources } = columns;
  const { kernels } = memory;
  const { at, count: terms } = table;
  switch (strategy.type) {
    case "LeastAllocated":
      if (resources.isPair(table)) kernels.scoreLeastAllocatedPairs(feasible, count, score, at);
      else kernels.scoreLeastAllocated(feasible, count, score, at, terms);
      break;
    case "MostAllocated":
      kernels.scoreMostAllocated(feasible, count, score, at, terms);
      break;
    case "RequestedToCapacityRatio": {
      const { shape } = present(strategy.requestedToCapacityRatio, "requestedToCapacityRatio");
      const points = writePoints(columns, shape);
      kernels.scoreRatio(feasible, count, score, at, terms, points, shape.length);
    }
  }
}

/** Address of the points, good for this cycle. */
function writePoints({ memory, scratch }: NodeColumns, shape: Shape): number {
  const at = scratch.take(shape.length * POINT_STRIDE);
  for (const [index, { utilization, score }] of shape.entries()) {
    const point = at + index * POINT_STRIDE;
    memory.f64[(point + POINT_UTILIZATION) >> 3] = utilization;
    memory.f64[(point + POINT_SCORE) >> 3] = score * POINT_SCALE;
  }
  return at;
}

/** Resources that must fit, in the order in which their lack is told. */
function requestedNames({ spec }: PodInfo, isIgnored: (resource: string) => boolean): string[] {
  const { exact } = spec.requests;
  const extended = [...exact.scalar.keys()].filter((name) => !isIgnored(name));
  return [CPU, MEMORY, EPHEMERAL_STORAGE, ...extended].filter((name) => exact.get(name) > 0);
}

function requestTable({ resources }: NodeColumns, { spec }: PodInfo, names: readonly string[]): TermTable {
  return resources.table(
    names.map((name) => ({ column: resources.exact(name), request: spec.requests.exact.get(name) })),
  );
}

function fitStatus(reason: number, names: readonly string[]): Status {
  const reasons = names
    .filter((_, index) => (reason & (FIT_REASON_TERM << index)) !== 0)
    .map((name) => `Insufficient ${name}`);
  if ((reason & FIT_REASON_PODS) !== 0) reasons.unshift("Too many pods");
  return (reason & FIT_REASON_NEVER) !== 0 ? unresolvable(NAME, ...reasons) : unschedulable(NAME, ...reasons);
}
