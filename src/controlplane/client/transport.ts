// The way to the server that a resource client speaks through: HTTP, or a call within the process.
import type { HttpMethod } from "../protocol/api-request.js";
import type { WatchHandler } from "./client.js";
import type { KubeObject } from "../../api/meta.js";

export interface ApiCall {
  readonly method: HttpMethod;
  /** Segments are not escaped. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: object | null;
  /** Of the body. */
  readonly contentType: string;
}

export interface Transport {
  /** @throws {StatusError} what the server answers with a code of 400 or more */
  send(call: ApiCall): Promise<object>;
  /** @returns cancels; the handler hears nothing afterwards */
  watch(call: ApiCall, handler: WatchHandler<KubeObject>): () => void;
}
