// How many feasible nodes are enough: in large clusters the best of some hundred is nearly as good as the best of all.
//
//   nodes   100   500   1000   2000   5000   10,000   20,000
//   find    100   230    420    680    500      500    1,000
//
// Source: kube-scheduler schedule_one.go (numFeasibleNodesToFind).

/** Clusters below this size are looked at whole. */
const NODES_MIN = 100;
const PERCENTAGE_MIN = 5;

/** @param percentage 0..100; 0: the more nodes, the smaller the share, 50% - nodes / 125, at least 5% */
export function feasibleNodesWanted(nodes: number, percentage: number): number {
  if (nodes < NODES_MIN) return nodes;
  const share = percentage > 0 ? percentage : Math.max(50 - Math.trunc(nodes / 125), PERCENTAGE_MIN);
  return Math.max(Math.trunc((nodes * share) / 100), NODES_MIN);
}
