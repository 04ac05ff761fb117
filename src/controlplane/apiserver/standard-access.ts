// Who may do what in a cluster as kubeadm sets it up: the pieces of auth/, admission/ and allocation/ put together.
import type { KeyObject } from "node:crypto";
import { validateCreate, validateUpdate } from "../../api/validation/validate.js";
import type { Prng } from "../../base/prng.js";
import { delay, type Timers } from "../../base/timers.js";
import type { Admission, Authenticator, Authorizer, TokenAuthority } from "./access.js";
import { AdmissionChain, type AdmissionPlugin } from "./admission/admission-plugin.js";
import { certificateApproval, certificateSubjectRestriction } from "./admission/certificate-approval.js";
import { defaultTolerationSeconds } from "./admission/default-toleration-seconds.js";
import { limitRanger } from "./admission/limit-ranger.js";
import { namespaceLifecycle } from "./admission/namespace-lifecycle.js";
import { nodeRestriction } from "./admission/node-restriction.js";
import { taintNodesByCondition } from "./admission/taint-nodes-by-condition.js";
import { claimResize } from "./admission/claim-resize.js";
import { defaultStorageClass } from "./admission/default-storage-class.js";
import { storageObjectInUseProtection } from "./admission/storage-object-in-use-protection.js";
import { podNodeSelector } from "./admission/pod-node-selector.js";
import { defaultIngressClass } from "./admission/default-ingress-class.js";
import { priority } from "./admission/priority.js";
import { resourceQuota } from "./admission/resource-quota.js";
import { runtimeClass } from "./admission/runtime-class.js";
import { serviceAccount } from "./admission/service-account.js";
import { serviceAddresses } from "./allocation/service-addresses.js";
import { AuthorizerChain } from "./auth/authorizer-chain.js";
import {
  BearerAuthenticator,
  bootstrapTokenReader,
  serviceAccountReader,
  tokenFileReader,
} from "./auth/bearer-authenticator.js";
import { bootstrapPolicy } from "./auth/bootstrap-policy.js";
import { TokenSigner } from "./auth/json-web-token.js";
import { NodeAuthorizer } from "./auth/node-authorizer.js";
import { mastersAuthorizer, RbacAuthorizer, type RoleObject } from "./auth/rbac-authorizer.js";
import { rbacEscalation } from "./auth/rbac-escalation.js";
import { ServiceAccountTokens } from "./auth/service-account-tokens.js";
import type { ObjectAccess } from "./object-access.js";
import type { Validation } from "./validation.js";

export interface StandardAccessOptions {
  readonly timers: Timers;
  /** For generated names and addresses. */
  readonly prng: Prng;
  readonly newId: () => string;
  /** P-256; signs tokens of service accounts. */
  readonly tokenKey: KeyObject;
  /** "https://kubernetes.default.svc.cluster.local" */
  readonly issuer: string;
  /** Lines of `token,user,uid,"groups"`. */
  readonly tokenFile?: string;
  /** Off by default, as upstream. */
  readonly bootstrapTokens?: boolean;
  /** ["10.96.0.0/12"], with one of IPv6 for two stacks. */
  readonly serviceRanges: readonly string[];
  readonly nodePorts: readonly [first: number, last: number];
  /** Upstream's names: "ServiceAccount", "LimitRanger"... */
  readonly disabledPlugins?: readonly string[];
  /** Off by default, as upstream: "PodNodeSelector". */
  readonly enabledPlugins?: readonly string[];
  /** Run after the others. */
  readonly extraPlugins?: readonly AdmissionPlugin[];
}

export interface StandardAccess {
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly admission: Admission;
  readonly validation: Validation;
  readonly tokens: TokenAuthority;
}

export const DEFAULT_NODE_PORTS: readonly [number, number] = [30_000, 32_767];

export function standardAccess(objects: ObjectAccess, options: StandardAccessOptions): StandardAccess {
  const { timers, newId, issuer, tokenFile } = options;
  const signer = new TokenSigner(options.tokenKey);
  const tokens = new ServiceAccountTokens({ signer, reader: objects, clock: timers, newId, issuer });
  const rbac = new RbacAuthorizer(objects);
  const authorizer = new AuthorizerChain([mastersAuthorizer, new NodeAuthorizer(objects, nodeRules()), rbac]);
  const authenticator = new BearerAuthenticator([
    ...(tokenFile === undefined ? [] : [tokenFileReader(tokenFile)]),
    serviceAccountReader(tokens),
    ...(options.bootstrapTokens === true ? [bootstrapTokenReader(objects, timers)] : []),
  ]);
  const plugins = admissionPlugins(objects, options, authorizer);
  return {
    authenticator,
    authorizer,
    admission: new AdmissionChain([
      ...plugins,
      rbacEscalation(rbac, authorizer),
      ...(options.extraPlugins ?? []),
    ]),
    validation: objectValidation,
    tokens,
  };
}

/** Upstream's order. The quota comes last: what others refuse is not charged. */
function admissionPlugins(
  objects: ObjectAccess,
  options: StandardAccessOptions,
  authorizer: Authorizer,
): readonly AdmissionPlugin[] {
  const { timers, prng, serviceRanges, nodePorts, disabledPlugins = [], enabledPlugins = [] } = options;
  const all: readonly AdmissionPlugin[] = [
    namespaceLifecycle(objects),
    limitRanger(objects),
    serviceAccount({
      reader: objects,
      prng: prng.fork("service accounts"),
      delay: (ms) => delay(timers, ms),
    }),
    nodeRestriction,
    taintNodesByCondition,
    podNodeSelector(objects),
    priority(objects),
    defaultTolerationSeconds,
    defaultStorageClass(objects),
    storageObjectInUseProtection,
    runtimeClass(objects),
    certificateApproval(authorizer),
    certificateSubjectRestriction,
    defaultIngressClass(objects),
    serviceAddresses({
      reader: objects,
      clock: timers,
      prng: prng.fork("addresses"),
      serviceRanges,
      nodePorts,
    }),
    claimResize(objects),
    resourceQuota(objects),
  ];
  return all.filter(
    ({ name }) =>
      !disabledPlugins.includes(name) && (!OFF_BY_DEFAULT.includes(name) || enabledPlugins.includes(name)),
  );
}

const OFF_BY_DEFAULT = ["PodNodeSelector"];

const objectValidation: Validation = {
  validateCreate: (object, kind) => validateCreate(object, kind.group),
  validateUpdate: (next, current, kind, subresource) =>
    validateUpdate(next, current, subresource, kind.group),
};

function nodeRules() {
  const role = bootstrapPolicy().find(
    ({ kind, metadata }) => kind === "ClusterRole" && metadata.name === "system:node",
  );
  return (role as RoleObject | undefined)?.rules ?? [];
}
