// GET componentstatuses: deprecated upstream, and still asked for.
import type { KubeObject } from "../../../api/meta.js";
import { notFound } from "../registry/api-failures.js";
import type { ResourceCall } from "../registry/resource-call.js";
import type { SpecialHandlers } from "../registry/resource-router.js";

export interface ComponentHealth {
  /** "scheduler", "controller-manager", "etcd-0". */
  readonly name: string;
  /** Null: it is well; else why not. */
  readonly failure: () => string | null;
}

const DEPRECATED = "v1 ComponentStatus is deprecated in v1.19+";

export function componentStatusHandlers(components: readonly ComponentHealth[]): SpecialHandlers {
  return {
    "componentstatuses list": (call) => {
      call.warnings.push(DEPRECATED);
      const items = components.map(statusOf);
      return {
        kind: "object",
        code: 200,
        object: { kind: "ComponentStatusList", apiVersion: "v1", metadata: {}, items },
        headers: warning(call),
      };
    },
    "componentstatuses get": (call) => {
      const component = components.find(({ name }) => name === call.info.name);
      if (component === undefined) throw notFound(call.kind, call.info.name);
      call.warnings.push(DEPRECATED);
      return { kind: "object", code: 200, object: statusOf(component), headers: warning(call) };
    },
  };
}

function warning({ warnings }: ResourceCall): { readonly warning: string } {
  return { warning: warnings.map((text) => `299 - "${text}"`).join(", ") };
}

function statusOf({ name, failure }: ComponentHealth): KubeObject {
  const why = failure();
  const condition = { type: "Healthy", status: why === null ? "True" : "False", message: why ?? "ok" };
  return {
    kind: "ComponentStatus",
    apiVersion: "v1",
    metadata: { name },
    conditions: [condition],
  } as KubeObject;
}
