// Declaration of a profile's `pluginConfig`: a list of plugin names and their arguments -> the arguments written.
import type { DurationNs } from "../../base/clock.js";
import { type Field, list, mapped, object, readKey, tagged, word } from "../../base/document/fields.js";
import { checkedWithin, omittable, recovered, repetitions } from "../../base/document/field-rules.js";
import type { SourceNode } from "../../base/document/source-tree.js";
import { API_VERSION, apiVersionField } from "./api-version.js";
import type { PluginArgs } from "./configuration.js";
import { DEFAULT_ARGS } from "./default-configuration.js";
import { goDuration } from "./go-duration.js";
import { ARGS_FIELDS } from "./plugin-args-fields.js";

interface WrittenArgs {
  readonly name: string;
  readonly args: PluginArgs[keyof PluginArgs] | null;
}

/** Null for what has no effect here. */
const VARIANTS: Readonly<Record<string, Field<WrittenArgs>>> = {
  ...Object.fromEntries(
    (Object.keys(ARGS_FIELDS) as (keyof PluginArgs)[]).map((name) => {
      const args: Field<PluginArgs[keyof PluginArgs]> = ARGS_FIELDS[name];
      return [name, variant(name, args, DEFAULT_ARGS[name])];
    }),
  ),
  DynamicResources: variant("DynamicResources", dynamicResourcesField(), null),
};

export const pluginConfigField: Field<Partial<PluginArgs>> = mapped(
  checkedWithin(
    recovered(list(tagged("name", "plugin with arguments", VARIANTS), "Arguments of plugins."), []),
    (written) => repetitions(written, ({ name }) => name, ["name"]),
  ),
  (written): Partial<PluginArgs> =>
    Object.fromEntries(written.filter(({ args }) => args !== null).map(({ name, args }) => [name, args])),
);

function variant(
  name: string,
  args: Field<WrittenArgs["args"]>,
  value: WrittenArgs["args"],
): Field<WrittenArgs> {
  return object(`Arguments of ${name}.`, { name: word(name), args: omittable(typed(name, args), value) });
}

/** Arguments may say what they are: `kind: NodeResourcesFitArgs`. */
function typed<T>(name: string, field: Field<T>): Field<T> {
  const kind = omittable(word(`${name}Args`), `${name}Args`);
  return {
    ...field,
    read(node, at, problems) {
      if (node.kind !== "map") return field.read(node, at, problems);
      readKey(node, at, "apiVersion", omittable(apiVersionField, API_VERSION), problems);
      readKey(node, at, "kind", kind, problems);
      return field.read(withoutType(node), at, problems);
    },
  };
}

function withoutType(node: SourceNode & { readonly kind: "map" }): SourceNode {
  const entries = [...node.entries].filter(([key]) => key !== "apiVersion" && key !== "kind");
  return { ...node, entries: new Map(entries) };
}

function dynamicResourcesField(): Field<null> {
  const field = object("Arguments without effect.", {
    filterTimeout: omittable<DurationNs | null>(goDuration("Limit of one node."), null),
    bindingTimeout: omittable<DurationNs | null>(goDuration("Limit of binding."), null),
  });
  return mapped(field, () => null);
}
