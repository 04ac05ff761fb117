// A cluster that gives every plugin's loop something to do: zones, taints, images, Pods with labels and affinity.
import type { Affinity } from "../../src/api/scheduling.js";
import type { Node, Pod } from "../../src/api/types.js";

const ZONES = 3;
const APPS = 20;
const IMAGE = "registry.example/app:1";

export function clusterNode(index: number): Node {
  const name = `node-${index}`;
  const taint = {
    key: "team",
    value: "a",
    effect: index % 5 === 0 ? "PreferNoSchedule" : "NoSchedule",
  } as const;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "kubernetes.io/hostname": name,
        "topology.kubernetes.io/zone": `zone-${index % ZONES}`,
        disk: index % 2 === 0 ? "ssd" : "hdd",
      },
    },
    spec: { taints: index % 10 === 0 || index % 5 === 0 ? [taint] : [], unschedulable: index % 100 === 99 },
    status: {
      allocatable: { cpu: "16", memory: "64Gi", pods: 110 },
      images: index % 4 === 0 ? [{ names: [IMAGE], sizeBytes: 400_000_000 }] : [],
    },
  };
}

export function runningPod(index: number, nodes: number): Pod {
  const app = `app-${index % APPS}`;
  return podOf(
    `running-${index}`,
    app,
    index % 10 === 0 ? { podAntiAffinity: awayFrom(app) } : {},
    `node-${index % nodes}`,
  );
}

export function waitingPod(): Pod {
  const app = "app-1";
  const disk = { key: "disk", operator: "In", values: ["ssd"] } as const;
  return podOf("waiting", app, {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [disk] }] },
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 10, preference: { matchExpressions: [disk] } },
      ],
    },
    podAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 5,
          podAffinityTerm: {
            topologyKey: "topology.kubernetes.io/zone",
            labelSelector: { matchLabels: { app: "app-2" } },
          },
        },
      ],
    },
    podAntiAffinity: awayFrom("app-3"),
  });
}

function awayFrom(app: string): NonNullable<Affinity["podAntiAffinity"]> {
  return {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app } } },
    ],
  };
}

function podOf(name: string, app: string, affinity: Affinity, nodeName = ""): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: name, labels: { app } },
    spec: {
      nodeName,
      affinity,
      containers: [
        {
          image: IMAGE,
          resources: { requests: { cpu: "100m", memory: "200Mi" } },
          ports: [{ containerPort: 80, hostPort: 8080 }],
        },
      ],
      topologySpreadConstraints: (["DoNotSchedule", "ScheduleAnyway"] as const).map((whenUnsatisfiable) => ({
        maxSkew: 500,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable,
        labelSelector: { matchLabels: { app } },
      })),
    },
  };
}
