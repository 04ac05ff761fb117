// The kinds of the core group.
import { kindsOf, SCALE, STATUS } from "./kind.js";

const ALL = ["all"];

export const CORE_KINDS = kindsOf(
  "",
  ["v1"],
  [
    { kind: "Binding", plural: "bindings", verbs: ["create"] },
    {
      kind: "ComponentStatus",
      plural: "componentstatuses",
      shortNames: ["cs"],
      isNamespaced: false,
      verbs: ["get", "list"],
    },
    { kind: "ConfigMap", plural: "configmaps", shortNames: ["cm"] },
    { kind: "Endpoints", plural: "endpoints", singular: "endpoints", shortNames: ["ep"] },
    {
      kind: "Event",
      plural: "events",
      shortNames: ["ev"],
      storedAs: { group: "events.k8s.io", plural: "events" },
    },
    { kind: "LimitRange", plural: "limitranges", shortNames: ["limits"] },
    {
      kind: "Namespace",
      plural: "namespaces",
      shortNames: ["ns"],
      isNamespaced: false,
      verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
      subresources: [STATUS, { name: "finalize", verbs: ["update"] }],
    },
    {
      kind: "Node",
      plural: "nodes",
      shortNames: ["no"],
      isNamespaced: false,
      subresources: [
        STATUS,
        { name: "proxy", kind: { group: "", version: "v1", kind: "NodeProxyOptions" }, verbs: ["get"] },
      ],
    },
    {
      kind: "PersistentVolume",
      plural: "persistentvolumes",
      shortNames: ["pv"],
      isNamespaced: false,
      subresources: [STATUS],
    },
    {
      kind: "PersistentVolumeClaim",
      plural: "persistentvolumeclaims",
      shortNames: ["pvc"],
      subresources: [STATUS],
    },
    {
      kind: "Pod",
      plural: "pods",
      shortNames: ["po"],
      categories: ALL,
      subresources: [
        STATUS,
        {
          name: "attach",
          kind: { group: "", version: "v1", kind: "PodAttachOptions" },
          verbs: ["create", "get"],
        },
        { name: "binding", kind: { group: "", version: "v1", kind: "Binding" }, verbs: ["create"] },
        { name: "ephemeralcontainers", verbs: ["get", "patch", "update"] },
        { name: "eviction", kind: { group: "policy", version: "v1", kind: "Eviction" }, verbs: ["create"] },
        {
          name: "exec",
          kind: { group: "", version: "v1", kind: "PodExecOptions" },
          verbs: ["create", "get"],
        },
        { name: "log", verbs: ["get"] },
        {
          name: "portforward",
          kind: { group: "", version: "v1", kind: "PodPortForwardOptions" },
          verbs: ["create", "get"],
        },
        {
          name: "proxy",
          kind: { group: "", version: "v1", kind: "PodProxyOptions" },
          verbs: ["create", "delete", "get", "patch", "update"],
        },
        { name: "resize", verbs: ["get", "patch", "update"] },
      ],
    },
    { kind: "PodTemplate", plural: "podtemplates" },
    {
      kind: "ReplicationController",
      plural: "replicationcontrollers",
      shortNames: ["rc"],
      categories: ALL,
      subresources: [STATUS, SCALE],
    },
    { kind: "ResourceQuota", plural: "resourcequotas", shortNames: ["quota"], subresources: [STATUS] },
    { kind: "Secret", plural: "secrets" },
    {
      kind: "Service",
      plural: "services",
      shortNames: ["svc"],
      categories: ALL,
      subresources: [
        STATUS,
        {
          name: "proxy",
          kind: { group: "", version: "v1", kind: "ServiceProxyOptions" },
          verbs: ["create", "delete", "get", "patch", "update"],
        },
      ],
    },
    {
      kind: "ServiceAccount",
      plural: "serviceaccounts",
      shortNames: ["sa"],
      subresources: [
        {
          name: "token",
          kind: { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" },
          verbs: ["create"],
        },
      ],
    },
  ],
);
