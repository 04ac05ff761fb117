// Kubelets: what every node may do, and of secrets, config maps, claims and service accounts only what its own Pods use.
// Cost: one pass over the Pods of the node.
// Source: plugin/pkg/auth/authorizer/node/{node_authorizer,graph}.go.
import type { EnvFromSource, PodSpec } from "kubernetes-types/core/v1.js";
import type { KubeObject } from "../../../api/meta.js";
import type { UserInfo } from "../../protocol/api-request.js";
import type { AccessAttributes, AccessDecision, AccessRules, Authorizer } from "../access.js";
import { kindRow, type ObjectReader } from "../object-access.js";
import { type PolicyRule, ruleAllows } from "./policy-rules.js";

const NODES_GROUP = "system:nodes";
const NODE_USER = "system:node:";
const LEASE_NAMESPACE = "kube-node-lease";
const CLAIMS = kindRow("", "persistentvolumeclaims");
const ATTACHMENTS = kindRow("storage.k8s.io", "volumeattachments");

type Pod = KubeObject & { readonly spec?: PodSpec };

const ALLOWED: AccessDecision = { allowed: true, reason: "" };
const denied = (reason: string): AccessDecision => ({ allowed: false, reason });

type Check = (asked: AccessAttributes, node: string) => AccessDecision | null;

export class NodeAuthorizer implements Authorizer {
  readonly #reader: ObjectReader;
  readonly #rules: readonly PolicyRule[];

  /** @param rules of the cluster role system:node, as it is at first: it is not read again */
  constructor(reader: ObjectReader, rules: readonly PolicyRule[]) {
    this.#reader = reader;
    this.#rules = rules;
  }

  authorize(asked: AccessAttributes): AccessDecision {
    const { username, groups } = asked.user;
    if (!groups.includes(NODES_GROUP) || !username.startsWith(NODE_USER)) return denied("");
    const node = username.slice(NODE_USER.length);
    if (node === "") return denied(`unknown node for user "${username}"`);
    const check = asked.isResourceRequest ? this.#checks[`${asked.group}/${asked.resource}`] : undefined;
    const decision = check?.(asked, node) ?? null;
    if (decision !== null) return decision;
    return this.#rules.some((rule) => ruleAllows(rule, asked)) ? ALLOWED : denied("");
  }

  /** Not enumerable: it depends on the Pods. */
  rulesFor(_user: UserInfo, _namespace: string): AccessRules {
    return { resourceRules: [], nonResourceRules: [] };
  }

  readonly #checks: Readonly<Record<string, Check>> = {
    "/secrets": (asked, node) => this.#readOfPods(asked, node, secretsOf),
    "/configmaps": (asked, node) => this.#readOfPods(asked, node, configMapsOf),
    "/persistentvolumeclaims": (asked, node) => this.#claim(asked, node),
    "/persistentvolumes": (asked, node) => this.#volume(asked, node),
    "/serviceaccounts": (asked, node) => this.#serviceAccount(asked, node),
    "/nodes": (asked, node) => ownNode(asked, node),
    "/pods": (asked, node) => podsOfNode(asked, node),
    "coordination.k8s.io/leases": (asked, node) => ownLease(asked, node),
    "storage.k8s.io/csinodes": (asked, node) => ownCsiNode(asked, node),
    "storage.k8s.io/volumeattachments": (asked, node) => this.#attachment(asked, node),
  };

  #readOfPods(
    asked: AccessAttributes,
    node: string,
    namesOf: (spec: PodSpec) => Iterable<string>,
  ): AccessDecision {
    if (!["get", "list", "watch"].includes(asked.verb)) return denied("can only read resources of this type");
    if (asked.subresource !== "") return denied("cannot read subresource");
    if (asked.namespace === "") return denied("can only read namespaced object of this type");
    return this.#used(asked, node, namesOf);
  }

  #used(
    asked: AccessAttributes,
    node: string,
    namesOf: (spec: PodSpec, pod: Pod) => Iterable<string>,
  ): AccessDecision {
    if (asked.name === "") return denied("No Object name found");
    for (const pod of this.#reader.podsOfNode(node) as Iterable<Pod>) {
      if (pod.metadata.namespace !== asked.namespace || pod.spec === undefined) continue;
      for (const name of namesOf(pod.spec, pod)) if (name === asked.name) return ALLOWED;
    }
    return denied(`no relationship found between node '${node}' and this object`);
  }

  #claim(asked: AccessAttributes, node: string): AccessDecision {
    if (asked.subresource === "status") {
      if (asked.verb !== "update" && asked.verb !== "patch")
        return denied("can only get/update/patch this type");
      return this.#used(asked, node, claimsOf);
    }
    if (asked.verb !== "get") return denied("can only get individual resources of this type");
    return asked.subresource === "" ? this.#used(asked, node, claimsOf) : denied("cannot get subresource");
  }

  #volume(asked: AccessAttributes, node: string): AccessDecision {
    if (asked.verb !== "get") return denied("can only get individual resources of this type");
    if (asked.subresource !== "") return denied("cannot get subresource");
    for (const pod of this.#reader.podsOfNode(node) as Iterable<Pod>)
      for (const name of claimsOf(pod.spec ?? { containers: [] }, pod)) {
        const claim = this.#reader.get(CLAIMS, pod.metadata.namespace ?? "", name) as
          | { spec?: { volumeName?: string } }
          | undefined;
        if (claim?.spec?.volumeName === asked.name) return ALLOWED;
      }
    return denied(`no relationship found between node '${node}' and this object`);
  }

  #attachment(asked: AccessAttributes, node: string): AccessDecision {
    if (asked.verb !== "get") return denied("can only get individual resources of this type");
    const attachment = this.#reader.get(ATTACHMENTS, "", asked.name) as
      | { spec?: { nodeName?: string } }
      | undefined;
    return attachment?.spec?.nodeName === node
      ? ALLOWED
      : denied(`no relationship found between node '${node}' and this object`);
  }

  #serviceAccount(asked: AccessAttributes, node: string): AccessDecision {
    const accountsOf = (spec: PodSpec) => [spec.serviceAccountName ?? "default"];
    if (asked.verb === "get" && asked.subresource === "") return this.#readOfPods(asked, node, accountsOf);
    if (asked.verb !== "create" || asked.name === "")
      return denied("can only create tokens for individual service accounts");
    if (asked.subresource !== "token") return denied("can only create token subresource of serviceaccount");
    return this.#used(asked, node, accountsOf);
  }
}

function ownLease(asked: AccessAttributes, node: string): AccessDecision {
  if (!["get", "create", "update", "patch", "delete"].includes(asked.verb))
    return denied("can only get, create, update, patch, or delete a node lease");
  if (asked.namespace !== LEASE_NAMESPACE)
    return denied(`can only access leases in the "${LEASE_NAMESPACE}" system namespace`);
  if (asked.verb !== "create" && asked.name !== node)
    return denied("can only access node lease with the same name as the requesting node");
  return ALLOWED;
}

function ownCsiNode(asked: AccessAttributes, node: string): AccessDecision {
  if (!["get", "create", "update", "patch", "delete"].includes(asked.verb))
    return denied("can only get, create, update, patch, or delete a CSINode");
  if (asked.subresource !== "") return denied("cannot authorize CSINode subresources");
  if (asked.verb !== "create" && asked.name !== node)
    return denied("can only access CSINode with the same name as the requesting node");
  return ALLOWED;
}

/** Reads of other nodes are refused; what may be changed of one's own, the rules and admission say. */
function ownNode(asked: AccessAttributes, node: string): AccessDecision | null {
  const isRead = asked.verb === "get" || asked.verb === "list" || asked.verb === "watch";
  if (!isRead || asked.subresource !== "") return null;
  return asked.name === node
    ? ALLOWED
    : denied(`node '${node}' cannot read all nodes, only its own Node object`);
}

function podsOfNode(asked: AccessAttributes, node: string): AccessDecision | null {
  if (asked.subresource !== "" || (asked.verb !== "list" && asked.verb !== "watch")) return null;
  const selected = asked.fieldSelector
    .split(",")
    .some((part) => /^spec\.nodeName==?/.test(part) && part.endsWith(`=${node}`));
  return selected ? ALLOWED : denied("can only list/watch pods with spec.nodeName field selector");
}

function* containersOf(spec: PodSpec) {
  yield* spec.initContainers ?? [];
  yield* spec.containers ?? [];
  yield* spec.ephemeralContainers ?? [];
}

function* secretsOf(spec: PodSpec): Iterable<string> {
  for (const { name } of spec.imagePullSecrets ?? []) if (name) yield name;
  for (const volume of spec.volumes ?? []) {
    if (volume.secret?.secretName) yield volume.secret.secretName;
    for (const source of volume.projected?.sources ?? []) if (source.secret?.name) yield source.secret.name;
  }
  yield* environmentOf(spec, (source) => source.secretRef?.name, "secretKeyRef");
}

function* configMapsOf(spec: PodSpec): Iterable<string> {
  for (const volume of spec.volumes ?? []) {
    if (volume.configMap?.name) yield volume.configMap.name;
    for (const source of volume.projected?.sources ?? [])
      if (source.configMap?.name) yield source.configMap.name;
  }
  yield* environmentOf(spec, (source) => source.configMapRef?.name, "configMapKeyRef");
}

function* environmentOf(
  spec: PodSpec,
  nameOf: (source: EnvFromSource) => string | undefined,
  ref: "secretKeyRef" | "configMapKeyRef",
): Iterable<string> {
  for (const { envFrom = [], env = [] } of containersOf(spec)) {
    for (const source of envFrom) {
      const name = nameOf(source);
      if (name) yield name;
    }
    for (const { valueFrom } of env) {
      const name = valueFrom?.[ref]?.name;
      if (name) yield name;
    }
  }
}

function* claimsOf(spec: PodSpec, pod: Pod): Iterable<string> {
  for (const volume of spec.volumes ?? []) {
    if (volume.persistentVolumeClaim?.claimName) yield volume.persistentVolumeClaim.claimName;
    if (volume.ephemeral !== undefined) yield `${pod.metadata.name}-${volume.name}`;
  }
}
