// Certificate signing requests: those of nodes are approved when the requester may, approved ones are signed, old ones go.
// All others wait for somebody to approve them. The authority that signs is handed in.
// Source: pkg/controller/certificates (approver/sarapprove.go, signer/signer.go, cleaner/cleaner.go).
import { isStatus } from "../../../api/status.js";
import { wallMs } from "../../../base/timers.js";
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
} from "../../client/cluster-resources.js";
import { clientOf, resourceOf } from "../../client/resources.js";
import type { KubeObject } from "../../../api/meta.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { timeNow } from "../harness/times.js";
import {
  approvalPermissions,
  type CertificateUse,
  hasCondition,
  isOutdated,
  lifetimeSeconds,
  type RequestContent,
  SIGNERS,
} from "./request-rules.js";

export interface CertificateSigner {
  /** @param request PEM @returns null when it cannot be read, or is not signed with its own key */
  read(request: string): RequestContent | null;
  /** @returns PEM */
  sign(request: string, use: CertificateUse, seconds: number): string;
}

interface AccessReview extends KubeObject {
  readonly status?: { readonly allowed?: boolean };
}

const ACCESS_REVIEWS = resourceOf<AccessReview>("authorization.k8s.io", "v1", "subjectaccessreviews");
const CLEAN_PERIOD_MS = 3_600_000;

function start(
  { informers, queue }: ControllerContext,
  handle: (request: CertificateSigningRequest) => Promise<void>,
): (name: string) => Promise<void> {
  const requests = informers.informer(CERTIFICATE_SIGNING_REQUESTS);
  const look = ({ metadata }: CertificateSigningRequest): void => queue.add(metadata.name);
  requests.addHandler({ onAdd: look, onUpdate: (_, request) => look(request) });
  return async (name) => {
    const request = requests.lister.get(name);
    if (request !== undefined) await handle(request);
  };
}

function pemOf({ spec }: CertificateSigningRequest): string {
  return Buffer.from(spec?.request ?? "", "base64").toString();
}

export function certificateApprover(signer: Pick<CertificateSigner, "read">): Controller {
  return {
    name: "csrapproving",
    component: "csrapproving",
    workersCount: 1,
    start: (context) =>
      start(context, async (request) => {
        if (request.status?.certificate !== undefined) return;
        if (hasCondition(request, "Approved") || hasCondition(request, "Denied")) return;
        const content = signer.read(pemOf(request));
        if (content === null) return;
        for (const { subresource, message } of approvalPermissions(request, content)) {
          if (!(await isAllowed(context, request, subresource))) continue;
          const now = timeNow(context.timers);
          const times = { lastUpdateTime: now, lastTransitionTime: now };
          const approved = { type: "Approved", status: "True", reason: "AutoApproved", message, ...times };
          const conditions = [...(request.status?.conditions ?? []), approved];
          const next = { ...request, status: { ...request.status, conditions } };
          await clientOf(context.client, CERTIFICATE_SIGNING_REQUESTS, null).updatePart(next, "approval");
          return;
        }
      }),
  };
}

async function isAllowed(
  { client }: ControllerContext,
  { spec }: CertificateSigningRequest,
  subresource: string,
): Promise<boolean> {
  const resourceAttributes = {
    group: "certificates.k8s.io",
    resource: "certificatesigningrequests",
    verb: "create",
    version: "*",
    subresource,
  };
  const { username: user = "", uid = "", groups = [], extra = {} } = spec ?? {};
  const review = await clientOf(client, ACCESS_REVIEWS, null).create({
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: { user, uid, groups, extra, resourceAttributes },
  });
  return review.status?.allowed === true;
}

export function certificateSigningController(signer: CertificateSigner): Controller {
  return {
    name: "csrsigning",
    component: "csrsigning",
    workersCount: 5,
    start: (context) =>
      start(context, async (request) => {
        if (!hasCondition(request, "Approved") || hasCondition(request, "Failed")) return;
        const row = SIGNERS[request.spec?.signerName ?? ""];
        if (row === undefined || request.status?.certificate !== undefined) return;
        const pem = pemOf(request);
        const content = signer.read(pem);
        if (content === null) throw new Error(`unable to parse csr "${request.metadata.name}"`);
        const problem = row.problem(content, request.spec?.usages ?? []);
        const status =
          problem === null
            ? { certificate: Buffer.from(signed(signer, request, pem, row.use)).toString("base64") }
            : { conditions: [...(request.status?.conditions ?? []), failure(context, problem)] };
        const requests = clientOf(context.client, CERTIFICATE_SIGNING_REQUESTS, null);
        await requests.updateStatus({ ...request, status: { ...request.status, ...status } });
      }),
  };
}

function signed(
  signer: CertificateSigner,
  { spec }: CertificateSigningRequest,
  pem: string,
  use: CertificateUse,
): string {
  return signer.sign(pem, use, lifetimeSeconds(spec?.expirationSeconds));
}

function failure({ timers }: ControllerContext, message: string): object {
  const now = timeNow(timers);
  return {
    type: "Failed",
    status: "True",
    reason: "SignerValidationFailure",
    message,
    lastUpdateTime: now,
    lastTransitionTime: now,
  };
}

export const certificateCleaner: Controller = {
  name: "csrcleaner",
  component: "csrcleaner",
  workersCount: 1,
  start({ informers, queue, client, timers }) {
    const requests = informers.informer(CERTIFICATE_SIGNING_REQUESTS);
    queue.addAfter("all", CLEAN_PERIOD_MS);
    return async (key) => {
      queue.addAfter(key, CLEAN_PERIOD_MS);
      for (const request of requests.lister.list()) {
        if (!isOutdated(request, wallMs(timers))) continue;
        await clientOf(client, CERTIFICATE_SIGNING_REQUESTS, null)
          .delete(request.metadata.name)
          .catch((error: unknown) => {
            if (!isStatus(error, "NotFound")) throw error;
          });
      }
    };
  },
};
