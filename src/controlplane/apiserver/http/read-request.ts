// From HTTP to a request: path, query, headers and body, with everything hostile refused before a handler sees it.
import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { StatusError } from "../../../api/status.js";
import type { ApiRequest, HttpMethod, UserInfo } from "../../protocol/api-request.js";

/** Upstream's limit for a body. */
const BODY_BYTES_MAX = 3 * 1024 * 1024;

export type Incoming = IncomingMessage | Http2ServerRequest;

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Something encoded, or a segment that begins with a dot. */
const NEEDS_LOOK = /%|\0|(?:^|\/)\./;

/** What comes after it is a path of what is proxied, which clients may encode as one: pods, services, nodes. */
const PROXY = /^\/api\/v1\/(?:namespaces\/[^/]+\/[^/]+|nodes)\/[^/]+\/proxy\//;

/** Segments are decoded one by one, so that an encoded slash cannot make two of one. @throws {StatusError} BadRequest */
function decodedPath(raw: string): string {
  if (!NEEDS_LOOK.test(raw)) return raw;
  const proxied = PROXY.exec(raw)?.[0].length ?? raw.length;
  const tail = raw.slice(proxied).replace(/%2f/gi, "/");
  const segments = (raw.slice(0, proxied) + tail).split("/").map(decodedSegment);
  return segments.join("/");
}

function decodedSegment(segment: string): string {
  let decoded: string;
  try {
    decoded = segment.includes("%") ? decodeURIComponent(segment) : segment;
  } catch {
    throw new StatusError("BadRequest", "the path is not valid UTF-8");
  }
  if (decoded === "." || decoded === ".." || decoded.includes("/") || decoded.includes("\0"))
    throw new StatusError(
      "BadRequest",
      `the path has the segment ${JSON.stringify(segment)}, which leads elsewhere`,
    );
  return decoded;
}

export interface RequestOrigin {
  /** "unknown": a client certificate that was shown speaks for nobody known. */
  readonly user: UserInfo | "unknown" | null;
  readonly life: RequestLife;
}

/** Until when a request is of interest to its client. Few requests ask: a signal is made for those alone. */
export class RequestLife {
  #aborter: AbortController | null = null;
  #isOver = false;

  get signal(): AbortSignal {
    if (this.#aborter === null) {
      this.#aborter = new AbortController();
      if (this.#isOver) this.#aborter.abort();
    }
    return this.#aborter.signal;
  }

  end(): void {
    this.#isOver = true;
    this.#aborter?.abort();
  }
}

const NO_QUERY = new URLSearchParams();

class HttpRequest implements ApiRequest {
  readonly method: HttpMethod;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ApiRequest["headers"];
  readonly body: Uint8Array | null;
  readonly user: UserInfo | null;
  readonly hasUnknownCertificate: boolean;
  readonly sourceIP: string;
  /** What `addHeaders` was told. */
  answerHeaders: Readonly<Record<string, string>> | undefined;
  readonly #life: RequestLife;

  constructor(
    incoming: Incoming,
    method: HttpMethod,
    body: Uint8Array | null,
    { user, life }: RequestOrigin,
  ) {
    const url = incoming.url ?? "/";
    const mark = url.indexOf("?");
    this.method = method;
    this.path = decodedPath(mark < 0 ? url : url.slice(0, mark));
    this.query = mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1));
    this.headers = incoming.headers as ApiRequest["headers"];
    this.body = body;
    this.user = user === "unknown" ? null : user;
    this.hasUnknownCertificate = user === "unknown";
    this.sourceIP = incoming.socket?.remoteAddress ?? "";
    this.#life = life;
  }

  get signal(): AbortSignal {
    return this.#life.signal;
  }

  addHeaders(headers: Readonly<Record<string, string>>): void {
    this.answerHeaders = headers;
  }
}

/** @throws {StatusError} for what cannot be a request */
export function requestOf(incoming: Incoming, body: Uint8Array | null, origin: RequestOrigin): HttpRequest {
  const method = incoming.method ?? "GET";
  if (!METHODS.has(method))
    throw new StatusError("MethodNotAllowed", `the server does not allow the method ${method}`);
  return new HttpRequest(incoming, method as HttpMethod, body, origin);
}

/** null: none. @throws {StatusError} RequestEntityTooLarge */
export function bodyOf(incoming: Incoming): Promise<Uint8Array | null> | null {
  const { method, headers } = incoming;
  if (method === "GET" || method === "HEAD") return null;
  if (Number(headers["content-length"] ?? 0) > BODY_BYTES_MAX) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    incoming.on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) {
        incoming.pause();
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    incoming.on("end", () => resolve(joined(chunks)));
    incoming.on("error", reject);
    incoming.on("aborted", () =>
      reject(new StatusError("BadRequest", "the request ended before its body did")),
    );
  });
}

function joined(chunks: readonly Uint8Array[]): Uint8Array | null {
  if (chunks.length <= 1) return chunks[0] ?? null;
  return Buffer.concat(chunks);
}

function tooLarge(): StatusError {
  return new StatusError("RequestEntityTooLarge", `Request entity too large: limit is ${BODY_BYTES_MAX}`);
}
