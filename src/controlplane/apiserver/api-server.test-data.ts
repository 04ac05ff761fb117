// An API server in memory whose time tests let pass, and short ways to ask it.
import { Prng } from "../../base/prng.js";
import { ManualTimers } from "../../base/timers.js";
import type { KubeObject } from "../../api/meta.js";
import type { ApiRequest, ApiResponse, ApiWatchEvent, HttpMethod } from "../protocol/api-request.js";
import { memoryStore } from "../store/embedded-store.js";
import type { Store } from "../store/store.js";
import { type ApiServer, type ApiServerOptions, createApiServer } from "./api-server.js";

export interface TestServer {
  readonly server: ApiServer;
  readonly store: Store;
  readonly timers: ManualTimers;
  /** Asks in process; the path may carry a query. */
  ask(
    method: HttpMethod,
    path: string,
    body?: object | Uint8Array,
    headers?: Record<string, string>,
  ): Promise<ApiResponse>;
  /** Asks and unwraps the object of an answer with this code. */
  object(
    code: number,
    method: HttpMethod,
    path: string,
    body?: object | Uint8Array,
    headers?: Record<string, string>,
  ): Promise<Shown>;
  watch(path: string): Promise<TestWatch>;
}

/** An object as tests look at it. */
export type Shown = KubeObject & {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
  readonly items: readonly Shown[];
  readonly message: string;
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>>;
};

export interface TestWatch {
  readonly events: ApiWatchEvent[];
  readonly isEnded: () => boolean;
  /** "ADDED web-0", in order, of events since the last call. */
  lines(): Promise<readonly string[]>;
  abort(): void;
}

export async function testServer(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
  const timers = new ManualTimers();
  const store = options.store ?? memoryStore({ timers });
  let uids = 0;
  const server = await createApiServer({
    store,
    timers,
    prng: new Prng(1),
    newUid: () => `uid-${++uids}`,
    ...options,
  });
  const ask: TestServer["ask"] = (method, path, body, headers = {}) =>
    server.handle(requestOf(method, path, body ?? null, headers, new AbortController().signal));
  return {
    server,
    store,
    timers,
    ask,
    async object(code, ...asked) {
      const response = await ask(...asked);
      if (response.kind !== "object" || response.code !== code)
        throw new Error(`${asked.slice(0, 2).join(" ")}: expected ${code}, got ${JSON.stringify(response)}`);
      return response.object as Shown;
    },
    watch: (path) => startWatch(server, path),
  };
}

function requestOf(
  method: HttpMethod,
  path: string,
  body: object | Uint8Array | null,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): ApiRequest {
  const [name = "", query = ""] = path.split("?");
  return {
    method,
    path: name,
    query: new URLSearchParams(query),
    headers,
    body,
    user: null,
    sourceIP: "",
    signal,
  };
}

async function startWatch(server: ApiServer, path: string): Promise<TestWatch> {
  const aborter = new AbortController();
  const response = await server.handle(requestOf("GET", path, null, {}, aborter.signal));
  if (response.kind !== "watch") throw new Error(`no watch: ${JSON.stringify(response)}`);
  const events: ApiWatchEvent[] = [];
  let isEnded = false;
  response.start({
    event: (event) => events.push(event),
    end: () => {
      isEnded = true;
    },
  });
  let seen = 0;
  return {
    events,
    isEnded: () => isEnded,
    abort: () => aborter.abort(),
    async lines() {
      await new Promise((resolve) => setImmediate(resolve));
      const fresh = events.slice(seen);
      seen = events.length;
      return fresh.map(({ type, object }) =>
        `${type} ${object.metadata?.name ?? (object as unknown as Shown).reason ?? ""}`.trim(),
      );
    },
  };
}

export const PODS = "/api/v1/namespaces/default/pods";

export function pod(name: string, spec: object = {}, labels: Readonly<Record<string, string>> = {}): object {
  return { metadata: { name, labels }, spec: { containers: [{ name: "c", image: "i" }], ...spec } };
}
