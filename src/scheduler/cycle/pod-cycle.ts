// What one scheduling cycle knows of its Pod: the nodes, the columns, and what plugins remember. A Pod whose plugins all
// have a column form never needs the object form's state; where it is needed after all (nominated Pods, preemption,
// explanations) it is made then.
import type { NodeInfo } from "../cache/node-info.js";
import type { PodInfo } from "../cache/pod-info.js";
import type { SchedulerCache } from "../cache/scheduler-cache.js";
import type { ColumnCycle } from "../columns/column-plugin.js";
import type { NodeColumns } from "../columns/node-columns.js";
import { CycleState } from "../framework/cycle-state.js";
import type { Status } from "../framework/status.js";
import type { Framework } from "./framework.js";

/** How a Filter plugin is run for this Pod. */
export type FilterMode = "skip" | "columns" | "objects";

export class PodCycle implements ColumnCycle {
  readonly pod: PodInfo;
  readonly framework: Framework;
  readonly cache: SchedulerCache;
  readonly columns: NodeColumns;
  readonly nodes: readonly NodeInfo[];
  readonly state = new CycleState();
  /** By position in framework.filters. */
  readonly modes: FilterMode[] = [];
  /** Verdicts that an object form gave, by slot. */
  readonly objectStatuses = new Map<number, Status>();
  /** PreFilter plugins that have run on their object form. */
  readonly #prepared = new Set<string>();

  constructor(pod: PodInfo, framework: Framework, cache: SchedulerCache) {
    this.pod = pod;
    this.framework = framework;
    this.cache = cache;
    this.columns = cache.columns;
    this.nodes = cache.nodes;
    this.columns.scratch.reset();
    this.columns.setList(this.nodes);
  }

  nodeAt(slot: number): NodeInfo {
    return this.cache.nodeAt(slot);
  }

  /** Says that a plugin's object form has run PreFilter, and whether it has nothing to say. */
  prepared(plugin: string, isSkipped: boolean): void {
    this.#prepared.add(plugin);
    if (isSkipped) this.state.skipFilter.add(plugin);
  }

  /** The state that the object forms of all Filter plugins need. O(Pods) for some plugins, the first time. */
  objectState(): CycleState {
    for (const plugin of this.framework.preFilter) {
      if (this.#prepared.has(plugin.name)) continue;
      const { status } = plugin.preFilter(this.state, this.pod, this.nodes);
      this.prepared(plugin.name, status?.code === "Skip");
    }
    return this.state;
  }
}
