// Everything a verification does, in order: verdicts of packets through each path's rules, on a cluster that has every
// kind of Service and on the one in hand; then, if asked, times. What cannot be done is in the record, with its reason.
import type { ClusterObjects } from "../../api/types.js";
import type { Command } from "../../kernel/host/command.js";
import type { Family } from "../../base/ip.js";
import type { BehaviourRecord, KernelPath, KernelRecord } from "../../measure/kernel-record.js";
import type { Mode } from "../../netfilter/rule-model.js";
import type { ProxyConfig } from "../../proxy/config.js";
import { defaultProxyConfig } from "../../proxy/default-config.js";
import { nodeOf } from "../../proxy/node.js";
import { everyKindCluster } from "./every-kind-cluster.js";
import { MODE_OF_PATH } from "./path-rules.js";
import { nodeCommands, verifyPath } from "./verify-path.js";
import { type PathsHost, verifyTimes, type VerifyTimesOptions } from "./verify-times.js";

/** The cluster in hand. */
export interface VerifiedCluster {
  readonly name: string;
  readonly objects: ClusterObjects;
  /** Of its Services, those that the proxy's node has an address of. */
  readonly families: readonly Family[];
  readonly configFor: (mode: Mode, family: Family) => ProxyConfig;
}

/** Without `times`: verdicts only. */
export interface VerifyKernelOptions extends VerifyTimesOptions {
  readonly cluster: VerifiedCluster | null;
  /** Through the rules of each path, over both families and clusters. */
  readonly flows: number;
}

/** What a verification found, without the host it ran on. */
export type KernelFindings = Omit<KernelRecord, "startedAt" | "finishedAt" | "seed" | "host">;

/** Shares of a path's flows. The cluster in hand is plain; the one with every kind is where rules can be wrong. */
const SHARES = { everyKind: { IPv4: 0.7, IPv6: 0.15 }, inHand: 0.15 } as const;
const EVERY_KIND_SERVICES = 60;
const EVERY_KIND = "every kind of Service";

/** @throws {PlumbError} when the kernel cannot be given rules or packets; the signal's reason when aborted */
export async function verifyKernel(options: VerifyKernelOptions): Promise<KernelFindings> {
  const behaviour: BehaviourRecord[] = [];
  for (const host of options.hosts)
    for (const path of host.paths)
      for (const part of partsOf(options, path)) behaviour.push(await verifyPart(options, host, part));
  return { behaviour, ...(await verifyTimes(options)) };
}

/** Every command that verdicts take, by path and cluster, in the order they would run; none is run. */
export function plannedCommands(
  paths: readonly KernelPath[],
  options: Pick<VerifyKernelOptions, "cluster" | "seed" | "flows">,
): readonly { readonly title: string; readonly commands: readonly Command[] }[] {
  return paths.flatMap((path) =>
    partsOf(options, path).map((part) => ({
      title: `${path}, ${part.config.family}, ${part.cluster}: ${part.flows} flows`,
      commands: nodeCommands(part),
    })),
  );
}

interface Part {
  readonly path: KernelPath;
  readonly cluster: string;
  readonly objects: ClusterObjects;
  readonly config: ProxyConfig;
  readonly flows: number;
}

function partsOf(
  { cluster, seed, flows }: Pick<VerifyKernelOptions, "cluster" | "seed" | "flows">,
  path: KernelPath,
): readonly Part[] {
  const mode = MODE_OF_PATH[path];
  const objects = everyKindCluster(seed, EVERY_KIND_SERVICES);
  const everyKind = (["IPv4", "IPv6"] as const satisfies readonly Family[]).map((family) => ({
    path,
    cluster: EVERY_KIND,
    objects,
    config: defaultProxyConfig(mode, family, nodeOf(objects, null), { clusterCIDRs: objects.podCIDRs }),
    flows: Math.round(flows * SHARES.everyKind[family]),
  }));
  if (cluster === null) return everyKind;
  const inHand = cluster.families.map((family) => ({
    path,
    cluster: cluster.name,
    objects: cluster.objects,
    config: cluster.configFor(mode, family),
    flows: Math.round((flows * SHARES.inHand) / cluster.families.length),
  }));
  return [...everyKind, ...inHand].filter((part) => part.flows > 0);
}

function verifyPart(
  { seed, signal, onProgress }: VerifyKernelOptions,
  { host, isUnprivileged }: PathsHost,
  part: Part,
): Promise<BehaviourRecord> {
  const { path, cluster, config } = part;
  return verifyPath({
    ...part,
    host,
    seed,
    smallTransactions: isUnprivileged,
    signal,
    onProgress: (flows) =>
      onProgress(`${path}, ${config.family}, ${cluster}: ${flows} of ${part.flows} flows`),
  });
}
