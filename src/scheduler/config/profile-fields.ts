// Declarations of `profiles`, and what all profiles must agree on.
// Source: v1.36.3 apis/config/validation/validation.go, framework/runtime/framework.go NewFramework.
import { count, type Field, list, mapped, object, text } from "../../base/document/fields.js";
import {
  checkedWithin,
  type Fault,
  omittable,
  recovered,
  repetitions,
} from "../../base/document/field-rules.js";
import type { PluginArgs, Profile } from "./configuration.js";
import { DEFAULT_SCHEDULER_NAME, defaultProfile } from "./default-configuration.js";
import { pluginConfigField } from "./plugin-config-fields.js";
import { pluginsField } from "./plugin-set-fields.js";
import { NOTHING_WRITTEN, resolvePluginSets, type WrittenPluginSets } from "./plugin-sets.js";

interface WrittenProfile {
  readonly schedulerName: string | null;
  readonly percentageOfNodesToScore: number | null;
  readonly plugins: Partial<WrittenPluginSets>;
  readonly pluginConfig: Partial<PluginArgs>;
}

const profileField = checkedWithin(
  object<WrittenProfile>("How Pods of one scheduler name are scheduled.", {
    schedulerName: omittable<string | null>(text("The name."), null),
    percentageOfNodesToScore: recovered<number | null>(percentageField(), null),
    plugins: recovered<Partial<WrittenPluginSets>>(pluginsField, {}),
    pluginConfig: recovered<Partial<PluginArgs>>(pluginConfigField, {}),
  }),
  missingPlugins,
);

export const profilesField: Field<readonly Profile[]> = mapped(
  checkedWithin(omittable(list(profileField, "Profiles; none is one default."), []), (profiles) => [
    ...missingNames(profiles),
    ...repetitions(profiles, ({ schedulerName }) => schedulerName, ["schedulerName"]),
    ...differingQueueSorts(profiles),
  ]),
  (profiles) => (profiles.length === 0 ? [defaultProfile()] : profiles.map(resolveProfile)),
);

/** 0 leaves it to the number of nodes. */
export function percentageField(): Field<number> {
  return count("Percent of the nodes that are enough.", { max: 100 });
}

function resolveProfile(written: WrittenProfile): Profile {
  return defaultProfile({
    schedulerName: written.schedulerName ?? DEFAULT_SCHEDULER_NAME,
    percentageOfNodesToScore: written.percentageOfNodesToScore,
    plugins: resolvePluginSets(written.plugins),
    args: written.pluginConfig,
  });
}

function missingPlugins({ plugins }: WrittenProfile): readonly Fault[] {
  const resolved = resolvePluginSets(plugins);
  return (["queueSort", "bind"] as const)
    .filter((point) => resolved[point].length === 0)
    .map((point) => ({ path: ["plugins", point], message: `leaves no ${point} plugin; one is needed` }));
}

function missingNames(profiles: readonly WrittenProfile[]): readonly Fault[] {
  if (profiles.length === 1) return [];
  const message = "is missing; each of several profiles needs its own";
  return profiles.flatMap(({ schedulerName }, index) =>
    schedulerName === null ? [{ path: [index, "schedulerName"], message }] : [],
  );
}

/** Compared as written: all profiles share one queue, and kube-scheduler refuses even what comes to the same. */
function differingQueueSorts(profiles: readonly WrittenProfile[]): readonly Fault[] {
  const written = profiles.map(({ plugins }) => JSON.stringify(plugins.queueSort ?? NOTHING_WRITTEN));
  const message = "must be written as in profiles[0]: one queue for all";
  return profiles.flatMap((_, index) =>
    written[index] === written[0] ? [] : [{ path: [index, "plugins", "queueSort"], message }],
  );
}
