// The kinds that differ from the default, by what they differ in.
import type { Kind } from "../../../api/kinds/kind.js";
import type { UserInfo } from "../../protocol/api-request.js";
import { newNamespace, namespaceInDeletion, namespaceMustStay } from "./namespace-strategy.js";
import { admittedPod, newPod, podGraceSeconds } from "./pod-strategy.js";
import { DEFAULT_STRATEGY, type SpecObject, type Strategy } from "./strategy.js";

const COUNTING = { hasGeneration: true };
const RETURNS = { returnsDeleted: true };
const CONDITIONAL = { allowsUnconditionalUpdate: false };
const CREATES = { allowsCreateOnUpdate: true };

/** A new object's status: what upstream's has that is written even when it is zero. Clients read it at once. */
const starting = (status: Readonly<Record<string, unknown>>) => ({
  forCreate: (object: SpecObject) => ({ ...object, status }),
});
const NO_STATUS = starting({});
const NO_REPLICAS = starting({ replicas: 0 });
const NO_DAEMONS = starting({
  currentNumberScheduled: 0,
  numberMisscheduled: 0,
  desiredNumberScheduled: 0,
  numberReady: 0,
});
const NO_DISRUPTIONS = starting({
  disruptionsAllowed: 0,
  currentHealthy: 0,
  desiredHealthy: 0,
  expectedPods: 0,
});

/** Who asks is what the server knows, not what the request says. */
function requestedBy(object: SpecObject, { username, uid, groups, extra }: UserInfo): SpecObject {
  return { ...object, spec: { ...object.spec, username, uid, groups, extra } };
}

const STRATEGIES: Readonly<Record<string, Partial<Strategy>>> = {
  "/endpoints": CREATES,
  "/events": CREATES,
  "/limitranges": CREATES,
  "/namespaces": {
    ...RETURNS,
    forCreate: newNamespace,
    // Only the finalize subresource changes these.
    forUpdate: (next, current) => ({
      ...next,
      spec: { ...next.spec, finalizers: current.spec?.["finalizers"] },
    }),
    mustStay: namespaceMustStay,
    forDeletion: namespaceInDeletion,
  },
  "/nodes": { isCreatedWithStatus: true },
  "/persistentvolumes": { ...RETURNS, ...starting({ phase: "Pending" }) },
  "/persistentvolumeclaims": { ...RETURNS, ...starting({ phase: "Pending" }) },
  "/pods": {
    ...COUNTING,
    ...RETURNS,
    forCreate: newPod,
    forAdmitted: admittedPod,
    graceSeconds: podGraceSeconds,
  },
  "/podtemplates": { ...COUNTING, ...RETURNS },
  "/replicationcontrollers": { ...COUNTING, defaultPropagation: "Orphan", ...NO_REPLICAS },
  "/resourcequotas": { ...RETURNS, ...NO_STATUS },
  "/serviceaccounts": RETURNS,
  "/services": {
    ...RETURNS,
    ...CREATES,
    ...starting({ loadBalancer: {} }),
  },
  "apps/daemonsets": { ...COUNTING, ...NO_DAEMONS },
  "apps/deployments": { ...COUNTING, ...NO_STATUS },
  "apps/replicasets": { ...COUNTING, ...NO_REPLICAS },
  "apps/statefulsets": { ...COUNTING, ...starting({ replicas: 0, availableReplicas: 0 }) },
  "autoscaling/horizontalpodautoscalers": starting({ desiredReplicas: 0, currentMetrics: null }),
  "batch/cronjobs": { ...COUNTING, ...NO_STATUS },
  "batch/jobs": { ...COUNTING, defaultPropagation: "Orphan", ...NO_STATUS },
  "certificates.k8s.io/certificatesigningrequests": {
    forCreate: (object, user) => ({ ...requestedBy(object, user), status: {} }),
    forUpdate: (next, current) => ({ ...next, spec: current.spec ?? {} }),
  },
  "coordination.k8s.io/leases": { ...CONDITIONAL, ...CREATES },
  "discovery.k8s.io/endpointslices": COUNTING,
  "events.k8s.io/events": CREATES,
  "flowcontrol.apiserver.k8s.io/flowschemas": { ...COUNTING, ...NO_STATUS },
  "flowcontrol.apiserver.k8s.io/prioritylevelconfigurations": { ...COUNTING, ...NO_STATUS },
  "networking.k8s.io/ingressclasses": COUNTING,
  "networking.k8s.io/ingresses": { ...COUNTING, ...starting({ loadBalancer: {} }) },
  "networking.k8s.io/networkpolicies": COUNTING,
  "node.k8s.io/runtimeclasses": { ...CONDITIONAL, ...CREATES },
  "policy/poddisruptionbudgets": { ...COUNTING, ...CONDITIONAL, ...NO_DISRUPTIONS },
  "rbac.authorization.k8s.io/clusterrolebindings": CREATES,
  "rbac.authorization.k8s.io/clusterroles": CREATES,
  "rbac.authorization.k8s.io/rolebindings": CREATES,
  "rbac.authorization.k8s.io/roles": CREATES,
  "resource.k8s.io/deviceclasses": COUNTING,
  "resource.k8s.io/resourceslices": COUNTING,
  "scheduling.k8s.io/priorityclasses": COUNTING,
  "storage.k8s.io/csidrivers": { ...CONDITIONAL, ...RETURNS },
  "storage.k8s.io/csinodes": { ...CONDITIONAL, ...RETURNS },
  "storage.k8s.io/csistoragecapacities": CONDITIONAL,
  "storage.k8s.io/storageclasses": RETURNS,
  "storage.k8s.io/volumeattachments": { ...CONDITIONAL, ...RETURNS, ...starting({ attached: false }) },
};

const BY_KIND = new WeakMap<Kind, Strategy>();

export function strategyOf(kind: Kind): Strategy {
  let strategy = BY_KIND.get(kind);
  if (strategy === undefined) {
    strategy = { ...DEFAULT_STRATEGY, ...STRATEGIES[`${kind.group}/${kind.plural}`] };
    BY_KIND.set(kind, strategy);
  }
  return strategy;
}
