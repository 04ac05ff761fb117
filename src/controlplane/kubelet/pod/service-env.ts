// Environment variables that name Services, as Docker links did: the API server's always, the namespace's own unless the
// Pod says no.
// Source: kubernetes pkg/kubelet/envvars/envvars.go.
import type { Service } from "../../../api/types.js";

/** @param services of the Pod's namespace; none when enableServiceLinks is false @param master the Service "kubernetes" */
export function serviceEnv(
  services: readonly Service[],
  master: Service | null,
): ReadonlyMap<string, string> {
  const env = new Map<string, string>();
  for (const service of master === null ? services : [master, ...services]) {
    const ip = service.spec.clusterIP;
    const ports = service.spec.ports ?? [];
    if (ip === undefined || ip === "" || ip === "None" || ports.length === 0) continue;
    addService(env, service.metadata.name.toUpperCase().replaceAll("-", "_"), ip, ports);
  }
  return env;
}

type Ports = NonNullable<Service["spec"]["ports"]>;

function addService(env: Map<string, string>, name: string, ip: string, ports: Ports): void {
  const first = ports[0] as Ports[number];
  env.set(`${name}_SERVICE_HOST`, ip);
  env.set(`${name}_SERVICE_PORT`, String(first.port));
  for (const port of ports)
    if (port.name !== undefined && port.name !== "")
      env.set(`${name}_SERVICE_PORT_${port.name.toUpperCase().replaceAll("-", "_")}`, String(port.port));
  for (const port of ports) {
    const protocol = port.protocol ?? "TCP";
    const url = `${protocol.toLowerCase()}://${ip}:${port.port}`;
    const prefix = `${name}_PORT_${port.port}_${protocol}`;
    if (port === first) env.set(`${name}_PORT`, url);
    env.set(prefix, url);
    env.set(`${prefix}_PROTO`, protocol.toLowerCase());
    env.set(`${prefix}_PORT`, String(port.port));
    env.set(`${prefix}_ADDR`, ip);
  }
}
