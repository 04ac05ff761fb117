// Declarations of a profile's `plugins`: which are enabled and disabled, at each point and at all (multiPoint).
import { checked, count, type Field, list, mapped, object, text } from "../../base/document/fields.js";
import { checkedWithin, omittable, repetitions } from "../../base/document/field-rules.js";
import { suggestion } from "../../base/document/suggestion.js";
import type { EnabledPlugin } from "./configuration.js";
import { NOTHING_WRITTEN, type WrittenPluginSet, type WrittenPluginSets } from "./plugin-sets.js";
import {
  EXTENSION_POINTS,
  type ExtensionPoint,
  findPlugin,
  PLUGINS,
  REMOVED_PLUGINS,
  UNSUPPORTED_PLUGINS,
} from "./plugin-table.js";

/** Upstream takes any weight; totals stay small integers below this. */
const WEIGHT_MAX = 2_147_483_647;

/** Points of scheduling groups of Pods, which nothing here does. */
const UNSUPPORTED_POINTS = [
  "placementGenerate",
  "placementScore",
  "placementFeasible",
  "podGroupPostFilter",
] as const;

const ALL = "*";
const PLUGIN_NAMES = PLUGINS.map(({ name }) => name);

type Point = ExtensionPoint | "multiPoint";
type Written = WrittenPluginSets & Readonly<Record<(typeof UNSUPPORTED_POINTS)[number], WrittenPluginSet>>;

export const pluginsField: Field<WrittenPluginSets> = object<Written>("What runs.", {
  ...perPoint([...EXTENSION_POINTS, "multiPoint"], setField),
  ...perPoint(UNSUPPORTED_POINTS, unsupportedSetField),
});

function perPoint<const P extends string>(
  points: readonly P[],
  field: (point: P) => Field<WrittenPluginSet>,
) {
  return Object.fromEntries(points.map((point) => [point, field(point)])) as Record<
    P,
    Field<WrittenPluginSet>
  >;
}

function setField(point: Point): Field<WrittenPluginSet> {
  const enabled = object<EnabledPlugin>("A plugin.", {
    name: checked(text("Its name."), (name) => faultOfEnabled(name, point)),
    weight: weightField(),
  });
  const enabledList = checkedWithin(list(enabled, `What runs at ${point}.`), (plugins) =>
    repetitions(plugins, ({ name }) => name, ["name"]),
  );
  return setOf(point, enabledList);
}

function unsupportedSetField(point: string): Field<WrittenPluginSet> {
  const never = checked(text("Its name."), () => `plugins of ${point} are not supported here`);
  const enabled = object("A plugin.", { name: never, weight: weightField() });
  const none: readonly EnabledPlugin[] = [];
  return setOf(
    point,
    mapped(list(enabled, `What runs at ${point}.`), () => none),
  );
}

function setOf(point: string, enabled: Field<readonly EnabledPlugin[]>): Field<WrittenPluginSet> {
  const disabled = object("A plugin.", {
    name: checked(text("Its name, or * for all."), faultOfDisabled),
    weight: weightField(),
  });
  const set = object<WrittenPluginSet>(`Plugins at ${point}.`, {
    enabled: omittable(enabled, []),
    disabled: mapped(omittable(list(disabled, "What does not run."), []), (plugins) =>
      plugins.map(({ name }) => name),
    ),
  });
  return omittable(set, NOTHING_WRITTEN);
}

function weightField(): Field<number> {
  return omittable(count("Factor of its score; 0 means 1.", { max: WEIGHT_MAX }), 0);
}

function faultOfEnabled(name: string, point: Point): string | null {
  const plugin = findPlugin(name);
  if (plugin !== null) {
    const isFit = point === "multiPoint" || plugin.points.includes(point);
    return isFit ? null : `plugin ${name} has no ${point}, only ${plugin.points.join(", ")}`;
  }
  if (UNSUPPORTED_PLUGINS.includes(name)) return `plugin ${name} is not supported here`;
  const successor = Object.hasOwn(REMOVED_PLUGINS, name) ? REMOVED_PLUGINS[name] : undefined;
  if (successor !== undefined) return `plugin ${name} was removed from kube-scheduler; use ${successor}`;
  return unknownPlugin(name);
}

/** What is not there may be disabled; a name nobody knows is a slip of the pen. */
function faultOfDisabled(name: string): string | null {
  const isKnown =
    name === ALL ||
    findPlugin(name) !== null ||
    UNSUPPORTED_PLUGINS.includes(name) ||
    Object.hasOwn(REMOVED_PLUGINS, name);
  return isKnown ? null : unknownPlugin(name);
}

function unknownPlugin(name: string): string {
  const hint = suggestion(name, PLUGIN_NAMES) || "; plugins outside of kube-scheduler are not supported";
  return `unknown plugin "${name}"${hint}`;
}
