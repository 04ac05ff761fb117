// Written plugin sets -> what runs at each extension point.
// `multiPoint` is laid on the default set first: a plugin that is listed again keeps its place and takes what is
// written, others are appended. The result is then expanded to each point its plugins implement, where the point's own
// set has the last word: (1) its plugins that multiPoint has too, in the order written there, (2) the rest of
// multiPoint, (3) the rest of its own. A weight is never inherited: relisting without one makes it 1.
// Cost: O(plugins^2), once per profile.
// Source: v1.36.3 apis/config/v1/default_plugins.go mergePluginSet, framework/runtime/framework.go
// expandMultiPointPlugins and getValidScoreWeights.
import type { EnabledPlugin, PluginSets } from "./configuration.js";
import { EXTENSION_POINTS, type ExtensionPoint, findPlugin, PLUGINS } from "./plugin-table.js";

export interface WrittenPluginSet {
  /** `weight` 0: not written. */
  readonly enabled: readonly EnabledPlugin[];
  /** Names, or "*" for all. */
  readonly disabled: readonly string[];
}

export type WrittenPluginSets = Readonly<Record<ExtensionPoint | "multiPoint", WrittenPluginSet>>;

export const NOTHING_WRITTEN: WrittenPluginSet = { enabled: [], disabled: [] };

export function resolvePluginSets(written: Partial<WrittenPluginSets>): PluginSets {
  const multiPoint = mergeDefaults(written.multiPoint ?? NOTHING_WRITTEN);
  const sets = EXTENSION_POINTS.map((point) => {
    const plugins = expand(point, written[point] ?? NOTHING_WRITTEN, multiPoint);
    return [point, plugins.map(({ name, weight }) => ({ name, weight: weightAt(point, weight) }))];
  });
  return Object.fromEntries(sets) as PluginSets;
}

function mergeDefaults({ enabled, disabled }: WrittenPluginSet): readonly EnabledPlugin[] {
  const kept = PLUGINS.filter(({ name }) => !disabled.includes("*") && !disabled.includes(name));
  const merged = kept.map(({ name, weight }) => find(enabled, name) ?? { name, weight });
  return [...merged, ...enabled.filter(({ name }) => find(merged, name) === undefined)];
}

function expand(
  point: ExtensionPoint,
  { enabled, disabled }: WrittenPluginSet,
  multiPoint: readonly EnabledPlugin[],
): readonly EnabledPlugin[] {
  if (disabled.includes("*")) return enabled;
  const expanded = multiPoint.filter(({ name }) => implementsPoint(name, point) && !disabled.includes(name));
  const isOverride = ({ name }: EnabledPlugin) => find(expanded, name) !== undefined;
  return [
    ...enabled.filter(isOverride),
    ...expanded.filter(({ name }) => find(enabled, name) === undefined),
    ...enabled.filter((plugin) => !isOverride(plugin)),
  ];
}

function weightAt(point: ExtensionPoint, weight: number): number {
  return point === "score" ? Math.max(1, weight) : 0;
}

function implementsPoint(name: string, point: ExtensionPoint): boolean {
  return findPlugin(name)?.points.includes(point) ?? false;
}

function find(plugins: readonly EnabledPlugin[], name: string): EnabledPlugin | undefined {
  return plugins.find((plugin) => plugin.name === name);
}
