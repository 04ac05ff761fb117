// Handlers beside the generic ones, by what they answer to: "[GROUP/]RESOURCE[/SUBRESOURCE] VERB".
import type { Authorizer, TokenAuthority } from "../access.js";
import type { NodeStreams } from "../../protocol/node-streams.js";
import { streamHandler } from "../streams/stream-gate.js";
import { STREAM_SUBRESOURCES } from "../streams/stream-requests.js";
import { getObject } from "../registry/read-object.js";
import type { SpecialHandlers } from "../registry/resource-router.js";
import { accessReviewHandlers } from "./access-reviews.js";
import { type ComponentHealth, componentStatusHandlers } from "./component-statuses.js";
import {
  patchApproval,
  patchEphemeralContainers,
  patchResize,
  updateApproval,
  updateEphemeralContainers,
  updateFinalizers,
  updateResize,
} from "./partial-updates.js";
import { nodeProxyHandler } from "./node-proxy.js";
import { podProxyHandler, serviceProxyHandler } from "./pod-proxy.js";
import { bindPod, createBinding } from "./pod-binding.js";
import { evictPod } from "./pod-eviction.js";
import { getScale, patchScale, updateScale } from "./scale.js";
import { logHandler } from "./pod-logs.js";
import { tokenHandler } from "./service-account-token.js";

export interface SpecialParts {
  readonly authorizer: Authorizer;
  readonly tokens: TokenAuthority | null;
  readonly components: readonly ComponentHealth[];
  readonly nodes: NodeStreams | null;
}

const SCALED = ["replicationcontrollers", "apps/deployments", "apps/replicasets", "apps/statefulsets"];
/** Of GET and HEAD, POST, PUT, PATCH, DELETE and OPTIONS. */
const PROXY_VERBS = ["get", "create", "update", "patch", "delete", "options"];
const APPROVAL = "certificates.k8s.io/certificatesigningrequests/approval";

export function specialHandlers({ authorizer, tokens, components, nodes }: SpecialParts): SpecialHandlers {
  return {
    "bindings create": createBinding,
    "namespaces/finalize update": updateFinalizers,
    "nodes/proxy get": nodeProxyHandler(nodes),
    "pods/binding create": bindPod,
    "pods/ephemeralcontainers get": getObject,
    "pods/ephemeralcontainers patch": patchEphemeralContainers,
    "pods/ephemeralcontainers update": updateEphemeralContainers,
    "pods/eviction create": evictPod,
    "pods/log get": logHandler(nodes),
    "pods/resize get": getObject,
    "pods/resize patch": patchResize,
    "pods/resize update": updateResize,
    "serviceaccounts/token create": tokenHandler(tokens),
    [`${APPROVAL} get`]: getObject,
    [`${APPROVAL} patch`]: patchApproval,
    [`${APPROVAL} update`]: updateApproval,
    ...Object.fromEntries(
      SCALED.flatMap((resource) => [
        [`${resource}/scale get`, getScale],
        [`${resource}/scale patch`, patchScale],
        [`${resource}/scale update`, updateScale],
      ]),
    ),
    ...Object.fromEntries(
      STREAM_SUBRESOURCES.flatMap((name) => [
        [`pods/${name} get`, streamHandler(name, nodes)],
        [`pods/${name} create`, streamHandler(name, nodes)],
      ]),
    ),
    ...Object.fromEntries(
      PROXY_VERBS.flatMap((verb) => [
        [`pods/proxy ${verb}`, podProxyHandler(nodes)],
        [`services/proxy ${verb}`, serviceProxyHandler(nodes)],
      ]),
    ),
    ...componentStatusHandlers(components),
    ...accessReviewHandlers(authorizer, tokens),
  };
}
