// Who may do what: the questions that the filter chain asks. The answers are in auth/, or all-allowing defaults.
import type { Kind } from "../../api/kinds/kind.js";
import type { KubeObject } from "../../api/meta.js";
import type { ApiRequest, UserInfo } from "../protocol/api-request.js";

/** Answers at once where it can: most requests then pass without waiting. */
export type Eventually<Value> = Value | Promise<Value>;

export interface Authenticator {
  /**
   * Who asks, by the headers; `request.user` is null. null: no credentials were given, which makes an anonymous user.
   *
   * @throws {StatusError} Unauthorized for credentials that are wrong or expired
   */
  authenticate(request: ApiRequest): Eventually<UserInfo | null>;
}

/** One action, as SubjectAccessReview spells it. */
export interface AccessAttributes {
  readonly user: UserInfo;
  /** "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "impersonate"; else the method. */
  readonly verb: string;
  /** False: only `path` says what is asked for. */
  readonly isResourceRequest: boolean;
  readonly path: string;
  readonly group: string;
  readonly version: string;
  /** Plural: "pods". */
  readonly resource: string;
  /** "" for the resource itself. */
  readonly subresource: string;
  /** "" for all, or none. */
  readonly namespace: string;
  readonly name: string;
  /** Of lists and watches, as given; "": none. */
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

export interface AccessDecision {
  readonly allowed: boolean;
  /** Why, for the audit log and the answer; may be empty. */
  readonly reason: string;
}

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface NonResourceRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** What one user may do in one namespace, for SelfSubjectRulesReview. */
export interface AccessRules {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
}

export interface Authorizer {
  authorize(attributes: AccessAttributes): Eventually<AccessDecision>;
  rulesFor(user: UserInfo, namespace: string): Eventually<AccessRules>;
}

export interface OpenIdSource {
  readonly issuer: string;
  /** Public keys, as RFC 7517 writes them. */
  readonly keys: readonly object[];
}

/** Service-account tokens: POST serviceaccounts/NAME/token and TokenReview. */
export interface TokenAuthority {
  /** What others need to know to check tokens by themselves. */
  readonly openId: OpenIdSource;
  /** @returns the TokenRequest with its status filled in */
  issue(serviceAccount: KubeObject, tokenRequest: KubeObject): Eventually<KubeObject>;
  /** @returns who a token speaks for, and the audiences it is good for; null when it is good for nothing */
  review(
    token: string,
    audiences: readonly string[],
  ): Eventually<{ readonly user: UserInfo; readonly audiences: readonly string[] } | null>;
}

export const ANONYMOUS: UserInfo = {
  username: "system:anonymous",
  uid: "",
  groups: ["system:unauthenticated"],
  extra: {},
};

/** What callers within the process are, unless they say otherwise. */
export const LOOPBACK_ADMIN: UserInfo = {
  username: "system:apiserver",
  uid: "",
  groups: ["system:masters", "system:authenticated"],
  extra: {},
};

/** Everybody is the administrator: for tests and a server that only its own process reaches. */
export const trustingAuthenticator: Authenticator = { authenticate: () => LOOPBACK_ADMIN };

export const allowAll: Authorizer = {
  authorize: () => ({ allowed: true, reason: "" }),
  rulesFor: () => ({
    resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
    nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
  }),
};

/** One write on its way to the store, after decoding and defaulting. */
export interface AdmissionRequest {
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly kind: Kind;
  /** "" for the resource itself; "status", "binding", "eviction", "scale", "exec"... */
  readonly subresource: string;
  /** "" for kinds without namespaces. */
  readonly namespace: string;
  /** "" for a create that asks for a generated name. */
  readonly name: string;
  readonly user: UserInfo;
  readonly isDryRun: boolean;
  /** As it will be; of DELETE: null. Of the kind itself also for "status"; of a subresource's own kind else. */
  readonly object: KubeObject | null;
  /** As it is; null on CREATE. */
  readonly oldObject: KubeObject | null;
}

/** Objects are never written to: `mutate` answers a changed copy, or the same. */
export interface Admission {
  /** @throws {StatusError} to refuse */
  mutate(request: AdmissionRequest): Eventually<KubeObject | null>;
  /** Sees what `mutate` and validation left. @throws {StatusError} to refuse */
  validate(request: AdmissionRequest): Eventually<void>;
}

export const admitAll: Admission = { mutate: (request) => request.object, validate: () => undefined };
