// Tokens of service accounts: signed, for an audience, for a while, and only as long as the account and what the token is
// bound to are there.
// Source: pkg/serviceaccount/claims.go, pkg/registry/core/serviceaccount/storage/token.go.
import type { KubeObject } from "../../../api/meta.js";
import type { Clock } from "../../../base/clock.js";
import type { UserInfo } from "../../protocol/api-request.js";
import type { OpenIdSource, TokenAuthority } from "../access.js";
import { kindRow, type ObjectReader } from "../object-access.js";
import { badRequest, conflict, invalid, notFound } from "../registry/api-failures.js";
import type { Claims, TokenSigner } from "./json-web-token.js";

const SERVICE_ACCOUNTS = kindRow("", "serviceaccounts");
const BINDABLE = {
  Pod: kindRow("", "pods"),
  Secret: kindRow("", "secrets"),
  Node: kindRow("", "nodes"),
} as const;
type BoundKind = keyof typeof BINDABLE;

const DEFAULT_SECONDS = 3600;
const SECONDS_MIN = 600;
const SECONDS_MAX = 2 ** 32;

interface TokenRequest extends KubeObject {
  readonly spec?: {
    readonly audiences?: readonly string[];
    readonly expirationSeconds?: number;
    readonly boundObjectRef?: {
      readonly kind?: string;
      readonly apiVersion?: string;
      readonly name?: string;
      readonly uid?: string;
    };
  };
}

interface Reference {
  readonly name: string;
  readonly uid: string;
}

interface KubernetesClaim {
  readonly namespace: string;
  readonly serviceaccount: Reference;
  readonly pod?: Reference;
  readonly secret?: Reference;
  readonly node?: Reference;
}

export interface ServiceAccountTokenOptions {
  readonly signer: TokenSigner;
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly newId: () => string;
  /** "https://kubernetes.default.svc.cluster.local", also the audience of the API server itself. */
  readonly issuer: string;
}

export class ServiceAccountTokens implements TokenAuthority {
  readonly #options: ServiceAccountTokenOptions;

  constructor(options: ServiceAccountTokenOptions) {
    this.#options = options;
  }

  get openId(): OpenIdSource {
    const { issuer, signer } = this.#options;
    return { issuer, keys: [signer.webKey] };
  }

  issue(account: KubeObject, request: TokenRequest): KubeObject {
    const { clock, issuer, newId, signer } = this.#options;
    const { audiences = [], expirationSeconds = DEFAULT_SECONDS } = request.spec ?? {};
    checkSeconds(expirationSeconds);
    const good = audiences.length === 0 ? [issuer] : audiences;
    const { name, namespace = "" } = account.metadata;
    const issuedMs = clock.wall().getTime();
    const now = Math.floor(issuedMs / 1000);
    const token = signer.sign({
      aud: good,
      exp: now + expirationSeconds,
      iat: now,
      iss: issuer,
      jti: newId(),
      "kubernetes.io": {
        namespace,
        serviceaccount: referenceTo(account),
        ...this.#bound(account, request),
      } satisfies KubernetesClaim,
      nbf: now,
      sub: `system:serviceaccount:${namespace}:${name}`,
    });
    const metadata = {
      ...request.metadata,
      name,
      namespace,
      creationTimestamp: secondsText(now),
    };
    const spec = { ...request.spec, audiences: good, expirationSeconds };
    const status = { token, expirationTimestamp: secondsText(now + expirationSeconds) };
    const issued = { ...request, metadata, spec, status };
    return issued;
  }

  /** @throws {StatusError} for what cannot be bound to */
  #bound(account: KubeObject, request: TokenRequest): Partial<KubernetesClaim> {
    const ref = request.spec?.boundObjectRef;
    if (ref === undefined) return {};
    const { kind = "", name = "", uid = "" } = ref;
    if (!isBindable(kind))
      throw badRequest(`cannot bind token to object of type ${ref.apiVersion ?? ""}, Kind=${kind}`);
    const row = BINDABLE[kind];
    const { reader } = this.#options;
    const object = reader.get(row, row.isNamespaced ? (account.metadata.namespace ?? "") : "", name);
    if (object === undefined) throw notFound(row, name);
    if (uid !== "" && uid !== object.metadata.uid)
      throw conflict(
        row,
        name,
        `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
      );
    if (kind !== "Pod") return { [kind.toLowerCase()]: referenceTo(object) };
    const { serviceAccountName, nodeName } =
      (object as { spec?: { serviceAccountName?: string; nodeName?: string } }).spec ?? {};
    if ((serviceAccountName ?? "default") !== account.metadata.name)
      throw badRequest(
        `cannot bind token for serviceaccount "${account.metadata.name}" to pod running with different serviceaccount name.`,
      );
    const node = nodeName ? reader.get(BINDABLE.Node, "", nodeName) : undefined;
    return { pod: referenceTo(object), ...(node === undefined ? {} : { node: referenceTo(node) }) };
  }

  review(token: string, audiences: readonly string[]) {
    const { issuer } = this.#options;
    const claims = this.#options.signer.verified(token);
    if (claims === null || claims["iss"] !== issuer || !this.#isInTime(claims)) return null;
    const asked = audiences.length === 0 ? [issuer] : audiences;
    const held = (claims["aud"] ?? []) as readonly string[];
    const common = asked.filter((audience) => held.includes(audience));
    const kubernetes = claims["kubernetes.io"] as KubernetesClaim | undefined;
    if (common.length === 0 || kubernetes === undefined || !this.#isThere(kubernetes)) return null;
    return { user: userOf(claims, kubernetes), audiences: common };
  }

  #isInTime({ exp, nbf }: Claims): boolean {
    const now = this.#options.clock.wall().getTime() / 1000;
    return typeof exp === "number" && now < exp && (typeof nbf !== "number" || nbf <= now + 1);
  }

  /** The account and what the token is bound to are those of then. */
  #isThere({ namespace, serviceaccount, pod, secret, node }: KubernetesClaim): boolean {
    const { reader } = this.#options;
    const isSame = (object: KubeObject | undefined, ref: Reference) => object?.metadata.uid === ref.uid;
    return (
      isSame(reader.get(SERVICE_ACCOUNTS, namespace, serviceaccount.name), serviceaccount) &&
      (pod === undefined || isSame(reader.get(BINDABLE.Pod, namespace, pod.name), pod)) &&
      (secret === undefined || isSame(reader.get(BINDABLE.Secret, namespace, secret.name), secret)) &&
      (node === undefined || pod !== undefined || isSame(reader.get(BINDABLE.Node, "", node.name), node))
    );
  }
}

function isBindable(kind: string): kind is BoundKind {
  return Object.hasOwn(BINDABLE, kind);
}

function referenceTo({ metadata }: KubeObject): Reference {
  return { name: metadata.name, uid: metadata.uid ?? "" };
}

function checkSeconds(seconds: number): void {
  const why =
    seconds < SECONDS_MIN
      ? "may not specify a duration less than 10 minutes"
      : seconds > SECONDS_MAX
        ? "may not specify a duration larger than 2^32 seconds"
        : null;
  if (why === null) return;
  throw invalid({ ...SERVICE_ACCOUNTS, group: "authentication.k8s.io", kind: "TokenRequest" }, "", [
    {
      field: "spec.expirationSeconds",
      message: `Invalid value: ${seconds}: ${why}`,
      reason: "FieldValueInvalid",
    },
  ]);
}

function userOf(claims: Claims, { namespace, serviceaccount, pod, node }: KubernetesClaim): UserInfo {
  const extra: Record<string, readonly string[]> = {};
  const note = (name: string, value: unknown) => {
    if (typeof value === "string" && value !== "") extra[`authentication.kubernetes.io/${name}`] = [value];
  };
  const id = claims["jti"];
  if (typeof id === "string") note("credential-id", `JTI=${id}`);
  note("pod-name", pod?.name);
  note("pod-uid", pod?.uid);
  note("node-name", node?.name);
  note("node-uid", node?.uid);
  return {
    username: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
    uid: serviceaccount.uid,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
    extra,
  };
}

function secondsText(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
