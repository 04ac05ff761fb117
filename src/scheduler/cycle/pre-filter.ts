// PreFilter of all plugins: whether the Pod can be scheduled at all, and on which nodes only.
// A plugin without hope (UnschedulableAndUnresolvable) ends it at once; after a plain rejection the others still run.
// Source: kube-scheduler framework/runtime/framework.go (RunPreFilterPlugins), schedule_one.go.
import type { PreFilterPlugin, PreFilterResult } from "../framework/plugin.js";
import { type Status, unresolvable } from "../framework/status.js";
import type { PluginTimer } from "./cycle-recorder.js";
import type { PodCycle } from "./pod-cycle.js";

export interface PreFilterOutcome {
  /** Why the Pod cannot be scheduled anywhere; null when nodes are to be looked at. */
  readonly status: Status | null;
  /** Names of the only nodes that can do; null for all. */
  readonly nodeNames: ReadonlySet<string> | null;
  /** What nodes outside of nodeNames are told. */
  readonly excluded: Status;
}

const NOTHING_EXCLUDED = unresolvable("", "");

export function runPreFilter(cycle: PodCycle, timer: PluginTimer): PreFilterOutcome {
  let rejection: Status | null = null;
  let nodeNames: ReadonlySet<string> | null = null;
  const narrowing: string[] = [];
  const { preFilter } = cycle.framework;
  for (let order = 0; order < preFilter.length; order++) {
    const plugin = preFilter[order] as PreFilterPlugin;
    const begun = timer.pluginBegins();
    const { status, nodeNames: only } = prepare(cycle, order);
    timer.pluginEnds(plugin.name, "PreFilter", begun, status);
    if (status !== null && status.code !== "Skip") {
      const named = { ...status, plugin: plugin.name, reasons: worded(status, plugin.name) };
      if (status.code !== "Unschedulable")
        return { status: named, nodeNames: null, excluded: NOTHING_EXCLUDED };
      rejection ??= named;
    }
    if (only === null) continue;
    narrowing.push(plugin.name);
    nodeNames = nodeNames === null ? only : intersection(nodeNames, only);
    if (nodeNames.size === 0)
      return {
        status: unresolvable(plugin.name, nobodyMessage(narrowing)),
        nodeNames,
        excluded: NOTHING_EXCLUDED,
      };
  }
  prepareOthers(cycle);
  const excluded =
    narrowing.length === 0
      ? NOTHING_EXCLUDED
      : unresolvable(narrowing[0] as string, `node(s) didn't satisfy plugin(s) [${narrowing.join(" ")}]`);
  return { status: rejection, nodeNames, excluded };
}

/** Errors say where they come from; rejections are read by users as they are. */
function worded({ code, reasons }: Status, plugin: string): readonly string[] {
  return code === "Error" ? [`running PreFilter plugin "${plugin}": ${reasons.join(", ")}`] : reasons;
}

function intersection(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...a].filter((name) => b.has(name)));
}

function nobodyMessage(plugins: readonly string[]): string {
  return plugins.length === 1
    ? `node(s) didn't satisfy plugin ${plugins[0]}`
    : `node(s) didn't satisfy plugin(s) [${plugins.join(" ")}] simultaneously`;
}

/** PreFilter of one plugin, on columns where it can; decides how its Filter will run. */
function prepare(cycle: PodCycle, order: number): PreFilterResult {
  const { framework, modes, state, pod, nodes } = cycle;
  const index = framework.filterOfPreFilter[order] as number;
  const step = framework.filters[index];
  const onColumns = step === undefined ? null : (cycle.columnsOf(step)?.prepareFilter(cycle) ?? null);
  const result = onColumns ?? (framework.preFilter[order] as PreFilterPlugin).preFilter(state, pod, nodes);
  if (index >= 0) {
    const isSkipped = result.status?.code === "Skip";
    modes[index] = isSkipped ? "skip" : onColumns === null ? "objects" : "columns";
  }
  return result;
}

/** Filter plugins that have no PreFilter. */
function prepareOthers(cycle: PodCycle): void {
  const { framework, modes } = cycle;
  for (const [index, step] of framework.filters.entries()) {
    if (modes[index] !== undefined) continue;
    const columns = cycle.columnsOf(step);
    modes[index] = columns !== null && columns.prepareFilter(cycle) !== null ? "columns" : "objects";
  }
}
