// Who a bearer token speaks for: a token from a file, a service account's, or, when they are on, a bootstrap token.
// Source: apiserver pkg/authentication/request/bearertoken, token/tokenfile; plugin/pkg/auth/authenticator/token/bootstrap.
import { timingSafeEqual } from "node:crypto";
import type { KubeObject } from "../../../api/meta.js";
import { StatusError } from "../../../api/status.js";
import type { Clock } from "../../../base/clock.js";
import type { ApiRequest, UserInfo } from "../../protocol/api-request.js";
import type { Authenticator, TokenAuthority } from "../access.js";
import { kindRow, type ObjectReader } from "../object-access.js";
import { withEverybody } from "./client-certificate.js";

/** Who a token is, or null when this kind of token knows nothing of it. */
export type TokenReader = (token: string) => UserInfo | null | Promise<UserInfo | null>;

export class BearerAuthenticator implements Authenticator {
  readonly #readers: readonly TokenReader[];

  constructor(readers: readonly TokenReader[]) {
    this.#readers = readers;
  }

  authenticate(request: ApiRequest): UserInfo | null | Promise<UserInfo | null> {
    const token = bearerToken(request.headers);
    return token === null ? null : this.#from(0, token);
  }

  #from(first: number, token: string): UserInfo | Promise<UserInfo> {
    for (let index = first; index < this.#readers.length; index++) {
      const reading = this.#readers[index]?.(token) ?? null;
      if (reading instanceof Promise) return reading.then((user) => user ?? this.#from(index + 1, token));
      if (reading !== null) return reading;
    }
    throw new StatusError("Unauthorized", "Unauthorized");
  }
}

/** Of WebSockets in a subprotocol: a browser can set no header. */
function bearerToken(headers: ApiRequest["headers"]): string | null {
  const token = /^bearer\s+(\S+)\s*$/i.exec(headers["authorization"] ?? "")?.[1];
  if (token !== undefined) return token;
  const protocol = /base64url\.bearer\.authorization\.k8s\.io\.([\w-]+)/.exec(
    headers["sec-websocket-protocol"] ?? "",
  )?.[1];
  return protocol === undefined ? null : Buffer.from(protocol, "base64url").toString("utf8");
}

/** Lines of `token,user,uid,"group1,group2"`. */
export function tokenFileReader(text: string): TokenReader {
  const users = new Map<string, UserInfo>();
  for (const line of text.split("\n")) {
    const [, token, username, uid, quoted, plain] =
      /^\s*([^,\s#][^,]*),([^,]*),([^,\s]*)(?:,"([^"]*)"|,(\S*))?\s*$/.exec(line) ?? [];
    if (token === undefined || username === undefined || uid === undefined) continue;
    const groups = (quoted ?? plain ?? "").split(",").filter((group) => group !== "");
    users.set(token, { username, uid, groups: withEverybody(groups), extra: {} });
  }
  // A Map compares what has the same hash, under a seed that nobody knows: how long it takes says nothing about a token.
  return (token) => users.get(token) ?? null;
}

export function serviceAccountReader(tokens: TokenAuthority): TokenReader {
  return async (token) =>
    token.split(".").length === 3 ? ((await tokens.review(token, []))?.user ?? null) : null;
}

const SECRETS = kindRow("", "secrets");
const BOOTSTRAP_TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const BOOTSTRAP_TYPE = "bootstrap.kubernetes.io/token";
const BOOTSTRAP_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

type Secret = KubeObject & { readonly type?: string; readonly data?: Readonly<Record<string, string>> };

/** Tokens of nodes that join, kept as secrets in kube-system. */
export function bootstrapTokenReader(reader: ObjectReader, clock: Clock): TokenReader {
  return (token) => {
    const [, id = "", secret = ""] = BOOTSTRAP_TOKEN.exec(token) ?? [];
    const stored =
      id === ""
        ? undefined
        : (reader.get(SECRETS, "kube-system", `bootstrap-token-${id}`) as Secret | undefined);
    if (stored?.type !== BOOTSTRAP_TYPE || stored.metadata.deletionTimestamp !== undefined) return null;
    const value = (name: string) => Buffer.from(stored.data?.[name] ?? "", "base64").toString("utf8");
    if (value("token-id") !== id || !areEqual(value("token-secret"), secret)) return null;
    if (value("usage-bootstrap-authentication") !== "true") return null;
    const expiration = value("expiration");
    if (expiration !== "" && !(clock.wall().getTime() < Date.parse(expiration))) return null;
    const groups = value("auth-extra-groups")
      .split(",")
      .filter((group) => BOOTSTRAP_GROUP.test(group));
    return {
      username: `system:bootstrap:${id}`,
      uid: "",
      groups: withEverybody(["system:bootstrappers", ...groups]),
      extra: {},
    };
  };
}

function areEqual(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
