// Who approves or signs requests for certificates must be allowed to, for the signer that they name; nobody asks for
// a place among the masters by the signer of clients.
// Source: plugin/pkg/admission/certificates/{approval,signing,subjectrestriction}.
import type { KubeObject } from "../../../api/meta.js";
import type { AccessAttributes, AdmissionRequest, Authorizer } from "../access.js";
import { parseCertificateRequest } from "../auth/certificate.js";
import { type AdmissionPlugin, refused } from "./admission-plugin.js";

const REQUESTS = ["certificatesigningrequests.certificates.k8s.io"];
const CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client";
const MASTERS = "system:masters";

interface Request extends KubeObject {
  readonly spec?: { readonly signerName?: string; readonly request?: string };
  readonly status?: { readonly certificate?: string; readonly conditions?: readonly unknown[] };
}

export function certificateApproval(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "CertificateApproval",
    operations: ["UPDATE"],
    resources: REQUESTS,
    subresources: ["approval", "status"],
    async validate(request) {
      const verb = verbOf(request);
      if (verb === null) return;
      const signer = (request.oldObject as Request).spec?.signerName ?? "";
      const domain = signer.slice(0, signer.indexOf("/"));
      for (const name of [signer, `${domain}/*`])
        if ((await authorizer.authorize(attributesOf(request, verb, name))).allowed) return;
      throw refused(request, `user not permitted to ${verb} requests with signerName "${signer}"`);
    },
  };
}

/** Null: nothing that needs a right is done. */
function verbOf({ subresource, object, oldObject }: AdmissionRequest): string | null {
  if (subresource === "approval") return "approve";
  const [after, before] = [(object as Request).status, (oldObject as Request).status];
  return subresource === "status" && after?.certificate !== before?.certificate ? "sign" : null;
}

function attributesOf({ user }: AdmissionRequest, verb: string, name: string): AccessAttributes {
  return {
    user,
    verb,
    isResourceRequest: true,
    path: "",
    group: "certificates.k8s.io",
    version: "*",
    resource: "signers",
    subresource: "",
    namespace: "",
    name,
    fieldSelector: "",
    labelSelector: "",
  };
}

export const certificateSubjectRestriction: AdmissionPlugin = {
  name: "CertificateSubjectRestriction",
  operations: ["CREATE"],
  resources: REQUESTS,
  validate(request) {
    const { signerName, request: encoded = "" } = (request.object as Request).spec ?? {};
    if (signerName !== CLIENT_SIGNER) return;
    const parsed = parseCertificateRequest(Buffer.from(encoded, "base64").toString("latin1"));
    if (parsed?.subject.organizations.includes(MASTERS) === true)
      throw refused(request, `use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`);
  },
};
