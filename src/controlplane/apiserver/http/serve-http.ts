// An ApiHandler on a port: plain HTTP on loopback, or HTTPS with HTTP/1.1 and HTTP/2.
import { createServer, type IncomingMessage } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { StatusError } from "../../../api/status.js";
import { realTimers } from "../../../base/timers.js";
import type { ApiHandler, UserInfo } from "../../protocol/api-request.js";
import { answerOfFailure } from "../filters/answer-of-failure.js";
import { bodyOf, type Incoming, RequestLife, requestOf } from "./read-request.js";
import { upgrade } from "./upgrade.js";
import type { Outgoing } from "./outgoing.js";
import { writeResponse } from "./write-response.js";

export interface HttpOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Absent: plain HTTP. */
  readonly tls?: {
    readonly cert: string;
    readonly key: string;
    /** Of client certificates that are accepted; absent: none is asked for. */
    readonly clientCa?: string;
  };
  /** Who sent a request, when the connection says so: a client certificate. "unknown": it is nobody's that is known. */
  readonly userOf?: (incoming: Incoming) => UserInfo | "unknown" | null;
  /** For a client's handshake, and for its headers; absent: 10 s. */
  readonly headersTimeoutMs?: number;
  /** How long a connection without requests stays open; absent: 90 s, as upstream. */
  readonly keepAliveMs?: number;
}

export interface HttpListener {
  readonly port: number;
  /** "https://127.0.0.1:6443" */
  readonly url: string;
  /** Ends open requests too. */
  close(): Promise<void>;
}

/** A client that takes longer over its headers or its whole request is cut off. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
const HEADER_BYTES_MAX = 1024 * 1024;
const KEEP_ALIVE_MS = 90_000;
/** Of one HTTP/2 connection; as upstream. */
const STREAMS_MAX = 100;

export async function serveHttp(handler: ApiHandler, options: HttpOptions): Promise<HttpListener> {
  const serve = (incoming: Incoming, outgoing: Outgoing) =>
    void serveOne(handler, options, incoming, outgoing);
  const server =
    options.tls === undefined
      ? createServer(limitsOf(options))
      : secureServer(options.tls, limitsOf(options));
  server.on("request", serve as (...args: unknown[]) => void);
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    serveUpgrade(handler, options, incoming, socket, head);
  });
  server.on("clientError", onClientError);
  const sockets = new Set<{ destroy(): void }>();
  // Of TLS both: a connection that never ends its handshake would keep the server from closing.
  for (const event of ["connection", "secureConnection"])
    server.on(event, (socket: Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      socket.setNoDelay(true);
    });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    port,
    url: `${options.tls === undefined ? "http" : "https"}://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function limitsOf({ headersTimeoutMs = HEADERS_TIMEOUT_MS, keepAliveMs = KEEP_ALIVE_MS }: HttpOptions) {
  return {
    headersTimeout: headersTimeoutMs,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: headersTimeoutMs / 2,
    maxHeaderSize: HEADER_BYTES_MAX,
    keepAliveTimeout: keepAliveMs,
  };
}

function secureServer(
  { cert, key, clientCa }: NonNullable<HttpOptions["tls"]>,
  limits: ReturnType<typeof limitsOf>,
): Http2SecureServer {
  const server = createSecureServer({
    cert,
    key,
    allowHTTP1: true,
    handshakeTimeout: limits.headersTimeout,
    settings: { maxConcurrentStreams: STREAMS_MAX },
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
  });
  server.on("session", (session) => endWhenIdle(session, limits.keepAliveTimeout));
  // As options they would not count: for HTTP/1.1 beside HTTP/2, Node reads them from the server when it listens.
  return Object.assign(server, limits);
}

/** A watch may be silent for long: a session is idle only while no stream is open. */
function endWhenIdle(session: ServerHttp2Session, idleMs: number): void {
  const waitForRequest = () => realTimers.after(idleMs, () => session.close());
  let openCount = 0;
  let cancel = waitForRequest();
  session.on("stream", (stream: ServerHttp2Stream) => {
    cancel();
    openCount++;
    stream.on("close", () => {
      openCount--;
      if (openCount === 0 && !session.closed) cancel = waitForRequest();
    });
  });
  session.on("close", () => cancel());
}

function serveUpgrade(
  handler: ApiHandler,
  options: HttpOptions,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const life = new RequestLife();
  socket.on("close", () => life.end());
  socket.on("error", () => socket.destroy());
  const user = options.userOf?.(incoming) ?? null;
  try {
    const request = requestOf(incoming, null, { user, life });
    upgrade(handler, request, incoming, socket, head).catch(() => socket.destroy());
  } catch {
    socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  }
}

/** What is no HTTP is told so as a Status, as far as the other side still listens. */
function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [code, reason] =
    error.code === "HPE_HEADER_OVERFLOW"
      ? [431, "Request Header Fields Too Large"]
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? [408, "Request Timeout"]
        : [400, "Bad Request"];
  const { status } = new StatusError("BadRequest", `${reason}: ${error.message}`);
  const body = JSON.stringify({ ...status, code });
  socket.end(
    `HTTP/1.1 ${code} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

async function serveOne(handler: ApiHandler, options: HttpOptions, incoming: Incoming, outgoing: Outgoing) {
  const life = new RequestLife();
  outgoing.on("close", () => life.end());
  outgoing.on("error", () => life.end());
  let response: Awaited<ReturnType<ApiHandler["handle"]>>;
  let headers: Readonly<Record<string, string>> | undefined;
  try {
    const reading = bodyOf(incoming);
    const body = reading === null ? null : await reading;
    const user = options.userOf?.(incoming) ?? null;
    const request = requestOf(incoming, body, { user, life });
    response = await handler.handle(request);
    headers = request.answerHeaders;
  } catch (error) {
    response = answerOfFailure(error);
    // What is left of the request would be read as the next one.
    if (error instanceof StatusError && error.status.code === 413)
      outgoing.once("finish", () => incoming.destroy());
  }
  await writeResponse(response, outgoing, incoming.method === "HEAD", headers).catch(() =>
    outgoing.destroy?.(),
  );
}
