// Which container a request about a Pod means.
// Source: pkg/registry/core/pod/strategy.go (LogLocation, ExecLocation: texts).
import type { KubeObject } from "../../../api/meta.js";
import { badRequest } from "../registry/api-failures.js";
import type { SpecObject } from "../strategy/strategy.js";

const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

/** @throws {StatusError} BadRequest when none is named and there are several, or there is none of that name */
export function checkContainer(pod: KubeObject, name: string | null): void {
  const { name: podName, annotations } = pod.metadata;
  const containers = namesOf(pod, "containers");
  const init = namesOf(pod, "initContainers");
  const ephemeral = namesOf(pod, "ephemeralContainers");
  if (name === null) {
    const isClear = containers.length <= 1 || annotations?.[DEFAULT_CONTAINER] !== undefined;
    if (isClear) return;
    const others = init.length === 0 ? "" : ` or one of the init containers: [${init.join(" ")}]`;
    throw badRequest(
      `a container name must be specified for pod ${podName}, choose one of: [${containers.join(" ")}]${others}`,
    );
  }
  if (![...containers, ...init, ...ephemeral].includes(name))
    throw badRequest(`container ${name} is not valid for pod ${podName}`);
}

function namesOf(pod: SpecObject, field: string): readonly string[] {
  return ((pod.spec?.[field] as readonly { name: string }[] | undefined) ?? []).map(({ name }) => name);
}
