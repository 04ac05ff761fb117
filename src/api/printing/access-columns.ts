// Columns of who may do what, and of certificates.
// Source: pkg/printers/internalversion/printers.go.
import type { CertificateSigningRequest } from "kubernetes-types/certificates/v1.js";
import type { ClusterRoleBinding, RoleBinding, Subject } from "kubernetes-types/rbac/v1.js";
import { humanDuration } from "./human-duration.js";
import { namedColumns } from "./printer-columns.js";

export const ROLE_BINDING_COLUMNS = namedColumns<RoleBinding | ClusterRoleBinding>()
  .text("Role", ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`)
  .age()
  .wide("Users", ({ subjects }) => subjectsText(subjects, "User", ({ name }) => name))
  .wide("Groups", ({ subjects }) => subjectsText(subjects, "Group", ({ name }) => name))
  .wide("ServiceAccounts", ({ subjects }) =>
    subjectsText(subjects, "ServiceAccount", ({ namespace, name }) => `${namespace ?? ""}/${name}`),
  ).list;

function subjectsText(
  subjects: readonly Subject[] | undefined,
  wanted: string,
  text: (subject: Subject) => string,
): string {
  const found = (subjects ?? []).filter(({ kind }) => kind === wanted);
  return found.map(text).join(", ");
}

export const SIGNING_REQUEST_COLUMNS = namedColumns<CertificateSigningRequest>()
  .age()
  .text("SignerName", ({ spec }) => spec.signerName || "<none>")
  .text("Requestor", ({ spec }) => spec.username ?? "")
  .text("RequestedDuration", ({ spec }) =>
    spec.expirationSeconds === undefined ? "<none>" : humanDuration(spec.expirationSeconds * 1000),
  )
  .text("Condition", conditionText).list;

function conditionText({ status }: CertificateSigningRequest): string {
  const types = new Set((status?.conditions ?? []).map(({ type }) => type));
  const verdict = types.has("Denied") ? "Denied" : types.has("Approved") ? "Approved" : "Pending";
  return verdict + (types.has("Failed") ? ",Failed" : "") + (status?.certificate ? ",Issued" : "");
}
