// An Ingress and the Services it names -> what it asks of the routing table, and what is wrong with it.
import type { Service } from "../../client/cluster-resources.js";
import type { Ingress, IngressBackend } from "./ingress-objects.js";
import type { IngressRoutes, Path, Target } from "./route-table.js";

export interface RoutePlan {
  readonly routes: IngressRoutes;
  /** For people: each once, in order. */
  readonly warnings: readonly string[];
}

/** @param serviceOf by "namespace/name" */
export function routePlan(ingress: Ingress, serviceOf: (key: string) => Service | undefined): RoutePlan {
  const { metadata, spec } = ingress;
  const namespace = metadata.namespace ?? "";
  const warnings = new Set<string>();
  const targetOf = (backend: IngressBackend) => {
    const { target, warning } = resolved(backend, namespace, serviceOf);
    if (warning !== null) warnings.add(warning);
    return target;
  };
  const defaultTarget = spec?.defaultBackend === undefined ? undefined : targetOf(spec.defaultBackend);
  const paths = (spec?.rules ?? []).flatMap(({ host: name = "", http }): readonly Path[] => {
    const host = name.toLowerCase();
    // All of a host without paths goes to the default backend.
    if (http === undefined)
      return defaultTarget === undefined ? [] : [{ host, path: "/", isExact: false, target: defaultTarget }];
    return http.paths.map(({ path = "/", pathType, backend }) => ({
      host,
      path: path === "" ? "/" : path,
      isExact: pathType === "Exact",
      target: targetOf(backend),
    }));
  });
  const age = `${metadata.creationTimestamp ?? ""} ${namespace}/${metadata.name}`;
  return { routes: { age, paths, defaultTarget }, warnings: [...warnings] };
}

interface Resolved {
  readonly target: Target | null;
  readonly warning: string | null;
}

function resolved(
  { service, resource }: IngressBackend,
  namespace: string,
  serviceOf: (key: string) => Service | undefined,
): Resolved {
  if (service === undefined) {
    const name = resource === undefined ? "" : ` ${resource.kind} "${resource.name}"`;
    return { target: null, warning: `backend${name} is not a Service` };
  }
  const { name, port } = service;
  const found = serviceOf(`${namespace}/${name}`);
  const target = (number: number | null) => ({ namespace, service: name, port: number });
  if (found === undefined)
    return {
      target: target(port?.number ?? null),
      warning: `Service "${namespace}/${name}" of a backend does not exist`,
    };
  const wanted = port?.name ?? port?.number ?? "";
  const match = found.spec?.ports?.find((each) => each.name === port?.name || each.port === port?.number);
  if (match === undefined)
    return {
      target: target(null),
      warning: `Service "${namespace}/${name}" of a backend has no port "${wanted}"`,
    };
  return { target: target(match.port), warning: null };
}
