// The hot form of a plugin: Filter and Score as loops over columns. It decides what the object form (framework/plugin.ts)
// decides, node by node; a property test holds the two together.
// Why two forms: thousands of nodes times thousands of Pods leave 20 ns for a node. The object form stays for nodes with
// nominated Pods, for preemption's trials and for explanations.
import type { PodInfo } from "../cache/pod-info.js";
import type { NodeInfo } from "../cache/node-info.js";
import type { PreFilterResult } from "../framework/plugin.js";
import type { Status } from "../framework/status.js";
import type { NodeColumns } from "./node-columns.js";

/** The Pod of this cycle and the nodes there are. */
export interface ColumnCycle {
  readonly columns: NodeColumns;
  readonly pod: PodInfo;
  /** All nodes, in the order of columns.list. */
  readonly nodes: readonly NodeInfo[];
  /** The node in a slot of the lists. */
  nodeAt(slot: number): NodeInfo;
}

/** Candidates list[from..to): an address in the columns' memory, and positions. */
export interface CandidateRange {
  readonly list: number;
  readonly from: number;
  readonly to: number;
}

export interface ColumnFilter {
  readonly name: string;
  /**
   * PreFilter, and whatever `filter` needs. SKIP: nothing to say about this Pod. null: this Pod is beyond the columns,
   * the object form must be used.
   */
  prepareFilter(cycle: ColumnCycle): PreFilterResult | null;
  /** Writes `code` as the verdict on candidates that it turns down and that are still in the running. */
  filter(cycle: ColumnCycle, range: CandidateRange, code: number): void;
  /** What a number in columns.reason means. */
  describe(reason: number): Status;
}

export interface ColumnScore {
  readonly name: string;
  /**
   * PreScore, and whatever `score` needs; columns.feasible holds `count` nodes. False: the plugin's Score is skipped.
   * null: this Pod is beyond the columns, the object form must be used.
   */
  prepareScore(cycle: ColumnCycle, count: number): boolean | null;
  /** Writes the normalised scores (f64 each) of the feasible nodes to `score`, which is zeroed. */
  score(cycle: ColumnCycle, count: number, score: number): void;
}

export const PASS: PreFilterResult = { status: null, nodeNames: null };
