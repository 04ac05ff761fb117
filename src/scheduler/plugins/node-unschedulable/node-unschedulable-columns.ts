// NodeUnschedulable over columns: one flag per node, not looked at for Pods that tolerate it.
import { type ColumnFilter, PASS } from "../../columns/column-plugin.js";
import { CORDONED, NAME, toleratesCordon } from "./node-unschedulable.js";

export function createNodeUnschedulableColumns(): ColumnFilter {
  let isTolerated = false;
  return {
    name: NAME,
    prepareFilter({ pod }) {
      isTolerated = toleratesCordon(pod);
      return PASS;
    },
    filter({ columns: { memory, verdict, taints } }, { list, from, to }, code) {
      if (!isTolerated) memory.kernels.filterFlagged(list, from, to, verdict, code, taints.unschedulable);
    },
    describe: () => CORDONED,
  };
}
