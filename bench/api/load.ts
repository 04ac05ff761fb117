// What the API server takes over loopback HTTP: creates, gets and lists of Pods, watch fan-out, and the latency of creates
// at half the rate that is asked of it, beside an HTTP server that only answers, in the same run, taking turns.
// Each server has a process of its own; the load comes from this one.
// usage: node dist/bench/api/load.js [--rounds 5] [--seconds 2] [--connections 32] [--watchers 1000]
//        [--only create,get,list,watch,latency] [--base DIR/bench/api/server-process.js] [--profile FOLDER]
import { type ChildProcess, fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Prng } from "../../src/base/prng.js";
import { realTimers } from "../../src/base/timers.js";
import {
  LineCounter,
  type RawAnswer,
  RawConnection,
} from "../../src/experiment/controlplane/raw-connection.js";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    connections: { type: "string", default: "32" },
    watchers: { type: "string", default: "1000" },
    only: { type: "string", default: "create,get,list,watch,latency" },
    /** Another build's server, measured beside this one's. */
    base: { type: "string" },
    /** Where the API server's CPU profile goes. */
    profile: { type: "string" },
  },
});

const TOKEN = "load-token";
const PODS = "/api/v1/namespaces/default/pods";
/** Read again and again. */
const READ_COUNT = 1000;
const LIST_LIMIT = 100;
/** Half of what is asked of the server. */
const PACED_PER_SECOND = 1500;
const EVENTS_PER_ROUND = 300;
/** Code is still being compiled in the first seconds. */
const WARM_UP_ROUNDS = 2;

interface Contender {
  readonly name: string;
  readonly port: number;
  readonly child: ChildProcess;
  readonly connections: readonly RawConnection[];
  /** Of Pods created so far. */
  created: number;
}

interface Phase {
  readonly name: string;
  readonly unit: string;
  measure(contender: Contender, ms: number): Promise<number>;
}

interface Sample {
  readonly value: number;
  /** Of the server's process, per answer: says more than the rate when the machine has other work. */
  readonly cpuUs: number;
}

const PHASES: readonly Phase[] = [
  { name: "create", unit: "requests/s", measure: (to, ms) => rate(to, ms, () => nextCreate(to)) },
  { name: "get", unit: "requests/s", measure: (to, ms) => rate(to, ms, getRequest) },
  { name: "list", unit: `lists/s of ${LIST_LIMIT}`, measure: (to, ms) => rate(to, ms, listRequest) },
  { name: "watch", unit: "events/s", measure: fanOut },
  { name: "latency", unit: `ms, p99 of creates at ${PACED_PER_SECOND}/s`, measure: pacedP99 },
];

async function main(): Promise<void> {
  const [rounds, ms] = [Number(values.rounds), Number(values.seconds) * 1000];
  const own = fileURLToPath(new URL("server-process.js", import.meta.url));
  const contenders = [
    await start("empty node:http", "empty", own, []),
    await start("API server", "api", own, profileFlags()),
    ...(values.base === undefined ? [] : [await start("API server before", "api", values.base, [])]),
  ];
  const prng = new Prng(1);
  for (const phase of PHASES.filter(({ name }) => values.only.split(",").includes(name))) {
    const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
    for (const contender of contenders) await phase.measure(contender, WARM_UP_ROUNDS * ms);
    for (let round = 0; round < rounds; round++)
      for (const contender of prng.shuffled(contenders))
        samples.get(contender.name)?.push(await sampleOf(phase, contender, ms));
    print(phase, samples);
  }
  console.log(provenance(rounds, ms));
  await Promise.all(contenders.map(stop));
}

async function start(name: string, kind: string, script: string, execArgv: string[]): Promise<Contender> {
  const child = fork(script, [kind, TOKEN], { execArgv });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  const connections = await Promise.all(
    Array.from({ length: Number(values.connections) }, () => RawConnection.open(port)),
  );
  const contender: Contender = { name, port, child, connections, created: 0 };
  // By every connection in turn: one that has asked nothing while others are measured is cut off, as slow clients are.
  while (contender.created < READ_COUNT) {
    const connection = connections[contender.created % connections.length] as RawConnection;
    expectSuccess(await connection.ask(nextCreate(contender)));
  }
  return contender;
}

async function stop({ child, connections }: Contender): Promise<void> {
  for (const connection of connections) connection.close();
  const exited = once(child, "exit");
  child.disconnect();
  await exited;
}

async function sampleOf(phase: Phase, contender: Contender, ms: number): Promise<Sample> {
  const [answeredBefore, cpuBefore] = [answered, await cpuUsOf(contender)];
  const value = await phase.measure(contender, ms);
  return { value, cpuUs: ((await cpuUsOf(contender)) - cpuBefore) / (answered - answeredBefore) };
}

async function cpuUsOf({ child }: Contender): Promise<number> {
  child.send("cpu");
  const [usage] = (await once(child, "message")) as [NodeJS.CpuUsage];
  return usage.user + usage.system;
}

/** Answers per second, with every connection busy. */
async function rate({ connections }: Contender, ms: number, next: () => string): Promise<number> {
  const startMs = realTimers.milliseconds();
  let done = 0;
  const load = async (connection: RawConnection) => {
    while (realTimers.milliseconds() - startMs < ms) {
      expectSuccess(await connection.ask(next()));
      done++;
    }
  };
  await Promise.all(connections.map(load));
  return (done / (realTimers.milliseconds() - startMs)) * 1000;
}

/** Events per second that all watchers together receive, from the first create to the last watcher's last event. */
async function fanOut(contender: Contender): Promise<number> {
  const watcherCount = Number(values.watchers);
  const expected = watcherCount * EVENTS_PER_ROUND;
  const whole = new EventEmitter();
  let received = 0;
  const onLine = (count: number) => {
    received += count;
    if (received === expected) whole.emit("received");
  };
  const request = head("GET", `${PODS}?watch=1&resourceVersion=${await newestVersion(contender)}`);
  const watchers = await Promise.all(
    Array.from({ length: watcherCount }, () => LineCounter.open(contender.port, request, onLine)),
  );
  const all = once(whole, "received");
  const startMs = realTimers.milliseconds();
  let left = EVENTS_PER_ROUND;
  const load = async (connection: RawConnection) => {
    while (left-- > 0) expectSuccess(await connection.ask(nextCreate(contender)));
  };
  await Promise.all(contender.connections.slice(0, 8).map(load));
  await all;
  const tookMs = realTimers.milliseconds() - startMs;
  for (const watcher of watchers) watcher.close();
  return (expected / tookMs) * 1000;
}

async function newestVersion({ port }: Contender): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${PODS}?limit=1`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const list = (await response.json()) as { metadata?: { resourceVersion?: string } };
  return list.metadata?.resourceVersion ?? "0";
}

/** Creates come when they are due, whether or not earlier ones are answered; each counts from when it was due. */
async function pacedP99(contender: Contender, ms: number): Promise<number> {
  const free = [...contender.connections];
  const latencies: number[] = [];
  const startMs = realTimers.milliseconds();
  const total = Math.round((PACED_PER_SECOND * ms) / 1000);
  let sent = 0;
  await new Promise<void>((resolve) => {
    const send = () => {
      const elapsedMs = realTimers.milliseconds() - startMs;
      const dueCount = Math.min(total, Math.floor((elapsedMs * PACED_PER_SECOND) / 1000));
      while (sent < dueCount && free.length > 0) {
        const connection = free.pop() as RawConnection;
        const dueMs = startMs + (++sent * 1000) / PACED_PER_SECOND;
        void connection.ask(nextCreate(contender)).then((answer) => {
          expectSuccess(answer);
          latencies.push(realTimers.milliseconds() - dueMs);
          free.push(connection);
          if (latencies.length === total) resolve();
        });
      }
      if (sent < total) realTimers.after(1, send);
    };
    send();
  });
  latencies.sort((left, right) => left - right);
  return latencies[Math.floor(latencies.length * 0.99)] ?? 0;
}

/** By all servers together: they take turns. */
let answered = 0;

function expectSuccess({ status }: RawAnswer): void {
  answered++;
  if (status >= 300 || status < 200) throw new Error(`Cannot load the server: it answers ${status}`);
}

function head(method: string, path: string, more = ""): string {
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nUser-Agent: load/1\r\nAuthorization: Bearer ${TOKEN}\r\n${more}\r\n`;
}

/** A Pod as a ReplicaSet makes it. Names have one length, so that the rest of the bytes can stay. */
const [CREATE_START, CREATE_END] = createParts();

function createParts(): [string, string] {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "load-00000000", namespace: "default", labels: { app: "load", tier: "backend" } },
    spec: {
      containers: [
        {
          name: "main",
          image: "registry.k8s.io/pause:3.10",
          ports: [{ containerPort: 8080, protocol: "TCP" }],
          env: [{ name: "MODE", value: "load" }],
          resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } },
        },
      ],
    },
  };
  const body = JSON.stringify(pod);
  const more = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  const [before = "", after = ""] = `${head("POST", PODS, more)}${body}`.split("00000000");
  return [before, after];
}

function nextCreate(contender: Contender): string {
  return CREATE_START + String(contender.created++).padStart(8, "0") + CREATE_END;
}

const GETS = Array.from({ length: READ_COUNT }, (_, index) =>
  head("GET", `${PODS}/load-${String(index).padStart(8, "0")}`),
);
let reads = 0;

function getRequest(): string {
  return GETS[(reads++ * 7) % READ_COUNT] as string;
}

const LIST = head("GET", `${PODS}?limit=${LIST_LIMIT}`);

function listRequest(): string {
  return LIST;
}

function print({ name, unit }: Phase, samples: ReadonlyMap<string, readonly Sample[]>): void {
  console.log(`\n${name}: ${unit}`);
  let reference = 0;
  for (const [contender, measured] of samples) {
    const rates = measured.map(({ value }) => value);
    const [min, max] = [Math.min(...rates), Math.max(...rates)].map(shown);
    const [middle, cpuUs] = [median(rates), median(measured.map((sample) => sample.cpuUs))];
    reference ||= middle;
    console.log(
      `  ${contender.padEnd(18)} median ${shown(middle).padStart(8)}  (${min}..${max}, n=${measured.length})  ` +
        `${(middle / reference).toFixed(2)}x  cpu ${shown(cpuUs)} us an answer`,
    );
  }
}

function shown(value: number): string {
  return value < 100 ? value.toFixed(1) : String(Math.round(value));
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((left, right) => left - right);
  const middle = sorted.length >>> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? 0, sorted[middle] ?? 0];
  return (low + high) / 2;
}

function profileFlags(): string[] {
  return values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
}

function provenance(rounds: number, ms: number): string {
  const load = readFileSync("/proc/loadavg", "utf8").split(" ")[0];
  return (
    `\n${values.connections} connections, ${values.watchers} watchers x ${EVENTS_PER_ROUND} events, ${rounds} rounds of ${ms} ms ` +
    `in shuffled order; node ${process.version}, Linux ${release()}, ${cpus().length} x ${cpus()[0]?.model.trim()}, load ${load}`
  );
}

await main();
