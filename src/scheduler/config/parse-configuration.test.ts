// Configurations as people write them, read into what the scheduler runs.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchedulerConfiguration } from "./configuration.js";
import { DEFAULT_ARGS, defaultConfiguration, defaultProfile } from "./default-configuration.js";
import { parseSchedulerConfiguration } from "./parse-configuration.js";
import { resolvePluginSets } from "./plugin-sets.js";

const HEAD = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

function parse(body: string): SchedulerConfiguration {
  return parseSchedulerConfiguration({ file: "scheduler.yaml", text: HEAD + body });
}

test("parseSchedulerConfiguration reads bin packing beside the default profile", () => {
  const read = parse(`
parallelism: 32
percentageOfNodesToScore: 70
podMaxBackoffSeconds: 30
leaderElection: { leaderElect: true, leaseDuration: 15s, renewDeadline: 10s, retryPeriod: 2s, resourceLock: leases }
clientConnection: { kubeconfig: /etc/kubernetes/scheduler.conf, qps: 5000.0, burst: 5000 }
enableProfiling: false
profiles:
  - schedulerName: default-scheduler
  - schedulerName: bin-packing
    percentageOfNodesToScore: 100
    plugins:
      score:
        enabled: [{ name: NodeResourcesFit, weight: 10 }]
        disabled: [{ name: NodeResourcesBalancedAllocation }, { name: PodTopologySpread }]
    pluginConfig:
      - name: NodeResourcesFit
        args:
          apiVersion: kubescheduler.config.k8s.io/v1
          kind: NodeResourcesFitArgs
          ignoredResourceGroups: [example.com]
          scoringStrategy:
            type: MostAllocated
            resources: [{ name: cpu }, { name: nvidia.com/gpu, weight: 5 }]
`);
  const packing = read.profiles[1];
  assert.deepEqual(read.profiles[0], defaultProfile());
  assert.deepEqual(
    { ...read, profiles: [] },
    defaultConfiguration({
      parallelism: 32,
      percentageOfNodesToScore: 70,
      podMaxBackoffSeconds: 30,
      clientConnection: { qps: 5000, burst: 5000 },
      profiles: [],
    }),
  );
  assert.equal(packing?.percentageOfNodesToScore, 100);
  assert.deepEqual(
    packing?.plugins.score.map(({ name, weight }) => `${name}=${weight}`),
    [
      "NodeResourcesFit=10",
      "TaintToleration=3",
      "NodeAffinity=2",
      "VolumeBinding=1",
      "InterPodAffinity=2",
      "ImageLocality=1",
    ],
  );
  assert.deepEqual(packing?.args, {
    ...DEFAULT_ARGS,
    NodeResourcesFit: {
      ignoredResources: [],
      ignoredResourceGroups: ["example.com"],
      scoringStrategy: {
        type: "MostAllocated",
        resources: [
          { name: "cpu", weight: 1 },
          { name: "nvidia.com/gpu", weight: 5 },
        ],
        requestedToCapacityRatio: null,
      },
    },
  });
});

test("parseSchedulerConfiguration reads arguments of every plugin that takes some", () => {
  const read = parse(`
profiles:
  - pluginConfig:
      - name: DefaultPreemption
        args: { minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 5 }
      - name: InterPodAffinity
        args: { hardPodAffinityWeight: 0, ignorePreferredTermsOfExistingPods: true }
      - name: NodeAffinity
        args:
          addedAffinity:
            requiredDuringSchedulingIgnoredDuringExecution:
              nodeSelectorTerms:
                - matchExpressions: [{ key: pool, operator: In, values: [batch] }]
            preferredDuringSchedulingIgnoredDuringExecution:
              - { weight: 3, preference: { matchFields: [{ key: metadata.name, operator: NotIn, values: [a] }] } }
      - name: NodeResourcesBalancedAllocation
        args: { resources: [{ name: cpu, weight: 1 }, { name: example.com/gpu }] }
      - name: NodeResourcesFit
        args:
          ignoredResources: [example.com/fpga]
          scoringStrategy:
            type: RequestedToCapacityRatio
            requestedToCapacityRatio:
              shape: [{ utilization: 0, score: 0 }, { utilization: 70, score: 10 }, { utilization: 100, score: 2 }]
      - name: PodTopologySpread
        args:
          defaultingType: List
          defaultConstraints:
            - { maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: ScheduleAnyway }
      - name: VolumeBinding
        args: { bindTimeoutSeconds: 30, shape: [{ utilization: 0, score: 10 }] }
      - name: DynamicResources
        args: { filterTimeout: 10s }
`);
  assert.deepEqual(read.profiles[0]?.args, {
    DefaultPreemption: { minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 5 },
    InterPodAffinity: { hardPodAffinityWeight: 0, ignorePreferredTermsOfExistingPods: true },
    NodeAffinity: {
      addedAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "pool", operator: "In", values: ["batch"] }], matchFields: [] },
          ],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 3,
            preference: {
              matchExpressions: [],
              matchFields: [{ key: "metadata.name", operator: "NotIn", values: ["a"] }],
            },
          },
        ],
      },
    },
    NodeResourcesBalancedAllocation: {
      resources: [
        { name: "cpu", weight: 1 },
        { name: "example.com/gpu", weight: 1 },
      ],
    },
    NodeResourcesFit: {
      ignoredResources: ["example.com/fpga"],
      ignoredResourceGroups: [],
      scoringStrategy: {
        type: "RequestedToCapacityRatio",
        resources: [
          { name: "cpu", weight: 1 },
          { name: "memory", weight: 1 },
        ],
        requestedToCapacityRatio: {
          shape: [
            { utilization: 0, score: 0 },
            { utilization: 70, score: 10 },
            { utilization: 100, score: 2 },
          ],
        },
      },
    },
    PodTopologySpread: {
      defaultingType: "List",
      defaultConstraints: [
        {
          maxSkew: 1,
          topologyKey: "topology.kubernetes.io/zone",
          whenUnsatisfiable: "ScheduleAnyway",
          minDomains: 1,
          nodeAffinityPolicy: "Honor",
          nodeTaintsPolicy: "Ignore",
          matchLabelKeys: [],
        },
      ],
    },
    VolumeBinding: { bindTimeoutSeconds: 30, shape: [{ utilization: 0, score: 10 }] },
  });
});

test("parseSchedulerConfiguration calls ignorable extenders last and gives their resources to them", () => {
  const read = parse(`
extenders:
  - { urlPrefix: "http://late", filterVerb: filter, ignorable: true, httpTimeout: 0s }
  - urlPrefix: https://first/scheduler
    filterVerb: filter
    prioritizeVerb: prioritize
    preemptVerb: ""
    weight: 2
    bindVerb: bind
    enableHTTPS: true
    tlsConfig: { insecure: true }
    httpTimeout: 1m30s
    nodeCacheCapable: true
    managedResources:
      - { name: example.com/gpu, ignoredByScheduler: true }
      - { name: example.com/nic }
`);
  assert.deepEqual(read.extenders, [
    {
      urlPrefix: "https://first/scheduler",
      filterVerb: "filter",
      preemptVerb: null,
      prioritizeVerb: "prioritize",
      weight: 2,
      bindVerb: "bind",
      enableHTTPS: true,
      tlsConfig: {
        insecure: true,
        serverName: "",
        certFile: "",
        keyFile: "",
        caFile: "",
        certData: "",
        keyData: "",
        caData: "",
      },
      httpTimeoutNs: 90e9,
      nodeCacheCapable: true,
      managedResources: [
        { name: "example.com/gpu", ignoredByScheduler: true },
        { name: "example.com/nic", ignoredByScheduler: false },
      ],
      ignorable: false,
    },
    {
      urlPrefix: "http://late",
      filterVerb: "filter",
      preemptVerb: null,
      prioritizeVerb: null,
      weight: 0,
      bindVerb: null,
      enableHTTPS: false,
      tlsConfig: null,
      httpTimeoutNs: 5e9,
      nodeCacheCapable: false,
      managedResources: [],
      ignorable: true,
    },
  ]);
  assert.deepEqual(read.profiles[0]?.args.NodeResourcesFit.ignoredResources, ["example.com/gpu"]);
});

test("parseSchedulerConfiguration takes disabled plugins that are not supported or were removed", () => {
  const names = ["DynamicResources", "NodeResourcesLeastAllocated", "GangScheduling", "ImageLocality"];
  const read = parse(
    `profiles: [{ plugins: { multiPoint: { disabled: [${names.map((name) => `{ name: ${name} }`)}] } } }]`,
  );
  const disabled = { enabled: [], disabled: ["ImageLocality"] };
  assert.deepEqual(read.profiles[0]?.plugins, resolvePluginSets({ multiPoint: disabled }));
});

test("parseSchedulerConfiguration takes null for what is not given", () => {
  assert.deepEqual(
    parse("profiles:\nextenders:\nparallelism:\nclientConnection:\nleaderElection:\n"),
    defaultConfiguration(),
  );
  assert.deepEqual(
    parse(
      "profiles:\n- schedulerName:\n  plugins:\n    score:\n      enabled:\n  pluginConfig:\n  - name: NodeAffinity\n    args:\n",
    ),
    defaultConfiguration(),
  );
});

test("parseSchedulerConfiguration reads JSON", () => {
  const text = JSON.stringify({
    apiVersion: "kubescheduler.config.k8s.io/v1",
    kind: "KubeSchedulerConfiguration",
    profiles: [{ schedulerName: "json", percentageOfNodesToScore: 5 }],
  });
  const profiles = [defaultProfile({ schedulerName: "json", percentageOfNodesToScore: 5 })];
  assert.deepEqual(parseSchedulerConfiguration({ file: "s.json", text }), defaultConfiguration({ profiles }));
});
