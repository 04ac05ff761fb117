// Everything a verification does, in order: verdicts of packets through each path's rules, on a cluster that has every
// kind of Service and on the one in hand; then, if asked, times. What cannot be done is in the record, with its reason.
import type { ClusterObjects } from "../../api/types.js";
import type { Clock } from "../../base/clock.js";
import type { Family } from "../../base/ip.js";
import type { Calibration } from "../../calibration/calibration.js";
import type { KernelHost } from "../../kernel/host/command.js";
import type {
  BehaviourRecord,
  KernelPath,
  KernelRecord,
  NotVerifiedRecord,
  TimingRecord,
} from "../../measure/kernel-record.js";
import type { Mode } from "../../netfilter/rule-model.js";
import type { ProxyConfig } from "../../proxy/config.js";
import { defaultProxyConfig } from "../../proxy/default-config.js";
import { nodeOf } from "../../proxy/node.js";
import { everyKindCluster } from "./every-kind-cluster.js";
import { IPVS_BUDGET_MS } from "./one-at-a-time.js";
import { MODE_OF_PATH } from "./path-rules.js";
import { DEFAULT_PACING, DEFAULT_SWEEP, verifyTiming } from "./timing.js";
import { withUserModeTimes } from "./user-mode-timing.js";
import { verifyPath } from "./verify-path.js";

/** The cluster in hand. */
export interface VerifiedCluster {
  readonly name: string;
  readonly objects: ClusterObjects;
  readonly configFor: (mode: Mode) => ProxyConfig;
}

export interface KernelTimes {
  readonly calibration: Calibration;
  readonly calibrationIsOwn: boolean;
  /** Wall time for all of it, ms. */
  readonly budgetMs: number;
}

/** A kernel, and the paths that it is to verify. */
export interface PathsHost {
  readonly host: KernelHost;
  readonly paths: readonly KernelPath[];
  /** In a user namespace: transactions must be small, and times are not comparable. */
  readonly isUnprivileged: boolean;
}

export interface VerifyKernelOptions {
  readonly hosts: readonly PathsHost[];
  readonly cluster: VerifiedCluster | null;
  readonly seed: number;
  /** Through the rules of each path, over both families and clusters. */
  readonly flows: number;
  /** null: verdicts only. */
  readonly times: KernelTimes | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/** What a verification found, without the host it ran on. */
export type KernelFindings = Pick<KernelRecord, "behaviour" | "timing" | "notVerified">;

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
  return { behaviour, ...(await timesOfAll(options)) };
}

interface Part {
  readonly path: KernelPath;
  readonly cluster: string;
  readonly objects: ClusterObjects;
  readonly config: ProxyConfig;
  readonly flows: number;
}

function partsOf({ cluster, seed, flows }: VerifyKernelOptions, path: KernelPath): readonly Part[] {
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
  const config = cluster.configFor(mode);
  const inHand = { path, cluster: cluster.name, objects: cluster.objects, config };
  return [...everyKind, { ...inHand, flows: Math.round(flows * SHARES.inHand) }].filter(
    (part) => part.flows > 0,
  );
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

/** In the machine's own kernel, and IPVS in a user-mode Linux where that has none. */
async function timesOfAll(options: VerifyKernelOptions): Promise<FoundTimes> {
  const found = await times(options);
  if (options.times === null) return found;
  const { hosts, clock, seed, signal, onProgress } = options;
  const host = hosts.find((each) => each.host.kind === "user-mode" && each.paths.includes("ipvs"))?.host;
  const asked = { ...options.times, budgetMs: Math.min(options.times.budgetMs, IPVS_BUDGET_MS) };
  return withUserModeTimes(found, { ...asked, host: host ?? null, clock, seed, signal, onProgress });
}

interface FoundTimes {
  readonly timing: TimingRecord | null;
  readonly notVerified: readonly NotVerifiedRecord[];
}

async function times(options: VerifyKernelOptions): Promise<FoundTimes> {
  const { times: asked, hosts, clock, seed, signal, onProgress } = options;
  if (asked === null) return untimed("NOT_ASKED", "--timing does it");
  const native = hosts.find(({ host }) => host.kind === "native");
  if (native === undefined)
    return untimed("ENV_NO_NETNS", "no path can be loaded into this machine's kernel");
  if (native.isUnprivileged)
    return untimed("ENV_NO_ROOT", "times in a user namespace are not comparable; run as root");
  return verifyTiming({
    host: native.host,
    clock,
    ...asked,
    pacing: { ...DEFAULT_PACING, seed, cpu: null },
    sweep: { ...DEFAULT_SWEEP, paths: DEFAULT_SWEEP.paths.filter((path) => native.paths.includes(path)) },
    signal,
    onProgress,
  });
}

function untimed(reason: NotVerifiedRecord["reason"], detail: string): FoundTimes {
  return { timing: null, notVerified: [{ what: "timing", reason, detail }] };
}
