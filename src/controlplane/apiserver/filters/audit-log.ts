// One line of JSON for each request that was answered: who, what, when, with which outcome; never headers or bodies.
// Source: apiserver pkg/apis/audit/v1 types.go (level Metadata).
import type { UserInfo } from "../../protocol/api-request.js";
import type { RequestInfo } from "../request-info.js";

export interface AuditedRequest {
  readonly id: string;
  readonly requestUri: string;
  readonly info: RequestInfo;
  /** Null: it failed before anybody was recognised. */
  readonly user: UserInfo | null;
  /** Whoever speaks for the user, if somebody does. */
  readonly sourceIP: string;
  readonly userAgent: string;
  readonly code: number;
  readonly receivedAt: Date;
  readonly answeredAt: Date;
  readonly decision: { readonly allowed: boolean; readonly reason: string } | null;
}

export function auditLine(request: AuditedRequest): string {
  const { info, user, decision } = request;
  return JSON.stringify({
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Metadata",
    auditID: request.id,
    stage: "ResponseComplete",
    requestURI: request.requestUri,
    verb: info.verb,
    user:
      user === null
        ? {}
        : { username: user.username, ...(user.uid === "" ? {} : { uid: user.uid }), groups: user.groups },
    sourceIPs: [request.sourceIP],
    userAgent: request.userAgent,
    ...(info.isResourceRequest ? { objectRef: objectRef(info) } : {}),
    responseStatus: { metadata: {}, code: request.code },
    requestReceivedTimestamp: microTime(request.receivedAt),
    stageTimestamp: microTime(request.answeredAt),
    ...(decision === null
      ? {}
      : {
          annotations: {
            "authorization.k8s.io/decision": decision.allowed ? "allow" : "forbid",
            "authorization.k8s.io/reason": decision.reason,
          },
        }),
  });
}

function objectRef(info: RequestInfo): object {
  const { resource, namespace, name, group, version, subresource } = info;
  return {
    resource,
    ...(namespace === "" ? {} : { namespace }),
    ...(name === "" ? {} : { name }),
    ...(group === "" ? {} : { apiGroup: group }),
    apiVersion: version,
    ...(subresource === "" ? {} : { subresource }),
  };
}

function microTime(at: Date): string {
  return at.toISOString().replace("Z", "000Z");
}
