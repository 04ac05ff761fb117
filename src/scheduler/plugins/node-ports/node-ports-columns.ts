// NodePorts over columns: a port is taken where any column that conflicts with it counts something.
import { type ColumnFilter, PASS } from "../../columns/column-plugin.js";
import { SKIP } from "../../framework/status.js";
import { NAME, TAKEN } from "./node-ports.js";

export function createNodePortsColumns(): ColumnFilter {
  let conflicts: readonly number[] = [];
  return {
    name: NAME,
    prepareFilter({ columns, pod: { spec } }) {
      if (spec.hostPorts.length === 0) return { status: SKIP, nodeNames: null };
      conflicts = [...new Set(spec.hostPorts.flatMap((wanted) => columns.ports.conflicts(wanted)))];
      return PASS;
    },
    filter({ columns: { memory, verdict } }, { list, from, to }, code) {
      for (const counts of conflicts) memory.kernels.filterCounted(list, from, to, verdict, code, counts);
    },
    describe: () => TAKEN,
  };
}
