// What controllers are handed by the rest of the plane: the authority that signs, the server that issues tokens, the way
// admission counts quotas.
import type { PodObject } from "../apiserver/admission/pod-parts.js";
import { isInScope } from "../apiserver/admission/quota-scopes.js";
import { quotaUsage } from "../apiserver/admission/quota-usage.js";
import { parseCertificateRequest } from "../apiserver/auth/certificate.js";
import type { CertificateAuthority } from "../apiserver/auth/certificate-authority.js";
import type { Client } from "../client/client.js";
import { SERVICE_ACCOUNTS } from "../client/cluster-resources.js";
import type { CertificateSigner } from "../controllers/certificates/certificate-controllers.js";
import type { QuotaEvaluator } from "../controllers/resource-quota/resource-quota-controller.js";
import type { LegacyTokenIssuer } from "../controllers/service-account/token-controller.js";

export const QUOTA: QuotaEvaluator = {
  usage: quotaUsage,
  isInScope: (spec, pod) => isInScope(spec, pod === null ? null : (pod as PodObject)),
};

export function certificateSigner(authority: CertificateAuthority): CertificateSigner {
  return {
    read(text) {
      const request = parseCertificateRequest(text);
      if (request === null) return null;
      const { subject, dnsNames = [], ipAddresses = [] } = request;
      return { ...subject, dnsNames, ipAddresses };
    },
    sign(text, use, seconds) {
      const request = parseCertificateRequest(text);
      if (request === null) throw new Error("the request cannot be read");
      return authority.sign(request, use, seconds);
    },
  };
}

/** Tokens in Secrets do not expire upstream; the longest that can be asked for is as good: over a hundred years. */
const LEGACY_TOKEN_SECONDS = 2 ** 32;

export function legacyTokens(client: Client): LegacyTokenIssuer {
  return {
    async issueLegacyToken({ metadata: account }, { metadata: secret }) {
      const answer = (await client
        .resource(SERVICE_ACCOUNTS, account.namespace ?? "")
        .post(account.name, "token", {
          apiVersion: "authentication.k8s.io/v1",
          kind: "TokenRequest",
          spec: {
            expirationSeconds: LEGACY_TOKEN_SECONDS,
            boundObjectRef: { apiVersion: "v1", kind: "Secret", name: secret.name, uid: secret.uid },
          },
        })) as { readonly status: { readonly token: string } };
      return answer.status.token;
    },
  };
}
