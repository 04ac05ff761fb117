// What an API server asks of a node: logs, commands, terminals and ports of its Pods, and pages of the kubelet's own.
// Nodes answer, wherever they are.
// Source: kubelet's streaming API (containerLogs, exec, attach, portForward), CRI runtime.v1 Exec, Attach, PortForward.

export interface ContainerTarget {
  readonly namespace: string;
  readonly pod: string;
  /** null: the Pod's only one, else the one its annotation kubectl.kubernetes.io/default-container names, else the first. */
  readonly container: string | null;
}

export interface LogRequest extends ContainerTarget {
  readonly follow: boolean;
  /** Of the instance before the last restart. */
  readonly previous: boolean;
  /** Each line begins with when it was written, RFC 3339 with nanoseconds. */
  readonly timestamps: boolean;
  /** From the end; null: all. */
  readonly tailLines: number | null;
  /** Not older than this; null: all. */
  readonly sinceSeconds: number | null;
  /** RFC 3339; null: all. At most one of the two is given. */
  readonly sinceTime: string | null;
  readonly limitBytes: number | null;
}

export interface ExecRequest extends ContainerTarget {
  readonly command: readonly string[];
  readonly isTty: boolean;
}

export interface AttachRequest extends ContainerTarget {
  readonly isTty: boolean;
}

export interface PortForwardRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** The client's end of a process. */
export interface ProcessStreams {
  /** null: the client sends none. Ends when the client closes it. */
  readonly stdin: AsyncIterable<Uint8Array> | null;
  stdout(chunk: Uint8Array): void;
  /** With a terminal, stderr comes on stdout and this is not called. */
  stderr(chunk: Uint8Array): void;
  /** The client went away. */
  readonly signal: AbortSignal;
}

/** The client's end of a forwarded connection. */
export interface ConnectionStreams {
  /** Ends when the client closes its side. */
  readonly received: AsyncIterable<Uint8Array>;
  send(chunk: Uint8Array): void;
  readonly signal: AbortSignal;
}

/** What a process behind a Pod's port says to an HTTP request. */
export interface PodAnswer {
  readonly code: number;
  readonly contentType: string;
  readonly text: string;
}

/** What a kubelet says to a GET. */
export interface NodePage {
  readonly contentType: string;
  readonly text: string;
}

/**
 * Promises reject with StatusError: NotFound when no node runs the Pod, BadRequest when the container is not in it or is
 * not running, as kubelet says it.
 */
export interface NodeStreams {
  /** Resolves once it is known that there are logs; the iterator ends with them, or with `signal` when they are followed. */
  logs(request: LogRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** @returns the exit code */
  exec(request: ExecRequest, streams: ProcessStreams): Promise<number>;
  /** Resolves when the container has ended or the client left: with success, whatever its exit code, as runtimes do. */
  attach(request: AttachRequest, streams: ProcessStreams): Promise<0>;
  /** Resolves when either side has closed. */
  portForward(request: PortForwardRequest, connection: ConnectionStreams): Promise<void>;
  /**
   * What a Pod says to an HTTP request at one of its ports; null: nothing listens there.
   * @param path with its query, "/healthz?verbose"
   * @throws {StatusError} NotFound when no node runs the Pod
   */
  answer(target: PortForwardRequest, path: string): PodAnswer | null;
  /**
   * The kubelet's "/stats/summary" and the like; null: it has no such page.
   * @throws {StatusError} ServiceUnavailable when the node does not answer
   */
  page(node: string, path: string): NodePage | null;
}
