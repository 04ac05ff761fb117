// A client over HTTP/1.1: connections are kept, watches are read line by line.
// Refusals that carry Retry-After (429, 503) are tried again, as client-go does.
import {
  Agent as HttpAgent,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { KubeObject } from "../../api/meta.js";
import { PlumbError } from "../../base/errors.js";
import { delay, type Timers } from "../../base/timers.js";
import type { ApiWatchEvent } from "../protocol/api-request.js";
import type { Client, WatchHandler } from "./client.js";
import { failureOf } from "./answer-failure.js";
import { TransportClient } from "./resource-client.js";
import type { ApiCall, Transport } from "./transport.js";
import { WatchLines } from "./watch-lines.js";

export interface HttpClientOptions {
  /** "https://127.0.0.1:6443" */
  readonly server: string;
  readonly timers: Timers;
  /** Sent as a bearer token. */
  readonly token?: string;
  /** PEM: a client certificate and its key. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** PEM: who may have signed the server's certificate. */
  readonly ca?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly userAgent?: string;
  /** Connections for requests that are no watches; absent: as many as are asked for at a time. */
  readonly connectionsMax?: number;
  /** A request that takes longer fails; absent: waits for ever. Watches are not limited. */
  readonly timeoutMs?: number;
}

/** A client that can be closed: connections that are kept hold a process alive no longer than its requests. */
export interface HttpClient extends Client {
  close(): void;
}

export function httpClient(options: HttpClientOptions): HttpClient {
  const transport = new HttpTransport(options);
  const client = new TransportClient(transport);
  return { resource: (name, namespace) => client.resource(name, namespace), close: () => transport.close() };
}

const RETRIES_MAX = 10;

interface Answer {
  readonly code: number;
  readonly text: string;
  readonly retryAfterSeconds: number | null;
}

class HttpTransport implements Transport {
  readonly #options: HttpClientOptions;
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: HttpAgent;
  readonly #watchAgent: HttpAgent;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#base = new URL(options.server);
    if (this.#base.protocol !== "http:" && this.#base.protocol !== "https:")
      throw new PlumbError("InvalidInput", `Cannot reach API server '${options.server}': not an http(s) URL`);
    this.#headers = {
      accept: "application/json",
      "user-agent": options.userAgent ?? "plumb",
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    };
    this.#agent = this.#newAgent(options.connectionsMax ?? Number.POSITIVE_INFINITY);
    this.#watchAgent = this.#newAgent(Number.POSITIVE_INFINITY);
  }

  async send(call: ApiCall): Promise<object> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#exchange(call);
      if (answer.code < 400) return parseObject(answer.text, call);
      if (answer.retryAfterSeconds === null || attempt > RETRIES_MAX)
        throw failureOf(parseFailure(answer.text), answer.code);
      await delay(this.#options.timers, answer.retryAfterSeconds * 1000);
    }
  }

  watch(call: ApiCall, handler: WatchHandler<KubeObject>): () => void {
    let isOver = false;
    const end = (error: Error | null): void => {
      if (isOver) return;
      isOver = true;
      handler.end(error);
    };
    const request = this.#request(this.#requestOptions(call, this.#watchAgent), (response) => {
      const code = response.statusCode ?? 0;
      if (code >= 400) {
        readText(response).then((text) => end(failureOf(parseFailure(text), code)), end);
        return;
      }
      const lines = new WatchLines((line) => {
        if (!isOver) handler.event(JSON.parse(line) as ApiWatchEvent);
      });
      response.on("data", (chunk: Buffer) => {
        try {
          lines.push(chunk);
        } catch (error) {
          request.destroy();
          end(error as Error);
        }
      });
      response.on("end", () => end(null));
      response.on("error", end);
    });
    request.on("error", end);
    request.end();
    return () => {
      isOver = true;
      request.destroy();
    };
  }

  close(): void {
    this.#agent.destroy();
    this.#watchAgent.destroy();
  }

  async #exchange(call: ApiCall): Promise<Answer> {
    try {
      return await this.#exchangeOnce(call);
    } catch (error) {
      // The server may close a kept connection at the moment it is used again; reading twice does no harm.
      if (call.method === "GET" && error instanceof StaleConnection) return this.#exchangeOnce(call);
      throw error instanceof StaleConnection ? error.cause : error;
    }
  }

  #exchangeOnce(call: ApiCall): Promise<Answer> {
    const body = call.body === null ? null : Buffer.from(JSON.stringify(call.body));
    return new Promise((resolve, reject) => {
      const options = this.#requestOptions(call, this.#agent, body);
      const request = this.#request(options, (response) => {
        const code = response.statusCode ?? 0;
        const retryAfterSeconds = code === 429 || code >= 500 ? retryAfterOf(response) : null;
        readText(response).then((text) => resolve({ code, text, retryAfterSeconds }), reject);
      });
      request.on("error", (error: NodeJS.ErrnoException) => {
        reject(request.reusedSocket && error.code === "ECONNRESET" ? new StaleConnection(error) : error);
      });
      const { timeoutMs, timers } = this.#options;
      if (timeoutMs !== undefined) {
        const late = new Error(`${call.method} ${call.path}: no answer in ${timeoutMs} ms`);
        request.on(
          "close",
          timers.after(timeoutMs, () => request.destroy(late)),
        );
      }
      request.end(body ?? undefined);
    });
  }

  #requestOptions(call: ApiCall, agent: HttpAgent, body: Buffer | null = null): RequestOptions {
    const query = call.query.toString();
    const path = call.path.split("/").map(encodeURIComponent).join("/");
    return {
      agent,
      method: call.method,
      hostname: this.#base.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: this.#base.port,
      path: query === "" ? path : `${path}?${query}`,
      headers:
        body === null
          ? this.#headers
          : { ...this.#headers, "content-type": call.contentType, "content-length": body.length },
    };
  }

  #request(options: RequestOptions, onResponse: (response: IncomingMessage) => void) {
    return this.#base.protocol === "https:"
      ? httpsRequest(options, onResponse)
      : httpRequest(options, onResponse);
  }

  #newAgent(maxSockets: number): HttpAgent {
    if (this.#base.protocol === "http:") return new HttpAgent({ keepAlive: true, maxSockets });
    const { ca, certificate, insecureSkipTlsVerify } = this.#options;
    return new HttpsAgent({
      keepAlive: true,
      maxSockets,
      rejectUnauthorized: insecureSkipTlsVerify !== true,
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : certificate),
    });
  }
}

class StaleConnection extends Error {
  constructor(cause: Error) {
    super("connection was closed by the server", { cause });
  }
}

function readText(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    response.on("error", reject);
  });
}

function retryAfterOf(response: IncomingMessage): number | null {
  const seconds = Number(response.headers["retry-after"]);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

function parseObject(text: string, call: ApiCall): object {
  const value: unknown = JSON.parse(text);
  if (typeof value === "object" && value !== null) return value;
  throw new Error(`${call.method} ${call.path}: the answer is no object`);
}

function parseFailure(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
