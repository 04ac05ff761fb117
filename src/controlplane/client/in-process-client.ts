// A client of an API server in the same process: objects cross as they are, nothing is serialised.
import type { KubeObject } from "../../api/meta.js";
import { StatusError } from "../../api/status.js";
import type { ApiHandler, ApiRequest, ApiResponse, UserInfo } from "../protocol/api-request.js";
import { failureOf } from "./answer-failure.js";
import type { Client, WatchHandler } from "./client.js";
import { TransportClient } from "./resource-client.js";
import type { ApiCall, Transport } from "./transport.js";

/** @param user who the server takes the caller for; no other authentication happens */
export function inProcessClient(handler: ApiHandler, user: UserInfo): Client {
  return new TransportClient(new InProcessTransport(handler, user));
}

class InProcessTransport implements Transport {
  readonly #handler: ApiHandler;
  readonly #user: UserInfo;

  constructor(handler: ApiHandler, user: UserInfo) {
    this.#handler = handler;
    this.#user = user;
  }

  async send(call: ApiCall): Promise<object> {
    const response = await this.#handler.handle(this.#request(call, NEVER));
    if (response.kind !== "object")
      throw new StatusError("NotAcceptable", `${call.method} ${call.path} answers with ${response.kind}`);
    if (response.code >= 400) throw failureOf(response.object, response.code);
    return response.object;
  }

  watch(call: ApiCall, handler: WatchHandler<KubeObject>): () => void {
    const abort = new AbortController();
    const end = (error: Error | null): void => {
      if (!abort.signal.aborted) handler.end(error);
    };
    this.#handler.handle(this.#request(call, abort.signal)).then(
      (response) => {
        if (abort.signal.aborted) return;
        if (response.kind !== "watch") return end(watchRefusal(call, response));
        response.start({
          event: (event) => {
            if (!abort.signal.aborted) handler.event(event);
          },
          end: () => end(null),
        });
      },
      (error: unknown) => end(error instanceof Error ? error : new Error(String(error))),
    );
    return () => abort.abort();
  }

  #request(call: ApiCall, signal: AbortSignal): ApiRequest {
    const headers = { accept: "application/json", "user-agent": "plumb/in-process" };
    return {
      method: call.method,
      path: call.path,
      query: call.query,
      headers: call.body === null ? headers : { ...headers, "content-type": call.contentType },
      body: call.body,
      user: this.#user,
      sourceIP: "127.0.0.1",
      signal,
    };
  }
}

const NEVER = new AbortController().signal;

function watchRefusal(call: ApiCall, response: ApiResponse): Error {
  if (response.kind === "object" && response.code >= 400) return failureOf(response.object, response.code);
  return new StatusError("InternalError", `watch of ${call.path} answers with ${response.kind}`);
}
