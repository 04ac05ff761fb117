// What crosses between a client and the API server, whichever way it comes: over HTTP, where bodies are bytes, or within
// the process, where they are the objects themselves, never copied. Objects that cross are never written to afterwards.
import type { KubeObject } from "../../api/meta.js";
import type { Status } from "../../api/status.js";

export interface UserInfo {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export type HttpMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";

export const PATCH_TYPES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

export type PatchType = keyof typeof PATCH_TYPES;

export interface ApiRequest {
  readonly method: HttpMethod;
  /** Decoded per segment, no query: "/api/v1/namespaces/default/pods/web-0". */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Bytes as they came, or an object that a caller in this process hands over. null: none. */
  readonly body: Uint8Array | object | null;
  /** Who asks, when the way it came already says so (in process, client certificate); null: headers decide. */
  readonly user: UserInfo | null;
  /** It came with a client certificate of nobody known: without other credentials it is Unauthorized. Absent: it did not. */
  readonly hasUnknownCertificate?: boolean;
  /** Where it came from, for the audit log: "127.0.0.1". */
  readonly sourceIP: string;
  /** Ends watches and long answers. */
  readonly signal: AbortSignal;
  /** Told of headers that the answer carries whatever it is; absent: nobody would read them. */
  addHeaders?(headers: Readonly<Record<string, string>>): void;
}

/** One line of a watch. */
export interface ApiWatchEvent<Kind = KubeObject> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  /** ERROR: a Status. BOOKMARK: only metadata.resourceVersion counts. */
  readonly object: Kind;
}

/** Told of a watch's events; each call must be quick and must not throw. */
export interface ApiWatchSink {
  event(event: ApiWatchEvent): void;
  /** No more comes: time is up, the client went, or the server could not go on. */
  end(): void;
}

export type ApiResponse =
  | {
      readonly kind: "object";
      readonly code: number;
      /** A Kubernetes object, a list or a Status. */
      readonly object: object;
      readonly headers?: Readonly<Record<string, string>>;
      /** Absent: application/json. */
      readonly contentType?: string;
    }
  | {
      readonly kind: "text";
      readonly code: number;
      readonly text: string;
      readonly contentType: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Headers go out at once; `start` is called with where events go. */
  | { readonly kind: "watch"; readonly contentType: string; readonly start: (sink: ApiWatchSink) => void }
  /** Text that comes bit by bit: logs that are followed. Ends when the iterator ends. */
  | { readonly kind: "stream"; readonly contentType: string; readonly chunks: AsyncIterable<Uint8Array> };

/** The API server as its callers see it. Never rejects: a failure is an object response with a Status. */
export interface ApiHandler {
  handle(request: ApiRequest): Promise<ApiResponse>;
}

export function isStatusObject(object: object): object is Status {
  return (object as { kind?: unknown }).kind === "Status";
}
