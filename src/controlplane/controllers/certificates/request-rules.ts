// Which certificate requests are what they say, whom a signer signs for, and when old requests go.
// Source: pkg/apis/certificates/helpers.go, pkg/controller/certificates (approver, signer, cleaner).
import type { CertificateSigningRequest } from "../../client/cluster-resources.js";
import { timeMs } from "../harness/times.js";

const KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet";
const KUBELET_SERVING = "kubernetes.io/kubelet-serving";
const API_CLIENT = "kubernetes.io/kube-apiserver-client";

/** What stands in a request. */
export interface RequestContent {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

export type CertificateUse = "client" | "server" | "server and client";

/** Null: it is right. */
function nodeProblem({ organizations, commonName }: RequestContent): string | null {
  if (organizations.length !== 1 || organizations[0] !== "system:nodes")
    return "subject organization is not system:nodes";
  if (!commonName.startsWith("system:node:")) return "subject common name does not begin with system:node:";
  return null;
}

function usageProblem(usages: readonly string[], needed: string): string | null {
  const allowed = [needed, "digital signature", "key encipherment"];
  const isWhole = usages.includes(needed) && usages.includes("digital signature");
  return isWhole && usages.every((usage) => allowed.includes(usage))
    ? null
    : `usages did not match [digital signature, key encipherment, ${needed}]`;
}

/** @returns why a node's client certificate cannot be asked for like this; null: it can */
function kubeletClientProblem(content: RequestContent, usages: readonly string[]): string | null {
  if (content.dnsNames.length > 0) return "DNS subjectAltNames are not allowed";
  if (content.ipAddresses.length > 0) return "IP subjectAltNames are not allowed";
  return nodeProblem(content) ?? usageProblem(usages, "client auth");
}

function kubeletServingProblem(content: RequestContent, usages: readonly string[]): string | null {
  if (content.dnsNames.length + content.ipAddresses.length === 0)
    return "at least one DNS or IP subjectAltName is required";
  return nodeProblem(content) ?? usageProblem(usages, "server auth");
}

function apiClientProblem(_content: RequestContent, usages: readonly string[]): string | null {
  const odd = usages.find(
    (usage) => !["digital signature", "key encipherment", "client auth"].includes(usage),
  );
  if (odd !== undefined) return `invalid usage for client certificate: ${odd}`;
  return usages.includes("client auth") ? null : "missing required usage for client certificate: client auth";
}

interface SignerRow {
  readonly use: CertificateUse;
  readonly problem: (content: RequestContent, usages: readonly string[]) => string | null;
}

/** The signers that this cluster is. */
export const SIGNERS: Readonly<Record<string, SignerRow>> = {
  [KUBELET_CLIENT]: { use: "client", problem: kubeletClientProblem },
  [KUBELET_SERVING]: { use: "server", problem: kubeletServingProblem },
  [API_CLIENT]: { use: "client", problem: apiClientProblem },
};

/** Permissions that make a node's request approved, in the order they are tried. */
export function approvalPermissions(
  { spec }: CertificateSigningRequest,
  content: RequestContent,
): readonly { readonly subresource: string; readonly message: string }[] {
  if (spec?.signerName !== KUBELET_CLIENT || kubeletClientProblem(content, spec.usages ?? []) !== null)
    return [];
  const forOthers = {
    subresource: "nodeclient",
    message: "Auto approving kubelet client certificate after SubjectAccessReview.",
  };
  if (spec.username !== content.commonName) return [forOthers];
  const forItself = {
    subresource: "selfnodeclient",
    message: "Auto approving self kubelet client certificate after SubjectAccessReview.",
  };
  return [forItself, forOthers];
}

export function hasCondition({ status }: CertificateSigningRequest, type: string): boolean {
  return (status?.conditions ?? []).some((each) => each.type === type && each.status !== "False");
}

const CERTIFICATE_SECONDS = 365 * 24 * 60 * 60;
const SECONDS_MIN = 600;

export function lifetimeSeconds(asked: number | undefined): number {
  return Math.min(CERTIFICATE_SECONDS, Math.max(SECONDS_MIN, asked ?? CERTIFICATE_SECONDS));
}

const HANDLED_MS = 3_600_000;
const PENDING_MS = 24 * 3_600_000;

/** Handled ones go after an hour, others after a day. */
export function isOutdated(request: CertificateSigningRequest, nowMs: number): boolean {
  const conditions = request.status?.conditions ?? [];
  if (conditions.length === 0) return nowMs - timeMs(request.metadata.creationTimestamp) > PENDING_MS;
  return conditions.some(({ lastUpdateTime, lastTransitionTime }) => {
    const ms = timeMs(lastUpdateTime ?? lastTransitionTime);
    return ms > 0 && nowMs - ms > HANDLED_MS;
  });
}
