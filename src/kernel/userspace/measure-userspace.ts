// The userspace mode for real: what a client waits for behind a userspace proxy and without it, and the CPU time that
// the proxy spends on it. Three processes on a loopback: this one is the client, the proxy and the backends are others.
// Rounds take one batch of every operation, direct and proxied, in a new random order; the first rounds warm up and do
// not count. Statistic: the median, of all runs for times, of all batches for CPU time.
// Wall time depends on how the scheduler places three processes: on two cores take it as +-30%.
// Source: the method and reference values are in README.md.
import { PlumbError } from "../../base/errors.js";
import { Prng } from "../../base/prng.js";
import type { Timers } from "../../base/timers.js";
import type { UserspaceRecord } from "../../measure/kernel-record.js";
import { median } from "../../measure/statistics/quantiles.js";
import type { ProxyListener } from "../../netfilter/rule-model.js";
import type { EchoPorts, EchoRequests, ProxyRequests } from "./exchanges.js";
import { type Operation, OPERATIONS, type Target } from "./operations.js";
import { ECHO_PROGRAM, Program, PROXY_PROGRAM } from "./programs.js";

export interface UserspaceOptions {
  readonly timers: Timers;
  readonly seed: number;
  /** Rounds that count; fewer when the time is used up, but one at least. */
  readonly rounds: number;
  /** Runs of a batch at most. */
  readonly runsMax: number;
  readonly budgetMs: number;
  readonly signal?: AbortSignal;
}

export const DEFAULT_USERSPACE = { rounds: 40, runsMax: Number.MAX_SAFE_INTEGER, budgetMs: 15_000 } as const;

const HOST = "127.0.0.1";
/** Upstream's default. */
const UDP_IDLE_MS = 250;
const WARM_UP_ROUNDS = 3;
/** A batch takes some 10 ms: an answer is missing when it takes this long. */
const BATCH_TIMEOUT_MS = 10_000;

/** @throws {PlumbError} Internal when an answer is missing or a process ends; the signal's reason when aborted */
export async function measureUserspace(options: UserspaceOptions): Promise<UserspaceRecord> {
  const echo = new Program<EchoRequests>(ECHO_PROGRAM);
  const proxy = new Program<ProxyRequests>(PROXY_PROGRAM);
  try {
    const backends = await echo.ask("open", { host: HOST });
    const { ports } = await proxy.ask("open", {
      host: HOST,
      udpIdleMs: UDP_IDLE_MS,
      listeners: listenersFor(backends),
    });
    const [tcp = 0, udp = 0, sink = 0] = ports;
    const targets = {
      direct: { host: HOST, ...backends },
      proxied: { host: HOST, tcp, udp, sink },
    };
    return { rows: rowsOf(await takeRounds(proxy, targets, options)) };
  } finally {
    await Promise.all([proxy.stop(), echo.stop()]);
  }
}

/** In the order tcp, udp, sink. */
function listenersFor({ tcp, udp, sink }: EchoPorts): ProxyListener[] {
  const listener = (protocol: "tcp" | "udp", servicePort: string, port: number): ProxyListener => ({
    protocol,
    port: 0,
    servicePort,
    backends: [{ ip: HOST, port }],
    affinitySeconds: null,
  });
  return [
    listener("tcp", "default/echo:tcp", tcp),
    listener("udp", "default/echo:udp", udp),
    listener("tcp", "default/sink", sink),
  ];
}

type Way = "direct" | "proxied";

/** What was taken of one operation. */
interface Taken {
  readonly operation: Operation;
  readonly ns: Readonly<Record<Way, number[]>>;
  /** Of the proxy, per operation, a value a batch. */
  readonly cpuNs: number[];
}

async function takeRounds(
  proxy: Program<ProxyRequests>,
  targets: Readonly<Record<Way, Target>>,
  options: UserspaceOptions,
): Promise<Taken[]> {
  const { timers, signal, rounds } = options;
  const prng = new Prng(options.seed);
  const endMs = timers.milliseconds() + options.budgetMs;
  const warmUp = OPERATIONS.map(newTaken);
  const taken = OPERATIONS.map(newTaken);
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    if (round > 0 && timers.milliseconds() > endMs) break;
    const batches = (round < 0 ? warmUp : taken).flatMap((of) =>
      (["direct", "proxied"] as const).map((way) => ({ of, way })),
    );
    for (const { of, way } of prng.shuffled(batches)) {
      signal?.throwIfAborted();
      await inTime(takeBatch(proxy, { of, way, target: targets[way] }, options), timers, () => {
        return `Cannot measure '${of.operation.name}', ${way}: no answer within ${BATCH_TIMEOUT_MS / 1000} s`;
      });
    }
  }
  return taken;
}

function newTaken(operation: Operation): Taken {
  return { operation, ns: { direct: [], proxied: [] }, cpuNs: [] };
}

async function takeBatch(
  proxy: Program<ProxyRequests>,
  { of, way, target }: { readonly of: Taken; readonly way: Way; readonly target: Target },
  { timers, runsMax }: UserspaceOptions,
): Promise<void> {
  const { operation, ns, cpuNs } = of;
  const runs = Math.min(operation.runs, runsMax);
  const repetition = await operation.open(target, timers);
  try {
    const before = await proxy.ask("cpu", {});
    for (let run = 0; run < runs; run++) ns[way].push(await repetition.run());
    const after = await proxy.ask("cpu", {});
    if (way === "proxied") cpuNs.push(((after.us - before.us) * 1000) / (runs * operation.operationsPerRun));
  } finally {
    repetition.close();
  }
}

/** @throws {PlumbError} Internal when `work` is not done within the time of a batch, or the system refuses something */
async function inTime(work: Promise<void>, timers: Timers, lateMessage: () => string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const cancel = timers.after(BATCH_TIMEOUT_MS, () => reject(new PlumbError("Internal", lateMessage())));
    work.then(resolve, reject).finally(cancel);
  });
}

function rowsOf(taken: readonly Taken[]): UserspaceRecord["rows"] {
  return taken.map(({ operation: { name, labels }, ns, cpuNs }) => ({
    operation: name,
    labels,
    n: ns.proxied.length,
    directNs: median(ns.direct),
    proxiedNs: median(ns.proxied),
    proxyCpuNs: median(cpuNs),
  }));
}
