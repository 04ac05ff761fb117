// One profile's plugins, made and sorted by extension point, and the runs over them that need no columns.
// Source: kube-scheduler framework/runtime/framework.go.
import { assert } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import type { NodeInfo } from "../cache/node-info.js";
import type { PodInfo } from "../cache/pod-info.js";
import type { ColumnFilter, ColumnScore } from "../columns/column-plugin.js";
import type { Profile } from "../config/configuration.js";
import type { ExtensionPoint } from "../config/plugin-table.js";
import type { CycleState } from "../framework/cycle-state.js";
import type { NominatedPods } from "../framework/handle.js";
import type {
  BindPlugin,
  FilterPlugin,
  PermitPlugin,
  Plugin,
  PostBindPlugin,
  PostFilterPlugin,
  PreBindPlugin,
  PreEnqueuePlugin,
  PreFilterPlugin,
  PreScorePlugin,
  QueueSortPlugin,
  ReservePlugin,
  ScorePlugin,
} from "../framework/plugin.js";
import type { Status } from "../framework/status.js";
import type { PluginContext, PluginRegistry } from "../plugins/registry.js";

/** A plugin at Filter, with its hot form where it has one. */
export interface FilterStep {
  readonly name: string;
  readonly filter: FilterPlugin;
  readonly columns: ColumnFilter | null;
}

export interface ScoreStep {
  readonly name: string;
  readonly score: ScorePlugin;
  /** null: it has no PreScore, or the profile leaves it out. */
  readonly preScore: PreScorePlugin | null;
  readonly columns: ColumnScore | null;
  readonly weight: number;
}

export class Framework {
  readonly profile: Profile;
  readonly preEnqueue: readonly PreEnqueuePlugin[];
  readonly queueSort: QueueSortPlugin;
  readonly preFilter: readonly PreFilterPlugin[];
  readonly filters: readonly FilterStep[];
  readonly postFilter: readonly PostFilterPlugin[];
  readonly scores: readonly ScoreStep[];
  readonly reserve: readonly ReservePlugin[];
  readonly permit: readonly PermitPlugin[];
  readonly preBind: readonly PreBindPlugin[];
  readonly bind: readonly BindPlugin[];
  readonly postBind: readonly PostBindPlugin[];
  /** By position in preFilter: where the plugin stands in filters; -1 when it does not filter. */
  readonly filterOfPreFilter: readonly number[];
  /** Every plugin enabled anywhere. */
  readonly plugins: ReadonlyMap<string, Plugin>;
  readonly #nominated: NominatedPods;

  /** @throws {PlumbError} InvalidInput when the profile enables a plugin that is not in the registry */
  constructor(profile: Profile, registry: PluginRegistry, context: PluginContext) {
    this.profile = profile;
    this.#nominated = context.handle.nominated;
    const made = makePlugins(profile, registry, context);
    this.plugins = new Map([...made].map(([name, { plugin }]) => [name, plugin]));
    const at = <T extends Plugin>(point: ExtensionPoint): T[] =>
      profile.plugins[point].map(({ name }) => made.get(name)?.plugin as T);
    this.preEnqueue = at("preEnqueue");
    const [queueSort] = at<QueueSortPlugin>("queueSort");
    assert(queueSort !== undefined, `profile ${profile.schedulerName} has no queueSort plugin`);
    this.queueSort = queueSort;
    this.preFilter = at("preFilter");
    this.filters = profile.plugins.filter.map(({ name }) => filterStep(name, made));
    this.filterOfPreFilter = this.preFilter.map((plugin) =>
      this.filters.findIndex(({ name }) => name === plugin.name),
    );
    this.postFilter = at("postFilter");
    const withPreScore = new Set(profile.plugins.preScore.map(({ name }) => name));
    this.scores = profile.plugins.score.map(({ name, weight }) => ({
      ...scoreStep(name, made, withPreScore.has(name)),
      weight,
    }));
    this.reserve = at("reserve");
    this.permit = at("permit");
    this.preBind = at("preBind");
    this.bind = at("bind");
    this.postBind = at("postBind");
  }

  /** The first Filter that turns the node down, on the object form. */
  filter(state: CycleState, pod: PodInfo, node: NodeInfo): Status | null {
    for (const { name, filter } of this.filters) {
      if (state.skipFilter.has(name)) continue;
      const status = filter.filter(state, pod, node);
      if (status !== null) return status;
    }
    return null;
  }

  /**
   * As `filter`, on the node as it would be with the Pods nominated to it that are at least as important; where there
   * are some, it must pass without them, too, since they may never come.
   */
  filterWithNominatedPods(state: CycleState, pod: PodInfo, node: NodeInfo): Status | null {
    const coming = this.#nominated
      .nominatedOn(node.name)
      .filter(({ uid, priority }) => uid !== pod.uid && priority >= pod.priority);
    if (coming.length > 0) {
      const stateThen = state.clone();
      const nodeThen = node.clone();
      for (const each of coming) {
        nodeThen.add(each);
        this.addPod(stateThen, pod, each, nodeThen);
      }
      const status = this.filter(stateThen, pod, nodeThen);
      if (status !== null) return status;
    }
    return this.filter(state, pod, node);
  }

  addPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void {
    for (const plugin of this.preFilter)
      if (!state.skipFilter.has(plugin.name)) plugin.addPod?.(state, pod, added, node);
  }

  removePod(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void {
    for (const plugin of this.preFilter)
      if (!state.skipFilter.has(plugin.name)) plugin.removePod?.(state, pod, removed, node);
  }
}

interface Made {
  readonly plugin: Plugin;
  readonly columns: ColumnFilter | ColumnScore | null;
}

function makePlugins(
  { plugins, schedulerName }: Profile,
  registry: PluginRegistry,
  context: PluginContext,
): Map<string, Made> {
  const made = new Map<string, Made>();
  for (const enabled of Object.values(plugins)) {
    for (const { name } of enabled) {
      if (made.has(name)) continue;
      const maker = registry.get(name);
      if (maker === undefined)
        throw new PlumbError(
          "InvalidInput",
          `Cannot make profile '${schedulerName}': nobody has registered plugin '${name}'`,
        );
      made.set(name, { plugin: maker.create(context), columns: maker.createColumns?.(context) ?? null });
    }
  }
  return made;
}

function filterStep(name: string, made: ReadonlyMap<string, Made>): FilterStep {
  const { plugin, columns } = made.get(name) as Made;
  const isFilter = columns !== null && "filter" in columns;
  return { name, filter: plugin as FilterPlugin, columns: isFilter ? columns : null };
}

function scoreStep(
  name: string,
  made: ReadonlyMap<string, Made>,
  hasPreScore: boolean,
): Omit<ScoreStep, "weight"> {
  const { plugin, columns } = made.get(name) as Made;
  const isScore = columns !== null && "score" in columns;
  return {
    name,
    score: plugin as ScorePlugin,
    preScore: hasPreScore ? (plugin as Plugin & PreScorePlugin) : null,
    columns: isScore ? columns : null,
  };
}
