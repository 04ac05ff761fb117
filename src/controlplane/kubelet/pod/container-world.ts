// What a process in a container sees: its environment and the files that are mounted. Made when a command is played or
// executed, not kept.
// Source: kubernetes pkg/kubelet/kubelet_pods.go makeEnvironmentVariables; pkg/kubelet/envvars; pkg/fieldpath.
import type { KubeObject } from "../../../api/meta.js";
import { CONFIG_MAPS, SECRETS } from "../../client/cluster-resources.js";
import type { ObjectCache } from "../object-cache.js";
import type { ContainerWorld } from "../runtime/runtime-service.js";
import type { NameLookup } from "../../protocol/name-lookup.js";
import { chunkToBytes, toBytes } from "../shell/byte-text.js";
import { containerCgroup } from "./cgroups.js";
import { type ClusterDns, podDnsConfig, resolvConf } from "./dns-config.js";
import type { Container, Pod, Volume } from "./pod.js";
import { oomScoreAdjust } from "./qos.js";
import { containerAmount } from "./resources.js";

export interface WorldInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly objects: ObjectCache;
  readonly nodeName: string;
  readonly hostIP: string;
  readonly podIP: string;
  readonly memoryCapacityBytes: number;
  readonly dns: ClusterDns;
  readonly lookup: NameLookup;
  /** SERVICE_HOST and the like. */
  readonly serviceEnv: ReadonlyMap<string, string>;
}

/** An object that a container's environment needs is missing: `message` as upstream says it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

type Data = Readonly<Record<string, string>>;

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const TOKEN = "simulated-service-account-token";

/** @throws {ConfigError} */
export async function containerWorld(input: WorldInput): Promise<ContainerWorld> {
  const hostname =
    input.pod.spec.hostname ??
    (input.pod.spec.hostNetwork === true ? input.nodeName : input.pod.metadata.name);
  const env = new Map([["PATH", PATH], ["HOSTNAME", hostname], ["HOME", "/root"], ...input.serviceEnv]);
  await addEnv(input, env);
  return { hostname, env, files: await mountedFiles(input), lookup: input.lookup };
}

/** Whether the environment names objects that may be missing. */
export function refersToObjects(container: Container): boolean {
  return (
    (container.envFrom ?? []).length > 0 ||
    (container.env ?? []).some(
      ({ valueFrom }) => valueFrom?.configMapKeyRef !== undefined || valueFrom?.secretKeyRef !== undefined,
    )
  );
}

async function addEnv(input: WorldInput, env: Map<string, string>): Promise<void> {
  const { container } = input;
  for (const source of container.envFrom ?? []) {
    const reference = source.configMapRef ?? source.secretRef;
    const kind = source.configMapRef === undefined ? "secret" : "configmap";
    const data = await dataOf(input, kind, reference?.name ?? "", reference?.optional === true);
    for (const [name, value] of Object.entries(data ?? {})) env.set(`${source.prefix ?? ""}${name}`, value);
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (valueFrom === undefined) {
      env.set(name, expanded(toBytes(value ?? ""), env));
      continue;
    }
    const text = await sourcedValue(input, valueFrom);
    if (text !== null) env.set(name, text);
  }
}

type ValueFrom = NonNullable<NonNullable<Container["env"]>[number]["valueFrom"]>;

async function sourcedValue(input: WorldInput, from: ValueFrom): Promise<string | null> {
  if (from.fieldRef !== undefined) return fieldValue(input, from.fieldRef.fieldPath);
  if (from.resourceFieldRef !== undefined) return resourceValue(input, from.resourceFieldRef.resource);
  const reference = from.configMapKeyRef ?? from.secretKeyRef;
  if (reference === undefined) return null;
  const kind = from.configMapKeyRef === undefined ? "secret" : "configmap";
  const isOptional = reference.optional === true;
  const data = await dataOf(input, kind, reference.name ?? "", isOptional);
  const value = data?.[reference.key];
  if (value !== undefined || isOptional) return value ?? null;
  const place = `${input.pod.metadata.namespace}/${reference.name}`;
  throw new ConfigError(
    `couldn't find key ${reference.key} in ${kind === "secret" ? "Secret" : "ConfigMap"} ${place}`,
  );
}

async function dataOf(
  input: WorldInput,
  kind: "configmap" | "secret",
  name: string,
  isOptional: boolean,
): Promise<Data | null> {
  const resource = kind === "secret" ? SECRETS : CONFIG_MAPS;
  const object = await input.objects.get(resource, input.pod.metadata.namespace, name);
  if (object === null && !isOptional) throw new ConfigError(`${kind} "${name}" not found`);
  return object === null ? null : readData(object, kind === "secret");
}

function readData(object: KubeObject, isSecret: boolean): Data {
  const { data = {}, binaryData = {} } = object as { data?: Data; binaryData?: Data };
  const decode = (text: string) => chunkToBytes(Buffer.from(text, "base64"));
  const read = ([name, text]: [string, string]) => [name, isSecret ? decode(text) : toBytes(text)] as const;
  return Object.fromEntries([
    ...Object.entries(binaryData).map(([name, text]) => [name, decode(text)] as const),
    ...Object.entries(data).map(read),
  ]);
}

/** $(NAME) of what is known so far; $$ is one $. */
function expanded(text: string, env: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]+)\)/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (env.get(name) ?? whole),
  );
}

function fieldValue(input: WorldInput, path: string): string {
  return toBytes(fieldText(input, path));
}

function fieldText(input: WorldInput, path: string): string {
  const { metadata, spec } = input.pod;
  const keyed = /^metadata\.(labels|annotations)(?:\['([^']+)'\])?$/.exec(path);
  if (keyed !== null) {
    const map = metadata[keyed[1] as "labels" | "annotations"] ?? {};
    if (keyed[2] !== undefined) return map[keyed[2]] ?? "";
    return Object.entries(map)
      .sort()
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join("\n");
  }
  const simple: Readonly<Record<string, string | undefined>> = {
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
    "metadata.uid": metadata.uid,
    "spec.nodeName": input.nodeName,
    "spec.serviceAccountName": spec.serviceAccountName,
    "status.hostIP": input.hostIP,
    "status.hostIPs": input.hostIP,
    "status.podIP": input.podIP,
    "status.podIPs": input.podIP,
  };
  return simple[path] ?? "";
}

function resourceValue(input: WorldInput, resource: string): string {
  const [which = "", name = ""] = resource.split(/\.(.*)/s);
  const amount = containerAmount(input.container, which as "requests" | "limits", name);
  return String(name === "cpu" ? Math.ceil(amount / 1000) : amount);
}

async function mountedFiles(input: WorldInput): Promise<ReadonlyMap<string, string>> {
  const { pod, dns } = input;
  const files = new Map<string, string>([
    ["/etc/hosts", hostsFile(input)],
    ["/etc/resolv.conf", resolvConf(podDnsConfig(pod.metadata.namespace, pod.spec, dns))],
    ...cgroupFiles(input),
  ]);
  for (const mount of input.container.volumeMounts ?? []) {
    const volume = input.pod.spec.volumes?.find((each) => each.name === mount.name);
    if (volume === undefined) continue;
    if (mount.subPath === undefined) files.set(`${mount.mountPath.replace(/\/$/, "")}/`, "");
    for (const [path, text] of Object.entries(await filesOf(input, volume))) {
      if (mount.subPath === undefined) files.set(`${mount.mountPath.replace(/\/$/, "")}/${path}`, text);
      else if (mount.subPath === path) files.set(mount.mountPath, text);
    }
  }
  return files;
}

function cgroupFiles({
  pod,
  container,
  memoryCapacityBytes,
}: WorldInput): readonly (readonly [string, string])[] {
  const { path, cpuWeight, cpuQuotaUs, memoryLimitBytes } = containerCgroup(
    pod.metadata.uid,
    pod.spec,
    container,
  );
  return [
    ["/proc/1/cgroup", `0::${path}\n`],
    ["/proc/1/oom_score_adj", `${oomScoreAdjust(pod, container, memoryCapacityBytes)}\n`],
    ["/sys/fs/cgroup/cpu.weight", `${cpuWeight}\n`],
    ["/sys/fs/cgroup/cpu.max", `${cpuQuotaUs ?? "max"} 100000\n`],
    ["/sys/fs/cgroup/memory.max", `${memoryLimitBytes ?? "max"}\n`],
  ];
}

function hostsFile({ pod, podIP }: WorldInput): string {
  return `# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n${podIP}\t${pod.spec.hostname ?? pod.metadata.name}\n`;
}

interface Item {
  readonly key: string;
  readonly path: string;
}

async function filesOf(input: WorldInput, volume: Volume): Promise<Data> {
  if (volume.configMap !== undefined)
    return picked(
      await dataOf(input, "configmap", volume.configMap.name ?? "", true),
      volume.configMap.items,
    );
  if (volume.secret !== undefined)
    return picked(await dataOf(input, "secret", volume.secret.secretName ?? "", true), volume.secret.items);
  if (volume.downwardAPI !== undefined) return downward(input, volume.downwardAPI.items ?? []);
  const files: Record<string, string> = {};
  for (const source of volume.projected?.sources ?? []) {
    if (source.configMap !== undefined)
      Object.assign(
        files,
        picked(await dataOf(input, "configmap", source.configMap.name ?? "", true), source.configMap.items),
      );
    if (source.secret !== undefined)
      Object.assign(
        files,
        picked(await dataOf(input, "secret", source.secret.name ?? "", true), source.secret.items),
      );
    if (source.downwardAPI !== undefined)
      Object.assign(files, downward(input, source.downwardAPI.items ?? []));
    if (source.serviceAccountToken !== undefined) files[source.serviceAccountToken.path] = TOKEN;
  }
  return files;
}

function picked(data: Data | null, items: readonly Item[] | undefined): Data {
  if (data === null || items === undefined) return data ?? {};
  return Object.fromEntries(
    items.flatMap(({ key, path }) => (data[key] === undefined ? [] : [[path, data[key]]])),
  );
}

function downward(
  input: WorldInput,
  items: readonly {
    path: string;
    fieldRef?: { fieldPath: string };
    resourceFieldRef?: { resource: string };
  }[],
): Data {
  return Object.fromEntries(
    items.map(({ path, fieldRef, resourceFieldRef }) => [
      path,
      fieldRef !== undefined
        ? fieldValue(input, fieldRef.fieldPath)
        : resourceValue(input, resourceFieldRef?.resource ?? ""),
    ]),
  );
}
