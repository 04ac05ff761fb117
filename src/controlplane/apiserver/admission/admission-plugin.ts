// What a plugin of the admission chain is, and the chain: plugins that change objects, in order, then, after validation,
// plugins that refuse them.
// Cost: which plugins care about a kind and an operation is worked out once for each pair; a write pays only for those.
import type { Kind } from "../../../api/kinds/kind.js";
import type { KubeObject } from "../../../api/meta.js";
import { StatusError } from "../../../api/status.js";
import type { Admission, AdmissionRequest, Eventually } from "../access.js";
import { qualified } from "../registry/api-failures.js";

export interface AdmissionPlugin {
  /** Upstream's: "LimitRanger". */
  readonly name: string;
  readonly operations: readonly AdmissionRequest["operation"][];
  /** "pods", "deployments.apps"; null: every kind. */
  readonly resources: readonly string[] | null;
  /** Besides the resource itself; null: all. Absent: none. */
  readonly subresources?: readonly string[] | null;
  /**
   * Changes an object on its way in.
   *
   * @returns a changed copy, or `request.object`
   * @throws {StatusError} to refuse
   */
  mutate?(request: AdmissionRequest): Eventually<KubeObject | null>;
  /** Sees the object as it will be stored. @throws {StatusError} to refuse */
  validate?(request: AdmissionRequest): Eventually<void>;
}

export class AdmissionChain implements Admission {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #byKind = new WeakMap<Kind, Map<string, readonly AdmissionPlugin[]>>();

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  get names(): readonly string[] {
    return this.#plugins.map((plugin) => plugin.name);
  }

  mutate(request: AdmissionRequest): Eventually<KubeObject | null> {
    return this.#mutateFrom(this.#pluginsFor(request), 0, request);
  }

  /** Without waiting as long as no plugin has to. */
  #mutateFrom(
    plugins: readonly AdmissionPlugin[],
    first: number,
    request: AdmissionRequest,
  ): Eventually<KubeObject | null> {
    let current = request;
    for (let index = first; index < plugins.length; index++) {
      const plugin = plugins[index] as AdmissionPlugin;
      if (plugin.mutate === undefined) continue;
      const mutated = plugin.mutate(current);
      if (mutated instanceof Promise) {
        const before = current;
        return mutated.then((object) => this.#mutateFrom(plugins, index + 1, { ...before, object }));
      }
      if (mutated !== current.object) current = { ...current, object: mutated };
    }
    return current.object;
  }

  validate(request: AdmissionRequest): Eventually<void> {
    return this.#validateFrom(this.#pluginsFor(request), 0, request);
  }

  #validateFrom(
    plugins: readonly AdmissionPlugin[],
    first: number,
    request: AdmissionRequest,
  ): Eventually<void> {
    for (let index = first; index < plugins.length; index++) {
      const validating = plugins[index]?.validate?.(request);
      if (validating instanceof Promise)
        return validating.then(() => this.#validateFrom(plugins, index + 1, request));
    }
  }

  #pluginsFor({ kind, operation, subresource }: AdmissionRequest): readonly AdmissionPlugin[] {
    let byCase = this.#byKind.get(kind);
    if (byCase === undefined) {
      byCase = new Map();
      this.#byKind.set(kind, byCase);
    }
    const key = `${operation} ${subresource}`;
    let plugins = byCase.get(key);
    if (plugins === undefined) {
      plugins = this.#plugins.filter((plugin) => cares(plugin, kind, operation, subresource));
      byCase.set(key, plugins);
    }
    return plugins;
  }
}

function cares(
  { operations, resources, subresources = [] }: AdmissionPlugin,
  kind: Kind,
  operation: AdmissionRequest["operation"],
  subresource: string,
): boolean {
  return (
    operations.includes(operation) &&
    (resources === null || resources.includes(qualified(kind))) &&
    (subresource === "" || subresources === null || subresources.includes(subresource))
  );
}

/** Refused by a plugin: `pods "web" is forbidden: why`. */
export function refused({ kind, name, object }: AdmissionRequest, why: string): StatusError {
  const called = name || object?.metadata.name || "Unknown";
  return new StatusError("Forbidden", `${qualified(kind)} "${called}" is forbidden: ${why}`, {
    name: called,
    ...(kind.group === "" ? {} : { group: kind.group }),
    kind: kind.plural,
  });
}
