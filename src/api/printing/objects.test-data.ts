// One or more objects of each kind that has columns, as a cluster holds them at NOW.
import type { KubeObject } from "../meta.js";

export const NOW_MS = Date.UTC(2026, 0, 10, 12, 0, 0);

function object(apiVersion: string, kind: string, name: string, rest: object = {}): KubeObject {
  const metadata = { name, creationTimestamp: "2026-01-10T11:54:30Z" };
  return { apiVersion, kind, metadata, ...rest } as KubeObject;
}

function pod(name: string, spec: object, status: object, metadata: object = {}): KubeObject {
  const base = object("v1", "Pod", name, { spec: { nodeName: "node-1", ...spec }, status });
  return { ...base, metadata: { ...base.metadata, ...metadata } };
}

const WEB = { name: "web", image: "nginx:1" };
const LOG = { name: "log", image: "busybox" };
const RUNNING = { running: { startedAt: "2026-01-10T11:55:00Z" } };

function status(name: string, state: object, ready = false, restartCount = 0, finishedAt = ""): object {
  const lastState = finishedAt === "" ? {} : { terminated: { exitCode: 1, finishedAt } };
  return { name, ready, restartCount, state, lastState };
}

const PODS = [
  pod("pending", { containers: [WEB] }, { phase: "Pending" }),
  pod(
    "gated",
    { containers: [WEB] },
    { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] },
  ),
  pod(
    "running",
    { containers: [WEB, LOG], readinessGates: [{ conditionType: "a" }] },
    {
      phase: "Running",
      podIPs: [{ ip: "10.0.0.7" }],
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [status("web", RUNNING, true), status("log", RUNNING)],
    },
  ),
  pod(
    "crashing",
    { containers: [WEB] },
    {
      phase: "Running",
      containerStatuses: [
        status("web", { waiting: { reason: "CrashLoopBackOff" } }, false, 4, "2026-01-10T11:59:15Z"),
      ],
    },
  ),
  pod(
    "initializing",
    { containers: [WEB], initContainers: [LOG, { ...LOG, name: "two" }] },
    {
      phase: "Pending",
      initContainerStatuses: [
        status("log", { terminated: { exitCode: 0 } }),
        status("two", { waiting: { reason: "PodInitializing" } }),
      ],
      containerStatuses: [status("web", { waiting: { reason: "PodInitializing" } })],
    },
  ),
  pod(
    "init-failed",
    { containers: [WEB], initContainers: [LOG] },
    {
      phase: "Pending",
      initContainerStatuses: [
        status("log", { terminated: { exitCode: 3 } }, false, 2, "2026-01-10T11:59:58Z"),
      ],
    },
  ),
  pod(
    "sidecar",
    { containers: [WEB], initContainers: [{ ...LOG, restartPolicy: "Always" }] },
    {
      phase: "Running",
      initContainerStatuses: [{ ...status("log", RUNNING, true, 1), started: true }],
      containerStatuses: [status("web", RUNNING, true)],
    },
  ),
  pod(
    "completed",
    { containers: [WEB] },
    {
      phase: "Succeeded",
      containerStatuses: [status("web", { terminated: { exitCode: 0, reason: "Completed" } })],
    },
  ),
  pod(
    "half-completed",
    { containers: [WEB, LOG] },
    {
      phase: "Running",
      containerStatuses: [
        status("web", { terminated: { exitCode: 0, reason: "Completed" } }),
        status("log", RUNNING, true),
      ],
    },
  ),
  pod("evicted", { containers: [WEB] }, { phase: "Failed", reason: "Evicted" }),
  pod(
    "killed",
    { containers: [WEB] },
    { phase: "Failed", containerStatuses: [status("web", { terminated: { exitCode: 137, signal: 9 } })] },
  ),
  pod("leaving", { containers: [WEB] }, { phase: "Running" }, { deletionTimestamp: "2026-01-10T12:00:00Z" }),
  pod(
    "lost",
    { containers: [WEB] },
    { phase: "Running", reason: "NodeLost" },
    { deletionTimestamp: "2026-01-10T12:00:00Z" },
  ),
];

const TEMPLATE = { metadata: { labels: { app: "web" } }, spec: { containers: [WEB, LOG] } };
const SELECTOR = {
  matchLabels: { app: "web" },
  matchExpressions: [{ key: "env", operator: "In", values: ["b", "a"] }],
};

const WORKLOADS = [
  object("apps/v1", "Deployment", "web", {
    spec: { replicas: 3, selector: SELECTOR, template: TEMPLATE },
    status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 },
  }),
  object("apps/v1", "ReplicaSet", "web-1", {
    spec: { replicas: 3, selector: SELECTOR, template: TEMPLATE },
    status: { replicas: 3, readyReplicas: 2 },
  }),
  object("apps/v1", "StatefulSet", "db", { spec: { replicas: 2, template: TEMPLATE }, status: {} }),
  object("apps/v1", "DaemonSet", "agent", {
    spec: {
      selector: SELECTOR,
      template: { spec: { ...TEMPLATE.spec, nodeSelector: { zone: "a", disk: "ssd" } } },
    },
    status: {
      desiredNumberScheduled: 5,
      currentNumberScheduled: 4,
      numberReady: 3,
      updatedNumberScheduled: 2,
    },
  }),
  {
    ...object("apps/v1", "ControllerRevision", "db-1", { revision: 7 }),
    metadata: {
      name: "db-1",
      ownerReferences: [{ apiVersion: "apps/v1", kind: "StatefulSet", name: "db", controller: true }],
    },
  },
  object("v1", "ReplicationController", "old", {
    spec: { replicas: 1, selector: { app: "old" }, template: TEMPLATE },
    status: { replicas: 1 },
  }),
  object("v1", "PodTemplate", "form", { template: TEMPLATE }),
  object("batch/v1", "Job", "done", {
    spec: { completions: 3, template: TEMPLATE, selector: SELECTOR },
    status: {
      succeeded: 3,
      startTime: "2026-01-10T10:00:00Z",
      completionTime: "2026-01-10T10:02:05Z",
      conditions: [{ type: "Complete", status: "True" }],
    },
  }),
  object("batch/v1", "Job", "running", {
    spec: { parallelism: 4, template: TEMPLATE },
    status: { startTime: "2026-01-10T09:00:00Z" },
  }),
  object("batch/v1", "CronJob", "nightly", {
    spec: { schedule: "0 3 * * *", suspend: false, jobTemplate: { spec: { template: TEMPLATE } } },
    status: { active: [{}], lastScheduleTime: "2026-01-10T03:00:00Z" },
  }),
  object("autoscaling/v1", "Scale", "web", { spec: { replicas: 3 }, status: { replicas: 2 } }),
  object("autoscaling/v2", "HorizontalPodAutoscaler", "web", {
    spec: {
      scaleTargetRef: { kind: "Deployment", name: "web" },
      minReplicas: 2,
      maxReplicas: 5,
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
        },
        {
          type: "Pods",
          pods: { metric: { name: "q" }, target: { type: "AverageValue", averageValue: "10" } },
        },
        { type: "External", external: { metric: { name: "x" }, target: { type: "Value", value: "1" } } },
      ],
    },
    status: {
      currentReplicas: 2,
      currentMetrics: [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: 31 } } }],
    },
  }),
  object("autoscaling/v1", "HorizontalPodAutoscaler", "old", {
    spec: {
      scaleTargetRef: { kind: "Deployment", name: "old" },
      maxReplicas: 5,
      targetCPUUtilizationPercentage: 50,
    },
  }),
];

const NETWORK = [
  object("v1", "Service", "web", {
    spec: {
      type: "ClusterIP",
      clusterIPs: ["10.96.0.9"],
      ports: [
        { port: 80, protocol: "TCP" },
        { port: 53, protocol: "UDP" },
      ],
      selector: { app: "web" },
    },
  }),
  object("v1", "Service", "front", {
    spec: {
      type: "LoadBalancer",
      clusterIPs: ["10.96.0.10"],
      externalIPs: ["192.0.2.1"],
      ports: [{ port: 443, nodePort: 30443, protocol: "TCP" }],
    },
    status: { loadBalancer: { ingress: [{ ip: "198.51.100.7" }, { hostname: "b.example" }] } },
  }),
  object("v1", "Service", "waiting", {
    spec: { type: "LoadBalancer", clusterIPs: ["10.96.0.11"], ports: [] },
  }),
  object("v1", "Service", "headless", { spec: { type: "ClusterIP", clusterIPs: ["None"] } }),
  object("v1", "Service", "outside", { spec: { type: "ExternalName", externalName: "db.example" } }),
  object("v1", "Endpoints", "web", {
    subsets: [
      { addresses: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }], ports: [{ port: 80 }, { port: 81 }] },
      { addresses: [{ ip: "10.0.0.3" }] },
    ],
  }),
  object("v1", "Endpoints", "none"),
  object("discovery.k8s.io/v1", "EndpointSlice", "web-x", {
    addressType: "IPv4",
    ports: [{ port: 80 }, { name: "any" }, {}],
    endpoints: [
      { addresses: ["10.0.0.1"] },
      { addresses: ["10.0.0.2"] },
      { addresses: ["10.0.0.3"] },
      { addresses: ["10.0.0.4"] },
    ],
  }),
  object("discovery.k8s.io/v1", "EndpointSlice", "empty", { addressType: "IPv6", endpoints: [] }),
  object("networking.k8s.io/v1", "Ingress", "web", {
    spec: {
      ingressClassName: "plain",
      tls: [{}],
      rules: ["a.example", "b.example", "c.example", "d.example"].map((host) => ({ host })),
    },
    status: { loadBalancer: { ingress: [{ ip: "198.51.100.7" }] } },
  }),
  object("networking.k8s.io/v1", "Ingress", "any", { spec: { rules: [{}] } }),
  object("networking.k8s.io/v1", "IngressClass", "plain", {
    spec: {
      controller: "plumb.example/ingress",
      parameters: { apiGroup: "g.example", kind: "Params", name: "p" },
    },
  }),
  object("networking.k8s.io/v1", "NetworkPolicy", "deny", { spec: { podSelector: {} } }),
];

const STORAGE = [
  object("v1", "PersistentVolume", "pv-1", {
    spec: {
      capacity: { storage: "10Gi" },
      accessModes: ["ReadWriteMany", "ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Delete",
      claimRef: { namespace: "default", name: "data" },
      storageClassName: "fast",
      volumeMode: "Filesystem",
    },
    status: { phase: "Bound" },
  }),
  object("v1", "PersistentVolumeClaim", "data", {
    spec: { volumeName: "pv-1", storageClassName: "fast", volumeMode: "Filesystem" },
    status: { phase: "Bound", capacity: { storage: "10Gi" }, accessModes: ["ReadWriteOnce"] },
  }),
  object("v1", "PersistentVolumeClaim", "waiting", {
    spec: { storageClassName: "fast" },
    status: { phase: "Pending" },
  }),
  {
    ...object("storage.k8s.io/v1", "StorageClass", "fast", {
      provisioner: "plumb.example/hollow",
      volumeBindingMode: "WaitForFirstConsumer",
      allowVolumeExpansion: true,
    }),
    metadata: { name: "fast", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  },
  object("storage.k8s.io/v1", "VolumeAttachment", "a-1", {
    spec: { attacher: "plumb.example/hollow", nodeName: "node-1", source: { persistentVolumeName: "pv-1" } },
    status: { attached: true },
  }),
  object("storage.k8s.io/v1", "CSINode", "node-1", { spec: { drivers: [{}, {}] } }),
  object("storage.k8s.io/v1", "CSIDriver", "hollow", {
    spec: { volumeLifecycleModes: ["Persistent", "Ephemeral"] },
  }),
  object("storage.k8s.io/v1", "CSIStorageCapacity", "c-1", { storageClassName: "fast", capacity: "1Ti" }),
];

const ACCESS = [
  object("rbac.authorization.k8s.io/v1", "RoleBinding", "editors", {
    roleRef: { kind: "Role", name: "edit" },
    subjects: [
      { kind: "User", name: "ann" },
      { kind: "User", name: "bob" },
      { kind: "Group", name: "staff" },
      { kind: "ServiceAccount", namespace: "default", name: "bot" },
    ],
  }),
  object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "all", {
    roleRef: { kind: "ClusterRole", name: "view" },
  }),
  object("rbac.authorization.k8s.io/v1", "ClusterRole", "view"),
  object("certificates.k8s.io/v1", "CertificateSigningRequest", "csr-1", {
    spec: {
      signerName: "kubernetes.io/kubelet-serving",
      username: "system:node:node-1",
      expirationSeconds: 86400,
    },
    status: { certificate: "eA==", conditions: [{ type: "Approved" }] },
  }),
  object("v1", "Secret", "token", { type: "Opaque", data: { a: "", b: "" } }),
  object("v1", "ServiceAccount", "default"),
];

const CLUSTER = [
  {
    ...object("v1", "Node", "node-1", {
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: "Ready", status: "True" }],
        addresses: [{ type: "InternalIP", address: "192.0.2.7" }],
        nodeInfo: {
          kubeletVersion: "v1.36.3",
          osImage: "Hollow",
          kernelVersion: "6.1",
          architecture: "amd64",
        },
      },
    }),
    metadata: {
      name: "node-1",
      creationTimestamp: "2026-01-07T08:00:00Z",
      labels: { "node-role.kubernetes.io/control-plane": "", "node-role.kubernetes.io/etcd": "" },
    },
  },
  object("v1", "Node", "node-2", { status: { conditions: [{ type: "Ready", status: "Unknown" }] } }),
  object("v1", "Node", "node-3"),
  object("v1", "Namespace", "default", { status: { phase: "Active" } }),
  object("v1", "ConfigMap", "settings", { data: { a: "1" }, binaryData: { b: "" } }),
  object("v1", "ResourceQuota", "quota", {
    status: {
      hard: { pods: "10", "limits.cpu": "4", "requests.cpu": "2" },
      used: { pods: "3", "limits.cpu": "1" },
    },
  }),
  object("v1", "LimitRange", "limits"),
  object("policy/v1", "PodDisruptionBudget", "web", {
    spec: { minAvailable: "50%" },
    status: { disruptionsAllowed: 1 },
  }),
  object("coordination.k8s.io/v1", "Lease", "leader", { spec: { holderIdentity: "me" } }),
  object("scheduling.k8s.io/v1", "PriorityClass", "high", { value: 1000, preemptionPolicy: "Never" }),
  object("resource.k8s.io/v1", "ResourceClaim", "waiting", {}),
  object("resource.k8s.io/v1", "ResourceClaim", "held", { status: { allocation: {}, reservedFor: [{}] } }),
  object("resource.k8s.io/v1", "ResourceSlice", "gpus", {
    spec: { nodeName: "node-1", driver: "gpu.example.com", pool: { name: "rack-1" } },
  }),
  object("networking.k8s.io/v1", "ServiceCIDR", "kubernetes", {
    spec: { cidrs: ["10.96.0.0/12", "fd00::/108"] },
  }),
  object("networking.k8s.io/v1", "IPAddress", "10.96.0.1", {
    spec: { parentRef: { resource: "services", namespace: "default", name: "kubernetes" } },
  }),
  object("storage.k8s.io/v1", "VolumeAttributesClass", "fast", { driverName: "csi.example.com" }),
  object("node.k8s.io/v1", "RuntimeClass", "sandboxed", { handler: "runsc" }),
  object("v1", "ComponentStatus", "etcd-0", {
    conditions: [{ type: "Healthy", status: "True", message: "ok" }],
  }),
  object("v1", "Event", "web.1", {
    type: "Warning",
    reason: "BackOff",
    message: "Back-off restarting\n",
    count: 4,
    involvedObject: { kind: "Pod", name: "web-0", fieldPath: "spec.containers{web}" },
    source: { component: "kubelet", host: "node-1" },
    firstTimestamp: "2026-01-10T11:00:00Z",
    lastTimestamp: "2026-01-10T11:59:00Z",
  }),
  object("events.k8s.io/v1", "Event", "web.2", {
    type: "Normal",
    reason: "Scheduled",
    note: "Assigned",
    regarding: { kind: "Pod", name: "web-0" },
    reportingController: "default-scheduler",
    eventTime: "2026-01-10T11:58:00.000000Z",
  }),
];

export const OBJECTS: readonly KubeObject[] = [
  ...PODS,
  ...WORKLOADS,
  ...NETWORK,
  ...STORAGE,
  ...ACCESS,
  ...CLUSTER,
] as readonly KubeObject[];
