// NodeResourcesBalancedAllocation over columns.
import type { ColumnScore } from "../../columns/column-plugin.js";
import type { TermTable } from "../../columns/resource-columns.js";
import type { NodeResourcesBalancedAllocationArgs } from "../../config/configuration.js";
import { type BalanceFormula, NAME } from "./balanced-allocation.js";
import { podRequest } from "./resource-allocation.js";
import { SpecTables } from "./spec-tables.js";

export function createBalancedAllocationColumns(
  { resources }: NodeResourcesBalancedAllocationArgs,
  formula: BalanceFormula,
): ColumnScore {
  const tables = new SpecTables<TermTable>();
  const comparesWithout = formula === "v1.36" ? 1 : 0;
  return {
    name: NAME,
    prepareScore: ({ pod }) => resources.some(({ name }) => podRequest(pod, name, "exact") > 0),
    score({ columns, pod }, count, score) {
      const table = tables.of(columns, pod, () => columns.resources.scoreTable(pod, resources, "exact"));
      const { memory, feasible, resources: amounts } = columns;
      const { at, count: terms } = table;
      if (amounts.isPair(table))
        memory.kernels.scoreBalancedPairs(feasible, count, score, at, comparesWithout);
      else memory.kernels.scoreBalanced(feasible, count, score, at, terms, comparesWithout);
    },
  };
}
