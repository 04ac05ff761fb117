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
/** columns: where a plugin has that form. objects: every plugin node by node, which is what the columns are held to. */
export type PluginForm = "columns" | "objects";

export class PodCycle implements ColumnCycle {
  readonly pod: PodInfo;
  readonly framework: Framework;
  readonly cache: SchedulerCache;
  readonly columns: NodeColumns;
  readonly nodes: readonly NodeInfo[];
  readonly state = new CycleState();
  /** By position in framework.filters. */
  readonly modes: FilterMode[] = [];
  #objectStatuses: Map<number, Status> | null = null;
  #hasObjectState = false;

  readonly #form: PluginForm;

  constructor(pod: PodInfo, framework: Framework, cache: SchedulerCache, form: PluginForm = "columns") {
    this.#form = form;
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

  /** The column form that this cycle may use of a plugin; null for none. */
  columnsOf<T>({ columns }: { readonly columns: T | null }): T | null {
    return this.#form === "columns" ? columns : null;
  }

  /** What an object form said of the node in this slot; undefined when it was not asked. */
  objectStatus(slot: number): Status | undefined {
    return this.#objectStatuses?.get(slot);
  }

  setObjectStatus(slot: number, status: Status): void {
    this.#objectStatuses ??= new Map();
    this.#objectStatuses.set(slot, status);
  }

  /** The state that the object forms of all Filter plugins need. O(Pods) for some plugins, the first time. */
  objectState(): CycleState {
    if (this.#hasObjectState) return this.state;
    this.#hasObjectState = true;
    const { preFilter, filterOfPreFilter } = this.framework;
    const skipped = new Set<string>();
    for (const [order, plugin] of preFilter.entries()) {
      const mode = this.modes[filterOfPreFilter[order] as number];
      if (mode === "objects") continue;
      if (mode === "skip") skipped.add(plugin.name);
      else if (plugin.preFilter(this.state, this.pod, this.nodes).status?.code === "Skip")
        skipped.add(plugin.name);
    }
    this.state.skipFilter = skipped;
    return this.state;
  }
}
