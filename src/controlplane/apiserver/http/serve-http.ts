// An ApiHandler on a port: plain HTTP on loopback, or HTTPS with HTTP/1.1 and HTTP/2.
import { createServer, type Server } from "node:http";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { StatusError } from "../../../api/status.js";
import type { ApiHandler, UserInfo } from "../../protocol/api-request.js";
import { answerOfFailure } from "../filters/answer-of-failure.js";
import { bodyOf, type Incoming, requestOf } from "./read-request.js";
import { type Outgoing, writeResponse } from "./write-response.js";

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
  /** Who sent a request, when the connection says so: a client certificate. */
  readonly userOf?: (incoming: Incoming) => UserInfo | null;
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

export async function serveHttp(handler: ApiHandler, options: HttpOptions): Promise<HttpListener> {
  const serve = (incoming: Incoming, outgoing: Outgoing) =>
    void serveOne(handler, options, incoming, outgoing);
  const server = options.tls === undefined ? plainServer() : secureServer(options.tls);
  server.on("request", serve as (...args: unknown[]) => void);
  const sockets = new Set<{ destroy(): void }>();
  server.on(
    options.tls === undefined ? "connection" : "secureConnection",
    (socket: import("node:net").Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      socket.setNoDelay(true);
    },
  );
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

function plainServer(): Server {
  return createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 5000,
    maxHeaderSize: HEADER_BYTES_MAX,
    keepAliveTimeout: 90_000,
  });
}

function secureServer({ cert, key, clientCa }: NonNullable<HttpOptions["tls"]>): Http2SecureServer {
  return createSecureServer({
    cert,
    key,
    allowHTTP1: true,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
  });
}

async function serveOne(handler: ApiHandler, options: HttpOptions, incoming: Incoming, outgoing: Outgoing) {
  const aborter = new AbortController();
  outgoing.on("close", () => aborter.abort());
  outgoing.on("error", () => aborter.abort());
  let response: Awaited<ReturnType<ApiHandler["handle"]>>;
  try {
    const reading = bodyOf(incoming);
    const body = reading === null ? null : await reading;
    const user = options.userOf?.(incoming) ?? null;
    response = await handler.handle(requestOf(incoming, body, { user, signal: aborter.signal }));
  } catch (error) {
    response = answerOfFailure(error);
    // What is left of the request would be read as the next one.
    if (error instanceof StatusError && error.status.code === 413)
      outgoing.once("finish", () => incoming.destroy());
  }
  await writeResponse(response, outgoing, incoming.method === "HEAD").catch(() => outgoing.destroy?.());
}
