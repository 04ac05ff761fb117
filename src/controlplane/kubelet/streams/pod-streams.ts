// Logs, commands, terminals and ports of simulated containers: what the API server asks a node for.
// Source: kubernetes pkg/kubelet/kubelet_pods.go GetKubeletContainerLogs, RunInContainer, AttachContainer, PortForward.
import { STATUS_CODES } from "node:http";
import { StatusError } from "../../../api/status.js";
import type {
  AttachRequest,
  ConnectionStreams,
  ContainerTarget,
  ExecRequest,
  LogRequest,
  NodeStreams,
  PodAnswer,
  PortForwardRequest,
  ProcessStreams,
} from "../../protocol/node-streams.js";
import { worldOf } from "../pod/container-starter.js";
import type { PodContext } from "../pod/pod-context.js";
import type { Container } from "../pod/pod.js";
import { apiContainerId } from "../pod/container-statuses.js";
import type { SimContainer } from "../runtime/sim-container.js";
import { chunkToBytes } from "../shell/byte-text.js";
import { WrittenFiles } from "../shell/container-files.js";
import { isKnownCommand, newShell } from "../shell/shell.js";
import { podAnswer } from "./pod-http.js";
import { readLog } from "./log-reader.js";
import { runExec } from "./run-exec.js";

const REQUEST_BYTES_MAX = 64 * 1024;
const ANNOTATION_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

/** Finds the Pod on whatever node runs it. */
export type FindPod = (namespace: string, name: string) => PodContext | null;

export class PodStreams implements NodeStreams {
  readonly page: NodeStreams["page"];
  readonly #find: FindPod;

  constructor(find: FindPod, page: NodeStreams["page"]) {
    this.#find = find;
    this.page = page;
  }

  async logs(request: LogRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const worker = this.#pod(request);
    const spec = containerOf(worker, request);
    const instances = worker.containers().filter((container) => container.name === spec.name);
    const newest = instances[0]?.state === "created" ? instances[1] : instances[0];
    const previous = instances.filter((container) => container.state === "exited" && container !== newest)[0];
    const { name } = worker.pod.metadata;
    if (request.previous && previous === undefined)
      throw new StatusError(
        "BadRequest",
        `previous terminated container "${spec.name}" in pod "${name}" not found`,
      );
    const container = request.previous ? previous : newest;
    if (container === undefined) throw new StatusError("BadRequest", notStarted(worker, spec));
    // A follower must find something to follow, also before the first line.
    if (request.follow) container.keepLog();
    return readLog(container.log, { ...request, signal, nowMs: worker.host.wallMs() });
  }

  async exec(request: ExecRequest, streams: ProcessStreams): Promise<number> {
    const worker = this.#pod(request);
    const container = running(worker, containerOf(worker, request));
    if (request.command.length === 0)
      throw new StatusError("BadRequest", "you must specify at least 1 command for the container");
    if (!isKnownCommand(request.command)) {
      const name = request.command[0] as string;
      const text = `OCI runtime exec failed: exec failed: unable to start container process: exec: "${name}": executable file not found in $PATH: unknown\n`;
      streams.stderr(Buffer.from(text));
      return 127;
    }
    container.written ??= new WrittenFiles();
    const shell = newShell({
      world: await worldOf(worker, container.spec),
      written: container.written,
      now: () => worker.host.wallMs(),
      unknown: "not-found",
    });
    const { command, isTty } = request;
    return runExec({ shell, command, isTty, streams, due: worker.host.due, ended: container.ended() });
  }

  async attach(request: AttachRequest, streams: ProcessStreams): Promise<0> {
    const worker = this.#pod(request);
    const container = running(worker, containerOf(worker, request));
    const log = container.keepLog();
    // What was printed before is shown too: a process of the simulation may have ended its first lines at once.
    for (const line of log.lines()) send(streams, line.to, line.text, request.isTty);
    const stop = log.follow((line) => {
      if (line !== null) send(streams, line.to, line.text, request.isTty);
    });
    if (streams.stdin !== null) void feed(container, streams.stdin);
    try {
      await Promise.race([container.ended(), left(streams.signal)]);
    } finally {
      stop();
    }
    return 0;
  }

  answer({ namespace, pod, port }: PortForwardRequest, path: string): PodAnswer | null {
    return podAnswer(this.#pod({ namespace, pod }), port, path);
  }

  /** One request over HTTP is answered, then the connection is closed. */
  async portForward(
    { namespace, pod, port }: PortForwardRequest,
    connection: ConnectionStreams,
  ): Promise<void> {
    const worker = this.#pod({ namespace, pod });
    if (!worker.containers().some((container) => container.state === "running"))
      throw new StatusError(
        "BadRequest",
        `unable to forward port because pod is not running. Current status=${worker.pod.status?.phase ?? "Pending"}`,
      );
    if (podAnswer(worker, port, "/") === null) throw refusedPort(worker, port);
    let received = "";
    for await (const chunk of connection.received) {
      received += Buffer.from(chunk).toString("latin1");
      if (received.length > REQUEST_BYTES_MAX) return;
      const [, method, path = "/"] = /^([A-Z]+) (\S+) HTTP\/1\.[01]\r\n/.exec(received) ?? [];
      if (method === undefined || !received.includes("\r\n\r\n")) continue;
      const answer = podAnswer(worker, port, path);
      if (answer === null) throw refusedPort(worker, port);
      connection.send(httpResponse(answer, method === "HEAD"));
      return;
    }
  }

  #pod({ namespace, pod }: Pick<ContainerTarget, "namespace" | "pod">): PodContext {
    const worker = this.#find(namespace, pod);
    if (worker === null)
      throw new StatusError("NotFound", `pods "${pod}" not found`, { name: pod, kind: "pods" });
    return worker;
  }
}

/** As containerd says it. */
function refusedPort({ uid }: PodContext, port: number): StatusError {
  return new StatusError(
    "InternalError",
    `failed to connect to localhost:${port} inside namespace "${uid}", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused IPv6 dial tcp6 [::1]:${port}: connect: connection refused `,
  );
}

function httpResponse({ code, contentType, text }: PodAnswer, isHead: boolean): Buffer {
  const head = [
    `HTTP/1.1 ${code} ${STATUS_CODES[code]}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Connection: close",
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${isHead ? "" : text}`);
}

function containerOf(worker: PodContext, { container, pod }: ContainerTarget): Container {
  const { spec, metadata } = worker.pod;
  const all = [
    ...spec.containers,
    ...(spec.initContainers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ] as Container[];
  const wanted =
    container ?? metadata.annotations?.[ANNOTATION_DEFAULT_CONTAINER] ?? spec.containers[0]?.name;
  const found = all.find((each) => each.name === wanted);
  if (found === undefined)
    throw new StatusError("BadRequest", `container ${wanted} is not valid for pod ${pod}`);
  return found;
}

function running(worker: PodContext, spec: Container): SimContainer {
  const container = worker.newest(spec.name);
  if (container?.state === "running") return container;
  if (container?.state === "exited")
    throw new StatusError(
      "InternalError",
      `cannot exec in a stopped container: ${apiContainerId(container.id)}`,
    );
  throw new StatusError("BadRequest", `container not found ("${spec.name}")`);
}

function notStarted(worker: PodContext, spec: Container): string {
  const { name } = worker.pod.metadata;
  const statuses = [
    ...(worker.status?.containerStatuses ?? []),
    ...(worker.status?.initContainerStatuses ?? []),
  ];
  const waiting = statuses.find((status) => status.name === spec.name)?.state?.waiting;
  const reason = waiting?.reason ?? "ContainerCreating";
  if (reason === "ErrImagePull" || reason === "ImagePullBackOff")
    return `container "${spec.name}" in pod "${name}" is waiting to start: trying and failing to pull image`;
  return `container "${spec.name}" in pod "${name}" is waiting to start: ${reason}`;
}

function send(streams: ProcessStreams, to: 1 | 2, text: string, isTty: boolean): void {
  const bytes = Buffer.from(isTty ? text.replaceAll("\n", "\r\n") : text);
  if (to === 1 || isTty) streams.stdout(bytes);
  else streams.stderr(bytes);
}

async function feed(container: SimContainer, stdin: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of stdin) container.feed(chunkToBytes(chunk));
  } catch {
    // The client broke off: the same as closing.
  }
  if (container.spec.stdinOnce === true) container.feed(null);
}

function left(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
