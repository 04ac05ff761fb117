// The kinds of the named groups.
import { type Kind, kindsOf, SCALE, STATUS } from "./kind.js";

const ALL = ["all"];
const REVIEW = { verbs: ["create"], isNamespaced: false } as const;

const APPS = kindsOf(
  "apps",
  ["v1"],
  [
    { kind: "ControllerRevision", plural: "controllerrevisions" },
    { kind: "DaemonSet", plural: "daemonsets", shortNames: ["ds"], categories: ALL, subresources: [STATUS] },
    {
      kind: "Deployment",
      plural: "deployments",
      shortNames: ["deploy"],
      categories: ALL,
      subresources: [STATUS, SCALE],
    },
    {
      kind: "ReplicaSet",
      plural: "replicasets",
      shortNames: ["rs"],
      categories: ALL,
      subresources: [STATUS, SCALE],
    },
    {
      kind: "StatefulSet",
      plural: "statefulsets",
      shortNames: ["sts"],
      categories: ALL,
      subresources: [STATUS, SCALE],
    },
  ],
);

const AUTHENTICATION = kindsOf(
  "authentication.k8s.io",
  ["v1"],
  [
    { kind: "SelfSubjectReview", plural: "selfsubjectreviews", ...REVIEW },
    { kind: "TokenReview", plural: "tokenreviews", ...REVIEW },
  ],
);

const AUTHORIZATION = kindsOf(
  "authorization.k8s.io",
  ["v1"],
  [
    { kind: "LocalSubjectAccessReview", plural: "localsubjectaccessreviews", verbs: ["create"] },
    { kind: "SelfSubjectAccessReview", plural: "selfsubjectaccessreviews", ...REVIEW },
    { kind: "SelfSubjectRulesReview", plural: "selfsubjectrulesreviews", ...REVIEW },
    { kind: "SubjectAccessReview", plural: "subjectaccessreviews", ...REVIEW },
  ],
);

const AUTOSCALING = kindsOf(
  "autoscaling",
  ["v2", "v1"],
  [
    {
      kind: "HorizontalPodAutoscaler",
      plural: "horizontalpodautoscalers",
      shortNames: ["hpa"],
      categories: ALL,
      subresources: [STATUS],
    },
  ],
);

const BATCH = kindsOf(
  "batch",
  ["v1"],
  [
    { kind: "CronJob", plural: "cronjobs", shortNames: ["cj"], categories: ALL, subresources: [STATUS] },
    { kind: "Job", plural: "jobs", categories: ALL, subresources: [STATUS] },
  ],
);

const CERTIFICATES = kindsOf(
  "certificates.k8s.io",
  ["v1"],
  [
    {
      kind: "CertificateSigningRequest",
      plural: "certificatesigningrequests",
      shortNames: ["csr"],
      isNamespaced: false,
      subresources: [STATUS, { name: "approval", verbs: ["get", "patch", "update"] }],
    },
  ],
);

const COORDINATION = kindsOf("coordination.k8s.io", ["v1"], [{ kind: "Lease", plural: "leases" }]);

const DISCOVERY = kindsOf("discovery.k8s.io", ["v1"], [{ kind: "EndpointSlice", plural: "endpointslices" }]);

const EVENTS = kindsOf("events.k8s.io", ["v1"], [{ kind: "Event", plural: "events", shortNames: ["ev"] }]);

const FLOW_CONTROL = kindsOf(
  "flowcontrol.apiserver.k8s.io",
  ["v1"],
  [
    { kind: "FlowSchema", plural: "flowschemas", isNamespaced: false, subresources: [STATUS] },
    {
      kind: "PriorityLevelConfiguration",
      plural: "prioritylevelconfigurations",
      isNamespaced: false,
      subresources: [STATUS],
    },
  ],
);

const NETWORKING = kindsOf(
  "networking.k8s.io",
  ["v1"],
  [
    { kind: "Ingress", plural: "ingresses", shortNames: ["ing"], subresources: [STATUS] },
    { kind: "IngressClass", plural: "ingressclasses", isNamespaced: false },
    { kind: "IPAddress", plural: "ipaddresses", shortNames: ["ip"], isNamespaced: false },
    { kind: "NetworkPolicy", plural: "networkpolicies", shortNames: ["netpol"] },
    { kind: "ServiceCIDR", plural: "servicecidrs", isNamespaced: false, subresources: [STATUS] },
  ],
);

const NODE = kindsOf(
  "node.k8s.io",
  ["v1"],
  [{ kind: "RuntimeClass", plural: "runtimeclasses", isNamespaced: false }],
);

const POLICY = kindsOf(
  "policy",
  ["v1"],
  [
    {
      kind: "PodDisruptionBudget",
      plural: "poddisruptionbudgets",
      shortNames: ["pdb"],
      subresources: [STATUS],
    },
  ],
);

const RBAC = kindsOf(
  "rbac.authorization.k8s.io",
  ["v1"],
  [
    { kind: "ClusterRole", plural: "clusterroles", isNamespaced: false },
    { kind: "ClusterRoleBinding", plural: "clusterrolebindings", isNamespaced: false },
    { kind: "Role", plural: "roles" },
    { kind: "RoleBinding", plural: "rolebindings" },
  ],
);

const RESOURCE = kindsOf(
  "resource.k8s.io",
  ["v1"],
  [
    { kind: "DeviceClass", plural: "deviceclasses", isNamespaced: false },
    { kind: "ResourceClaim", plural: "resourceclaims", subresources: [STATUS] },
    { kind: "ResourceClaimTemplate", plural: "resourceclaimtemplates" },
    { kind: "ResourceSlice", plural: "resourceslices", isNamespaced: false },
  ],
);

const SCHEDULING = kindsOf(
  "scheduling.k8s.io",
  ["v1"],
  [{ kind: "PriorityClass", plural: "priorityclasses", shortNames: ["pc"], isNamespaced: false }],
);

const STORAGE = kindsOf(
  "storage.k8s.io",
  ["v1"],
  [
    { kind: "CSIDriver", plural: "csidrivers", isNamespaced: false },
    { kind: "CSINode", plural: "csinodes", isNamespaced: false },
    { kind: "CSIStorageCapacity", plural: "csistoragecapacities" },
    { kind: "StorageClass", plural: "storageclasses", shortNames: ["sc"], isNamespaced: false },
    { kind: "VolumeAttachment", plural: "volumeattachments", isNamespaced: false, subresources: [STATUS] },
    {
      kind: "VolumeAttributesClass",
      plural: "volumeattributesclasses",
      shortNames: ["vac"],
      isNamespaced: false,
    },
  ],
);

export const GROUP_KINDS: readonly Kind[] = [
  ...APPS,
  ...EVENTS,
  ...AUTHENTICATION,
  ...AUTHORIZATION,
  ...AUTOSCALING,
  ...BATCH,
  ...CERTIFICATES,
  ...COORDINATION,
  ...DISCOVERY,
  ...FLOW_CONTROL,
  ...NETWORKING,
  ...NODE,
  ...POLICY,
  ...RBAC,
  ...RESOURCE,
  ...SCHEDULING,
  ...STORAGE,
];
