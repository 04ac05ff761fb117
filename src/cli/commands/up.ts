// plumb up: a whole cluster in this process, until it is told to stop. kubectl drives it through the kubeconfig it writes.
import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { LIMITS } from "../../base/limits.js";
import { realTimers } from "../../base/timers.js";
import {
  openAccess,
  type PlaneAccess,
  type Served,
  USUAL_PROXY_HEALTH,
} from "../../controlplane/plane-access.js";
import { Plane } from "../../controlplane/plane.js";
import {
  DEFAULT_CLUSTER_CIDRS,
  DEFAULT_PROXY_TIMING,
  DEFAULT_SERVICE_RANGE,
  INSTANT_PROFILE,
  USUAL_PROFILE,
  numberedNodes,
  type PlaneOptions,
} from "../../controlplane/plane-options.js";
import { MODES, type Mode } from "../../netfilter/rule-model.js";
import { defaultConfiguration } from "../../scheduler/config/default-configuration.js";
import { parseSchedulerConfiguration } from "../../scheduler/config/parse-configuration.js";
import type { CommandContext } from "../context.js";
import { readInput } from "../read-inputs.js";
import { seedValue, wholeNumber } from "../whole-number.js";

interface UpFlags {
  readonly nodes: number;
  readonly store: string;
  readonly port: number;
  readonly kubeconfig: string;
  readonly proxyMode: Mode;
  readonly schedulerConfig?: string;
  readonly controllers: string;
  readonly scheduler: boolean;
  readonly instantPods?: boolean;
  readonly seed: number;
  readonly plainPort?: number;
  readonly serveEtcd?: number;
  readonly dnsPort: number;
  readonly proxyHealthzPort?: number;
  readonly auditLog?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  plumb up                                      3 nodes, in memory
  plumb up --nodes 1000 --store file:cluster    1,000 hollow nodes; what is written is still there next time
  kubectl --kubeconfig plumb.kubeconfig get nodes
  plumb up --no-scheduler                       Pods wait for a scheduler of yours
  plumb up --serve-etcd 2379 & ETCDCTL_API=3 etcdctl get --prefix --keys-only /registry/
Everything listens on loopback only. Ctrl-C stops it.`;

export function registerUp(program: Command, context: CommandContext): void {
  program
    .command("up")
    .description("start a whole cluster in one process: API server, controllers, scheduler, hollow nodes")
    .option("--nodes <n>", "hollow nodes", wholeNumber(0, LIMITS.NODES_MAX), 3)
    .option("--store <store>", "memory, file:DIR or etcd:http://HOST:PORT", "memory")
    .option("--port <n>", "of the API server; 0 for any that is free", wholeNumber(0, 65_535), 6443)
    .option(
      "--plain-port <n>",
      "also serve plain HTTP, where everybody on this machine is the administrator",
      wholeNumber(0, 65_535),
    )
    .option("--kubeconfig <file>", "where to write how kubectl gets in", "plumb.kubeconfig")
    .addOption(
      new Option("--proxy-mode <mode>", "of the kube-proxy that node-0 runs in full")
        .choices(MODES)
        .default("nftables"),
    )
    .option("--scheduler-config <file>", "KubeSchedulerConfiguration")
    .option("--no-scheduler", "leave Pods to a scheduler of yours")
    .option("--controllers <list>", "controllers to run: *, names, -name, or none", "*")
    .option("--instant-pods", "containers start at once; otherwise as long as containerd takes")
    .option("--seed <n>", "seed of names, ties and jitter", seedValue, 42)
    .option("--serve-etcd <port>", "also serve the store as etcd v3 over gRPC", wholeNumber(1, 65_535))
    .option("--dns-port <n>", "of the cluster's DNS; 0 for any that is free", wholeNumber(0, 65_535), 0)
    .option(
      "--proxy-healthz-port <n>",
      "of the kube-proxy's /healthz and /livez; 0 for any that is free (default: 10256, or any when that is in use)",
      wholeNumber(0, 65_535),
    )
    .option("--audit-log <file>", "append one line of JSON per request")
    .option("--json", "print one JSON object when it is ready")
    .addHelpText("after", EXAMPLES)
    .action((flags: UpFlags) => up(flags, context));
}

async function up(flags: UpFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const begunMs = realTimers.milliseconds();
  const access = openAccess({
    timers: realTimers,
    store: flags.store,
    port: flags.port,
    plainPort: flags.plainPort ?? null,
    etcdPort: flags.serveEtcd ?? null,
    dnsPort: flags.dnsPort,
    proxyHealth:
      flags.proxyHealthzPort === undefined
        ? USUAL_PROXY_HEALTH
        : { first: flags.proxyHealthzPort, elseFree: false },
    kubeconfigPath: resolve(flags.kubeconfig),
    auditLogPath: flags.auditLog === undefined ? null : resolve(flags.auditLog),
  });
  terminal.progress(`starting ${flags.nodes} nodes`, { milestone: true });
  const plane = await Plane.start(planeOptions(flags, access, context));
  try {
    const served = await access.serve(plane);
    await plane.nodesReady();
    printReady({ ...served, readyMs: realTimers.milliseconds() - begunMs }, flags, access, context);
    await stopSignal();
    terminal.note("stopping");
  } finally {
    await access.close();
    await plane.stop();
  }
}

function printReady(
  { url, plainUrl, dnsPort, proxyHealth, readyMs }: Served & { readonly readyMs: number },
  flags: UpFlags,
  { kubeconfigPath: kubeconfig }: PlaneAccess,
  { terminal }: CommandContext,
): void {
  if (flags.json === true) {
    const { nodes } = flags;
    terminal.print(
      JSON.stringify({
        url,
        plainUrl,
        dnsPort,
        proxyHealth,
        kubeconfig,
        nodes,
        readySeconds: readyMs / 1000,
      }),
    );
    return;
  }
  terminal.print(`API server  ${url}`);
  if (plainUrl !== null) terminal.print(`            ${plainUrl} (plain, no passwords)`);
  terminal.print(`DNS         dig @127.0.0.1 -p ${dnsPort} kubernetes.default.svc.cluster.local`);
  for (const { node, port } of proxyHealth)
    terminal.print(`kube-proxy  http://127.0.0.1:${port}/healthz (${node})`);
  terminal.print(`nodes       ${flags.nodes}, all Ready after ${(readyMs / 1000).toFixed(2)} s`);
  terminal.print(`kubectl     kubectl --kubeconfig ${kubeconfig} get nodes`);
  terminal.note("Ctrl-C stops it");
}

function planeOptions(flags: UpFlags, access: PlaneAccess, { terminal }: CommandContext): PlaneOptions {
  return {
    store: flags.store,
    timers: realTimers,
    seed: flags.seed,
    newUid: randomUUID,
    nodes: numberedNodes(flags.nodes),
    profile: flags.instantPods === true ? INSTANT_PROFILE : USUAL_PROFILE,
    kubeletEvents: true,
    scheduler: schedulerConfiguration(flags),
    controllers: flags.controllers.split(","),
    proxies: flags.nodes > 0 ? [{ mode: flags.proxyMode, node: "node-0" }] : [],
    proxyTiming: DEFAULT_PROXY_TIMING,
    runsIngress: true,
    serviceRange: DEFAULT_SERVICE_RANGE,
    clusterCidrs: DEFAULT_CLUSTER_CIDRS,
    authority: access.authority,
    tokenKey: access.tokenKey,
    server: access.serverOptions,
    onError: (where, error) => terminal.warn(`${where}: ${error.message}`),
  };
}

function schedulerConfiguration({ scheduler, schedulerConfig }: UpFlags): PlaneOptions["scheduler"] {
  if (!scheduler) return null;
  if (schedulerConfig === undefined) return defaultConfiguration();
  return parseSchedulerConfiguration(readInput(schedulerConfig));
}

/** An end by signal is how a cluster ends: no failure. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve()).once("SIGTERM", () => resolve());
  });
}
