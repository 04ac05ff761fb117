// TaintToleration over columns: equal taint lists share a number, and what the Pod makes of each stands in a table.
import type { Toleration } from "../../../api/scheduling.js";
import type { PodInfo } from "../../cache/pod-info.js";
import { type ColumnFilter, type ColumnScore, PASS } from "../../columns/column-plugin.js";
import type { NodeColumns } from "../../columns/node-columns.js";
import { MAX_NODE_SCORE } from "../../framework/normalize.js";
import { countAvoidedTaints, forbiddingTaint } from "../../framework/taints.js";
import { NAME, UNTOLERATED } from "./taint-toleration.js";

export function createTaintTolerationColumns(): ColumnFilter & ColumnScore {
  let forbidden = 0;
  let avoided = 0;
  return {
    name: NAME,
    prepareFilter({ columns, pod }) {
      forbidden = forbiddenTable(columns, pod);
      return PASS;
    },
    filter({ columns }, { list, from, to }, code) {
      const { memory, verdict, reason, taints } = columns;
      memory.kernels.filterTabled(list, from, to, verdict, code, reason, taints.ids, forbidden);
    },
    describe: () => UNTOLERATED,
    prepareScore({ columns, pod }) {
      const { tolerations = [] } = pod.pod.spec ?? {};
      avoided = columns.taints.table(`avoided ${keyOf(tolerations)}`, 4, (taints) =>
        countAvoidedTaints(taints, tolerations),
      );
      return true;
    },
    score({ columns }, count, score) {
      const { kernels } = columns.memory;
      // Most clusters have no such taint: all nodes are as good as can be.
      if (!columns.taints.hasAvoidable) {
        kernels.fillTotals(count, score, MAX_NODE_SCORE);
        return;
      }
      kernels.scoreTabled(columns.feasible, count, score, columns.taints.ids, avoided);
      kernels.normalizeDefault(count, score, 1);
    },
  };
}

/** Address of a table (u8 by taint list): 1 where the Pod does not tolerate a taint that forbids scheduling. */
export function forbiddenTable(columns: NodeColumns, { pod }: PodInfo): number {
  const { tolerations = [] } = pod.spec ?? {};
  return columns.taints.table(`forbidden ${keyOf(tolerations)}`, 1, (taints) =>
    forbiddingTaint(taints, tolerations) === null ? 0 : 1,
  );
}

const keys = new WeakMap<readonly Toleration[], string>();

/** Equal for equal tolerations. */
function keyOf(tolerations: readonly Toleration[]): string {
  if (tolerations.length === 0) return "";
  let key = keys.get(tolerations);
  if (key === undefined) {
    key = JSON.stringify(
      tolerations.map(({ key, operator, value, effect }) => [key, operator, value, effect]),
    );
    keys.set(tolerations, key);
  }
  return key;
}
