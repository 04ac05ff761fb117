import { deepStrictEqual, equal, match, rejects, strictEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { applyDefaults } from "../../../api/defaults/apply-defaults.js";
import type { KubeObject } from "../../../api/meta.js";
import { Prng } from "../../../base/prng.js";
import type { AdmissionRequest } from "../access.js";
import { MemoryObjects } from "../memory-objects.test-data.js";
import { kindRow } from "../object-access.js";
import { AdmissionChain, type AdmissionPlugin } from "./admission-plugin.js";
import { defaultTolerationSeconds } from "./default-toleration-seconds.js";
import { limitRanger } from "./limit-ranger.js";
import { namespaceLifecycle } from "./namespace-lifecycle.js";
import { nodeRestriction } from "./node-restriction.js";
import { taintNodesByCondition } from "./taint-nodes-by-condition.js";
import { claimResize } from "./claim-resize.js";
import { defaultStorageClass } from "./default-storage-class.js";
import { storageObjectInUseProtection } from "./storage-object-in-use-protection.js";
import { priority } from "./priority.js";
import { resourceQuota } from "./resource-quota.js";
import { runtimeClass } from "./runtime-class.js";
import { serviceAccount } from "./service-account.js";

type Fields = Record<string, unknown>;

const PODS = kindRow("", "pods");
const USER = { username: "alice", uid: "", groups: ["system:authenticated"], extra: {} };

function objectOf(apiVersion: string, kind: string, name: string, rest: Fields = {}): KubeObject {
  const { metadata, ...others } = rest;
  return applyDefaults({
    apiVersion,
    kind,
    metadata: { name, ...(metadata as Fields | undefined) },
    ...others,
  } as unknown as KubeObject);
}

function inDefault(apiVersion: string, kind: string, name: string, rest: Fields = {}): KubeObject {
  return objectOf(apiVersion, kind, name, { ...rest, metadata: { namespace: "default" } });
}

const pod = (spec: Fields = {}, name = "web") =>
  inDefault("v1", "Pod", name, { spec: { containers: [{ name: "c", image: "i:1" }], ...spec } });

function creation(object: KubeObject, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    operation: "CREATE",
    kind: PODS,
    subresource: "",
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    user: USER,
    isDryRun: false,
    object,
    oldObject: null,
    ...more,
  };
}

/** One plugin, as the chain runs it. */
async function run(plugin: AdmissionPlugin, request: AdmissionRequest): Promise<KubeObject> {
  const chain = new AdmissionChain([plugin]);
  const object = (await chain.mutate(request)) as KubeObject;
  await chain.validate({ ...request, object });
  return object;
}

const specOf = (object: KubeObject) => (object as unknown as { spec: Fields }).spec;

function cluster(): MemoryObjects {
  const objects = new MemoryObjects();
  objects.put(kindRow("", "namespaces"), objectOf("v1", "Namespace", "default"));
  objects.put(
    kindRow("", "namespaces"),
    objectOf("v1", "Namespace", "leaving", { status: { phase: "Terminating" } }),
  );
  return objects;
}

const message = (text: string | RegExp) => (error: Error) => {
  if (typeof text === "string") equal(error.message, text);
  else match(error.message, text);
  return true;
};

test("NamespaceLifecycle refuses with upstream's texts, when a namespace is missing, terminating or immortal", async () => {
  const plugin = namespaceLifecycle(cluster());
  const chain = new AdmissionChain([plugin]);
  strictEqual(chain.mutate(creation(pod())) instanceof Promise, false, "nothing waits");
  throws(
    () => chain.mutate(creation(pod(), { namespace: "nowhere" })),
    message('namespaces "nowhere" not found'),
  );
  throws(
    () => chain.mutate(creation(pod(), { namespace: "leaving" })),
    message(
      'pods "web" is forbidden: unable to create new content in namespace leaving because it is being terminated',
    ),
  );
  throws(
    () =>
      chain.mutate(
        creation(objectOf("v1", "Namespace", "default"), {
          operation: "DELETE",
          kind: kindRow("", "namespaces"),
          object: null,
          name: "default",
        }),
      ),
    message('namespaces "default" is forbidden: this namespace may not be deleted'),
  );
});

test("ServiceAccount names the account and mounts its token, in every container that has none there", async () => {
  const objects = cluster();
  objects.put(
    kindRow("", "serviceaccounts"),
    inDefault("v1", "ServiceAccount", "default", { imagePullSecrets: [{ name: "registry" }] }),
  );
  const plugin = serviceAccount({ reader: objects, prng: new Prng(1), delay: () => Promise.resolve() });
  const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
  const own = { name: "own", image: "i:1", volumeMounts: [{ name: "x", mountPath }] };
  const made = specOf(await run(plugin, creation(pod({ containers: [{ name: "c", image: "i:1" }, own] }))));
  const [volume] = made["volumes"] as Fields[];
  match(String(volume?.["name"]), /^kube-api-access-[a-z0-9]{5}$/);
  deepStrictEqual(made["serviceAccountName"], "default");
  deepStrictEqual(made["serviceAccount"], "default");
  deepStrictEqual(made["imagePullSecrets"], [{ name: "registry" }]);
  const [first, second] = made["containers"] as Fields[];
  deepStrictEqual(first?.["volumeMounts"], [{ name: volume?.["name"], readOnly: true, mountPath }]);
  deepStrictEqual(second?.["volumeMounts"], [{ name: "x", mountPath }]);
});

test("ServiceAccount refuses a Pod, when its account does not exist", async () => {
  const plugin = serviceAccount({ reader: cluster(), prng: new Prng(1), delay: () => Promise.resolve() });
  await rejects(
    run(plugin, creation(pod({ serviceAccountName: "robot" }))),
    message(
      'pods "web" is forbidden: error looking up service account default/robot: serviceaccount "robot" not found',
    ),
  );
});

test("LimitRanger fills in defaults and says so, and holds Pods to bounds", async () => {
  const objects = cluster();
  objects.put(
    kindRow("", "limitranges"),
    inDefault("v1", "LimitRange", "bounds", {
      spec: {
        limits: [
          {
            type: "Container",
            default: { cpu: "500m" },
            defaultRequest: { cpu: "100m" },
            max: { cpu: "1" },
            maxLimitRequestRatio: { cpu: "5" },
          },
        ],
      },
    }),
  );
  const plugin = limitRanger(objects);
  const made = await run(plugin, creation(pod()));
  const [container] = specOf(made)["containers"] as { resources: Fields }[];
  deepStrictEqual(container?.resources, { limits: { cpu: "500m" }, requests: { cpu: "100m" } });
  equal(
    made.metadata.annotations?.["kubernetes.io/limit-ranger"],
    "LimitRanger plugin set: cpu request for container c; cpu limit for container c",
  );
  const asking = (resources: Fields) =>
    creation(pod({ containers: [{ name: "c", image: "i:1", resources }] }));
  await rejects(
    run(plugin, asking({ limits: { cpu: "2" }, requests: { cpu: "2" } })),
    message('pods "web" is forbidden: maximum cpu usage per Container is 1, but limit is 2'),
  );
  await rejects(
    run(plugin, asking({ limits: { cpu: "1" }, requests: { cpu: "100m" } })),
    message(
      'pods "web" is forbidden: cpu max limit to request ratio per Container is 5, but provided ratio is 10.000000',
    ),
  );
});

test("ResourceQuota charges what is created, and refuses what is too much", async () => {
  const objects = cluster();
  const quotas = kindRow("", "resourcequotas");
  const hard = { pods: "2", "requests.cpu": "1" };
  objects.put(
    quotas,
    inDefault("v1", "ResourceQuota", "q", {
      spec: { hard },
      status: { hard, used: { pods: "1", "requests.cpu": "400m" } },
    }),
  );
  const plugin = resourceQuota(objects);
  const asking = (cpu: string) =>
    creation(pod({ containers: [{ name: "c", image: "i:1", resources: { requests: { cpu } } }] }));
  const used = () =>
    (objects.get(quotas, "default", "q") as unknown as { status: { used: Fields } }).status.used;
  await rejects(
    run(plugin, asking("700m")),
    message(
      'pods "web" is forbidden: exceeded quota: q, requested: requests.cpu=700m, used: requests.cpu=400m, limited: requests.cpu=1',
    ),
  );
  await run(plugin, { ...asking("600m"), isDryRun: true });
  deepStrictEqual(used(), { pods: "1", "requests.cpu": "400m" });
  await run(plugin, asking("600m"));
  deepStrictEqual(used(), { pods: "2", "requests.cpu": "1" });
  await rejects(
    run(plugin, asking("0")),
    message('pods "web" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2'),
  );
  await rejects(
    run(plugin, creation(pod())),
    message('pods "web" is forbidden: failed quota: q: must specify requests.cpu for: c'),
  );
});

test("Priority takes a Pod's priority from its class, the default class or zero", async () => {
  const objects = cluster();
  const classes = kindRow("scheduling.k8s.io", "priorityclasses");
  const plugin = priority(objects);
  deepStrictEqual(specOf(await run(plugin, creation(pod())))["priority"], 0);
  objects.put(
    classes,
    objectOf("scheduling.k8s.io/v1", "PriorityClass", "high", { value: 7, globalDefault: true }),
  );
  const made = specOf(await run(plugin, creation(pod())));
  deepStrictEqual(
    [made["priority"], made["priorityClassName"], made["preemptionPolicy"]],
    [7, "high", "PreemptLowerPriority"],
  );
  throws(
    () => plugin.mutate?.(creation(pod({ priorityClassName: "none" }))),
    message('pods "web" is forbidden: no PriorityClass with name none was found'),
  );
  throws(
    () => plugin.mutate?.(creation(pod({ priority: 3, priorityClassName: "high" }))),
    message(/the integer value of priority \(3\) must not be provided in pod spec; .* computed 7/),
  );
});

test("DefaultTolerationSeconds adds five minutes for each taint that is not tolerated", async () => {
  const own = {
    key: "node.kubernetes.io/not-ready",
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: 1,
  };
  const made = specOf(await run(defaultTolerationSeconds, creation(pod({ tolerations: [own] }))));
  deepStrictEqual(made["tolerations"], [
    own,
    {
      key: "node.kubernetes.io/unreachable",
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 300,
    },
  ]);
  const tolerant = pod({ tolerations: [{ operator: "Exists" }] });
  strictEqual(await run(defaultTolerationSeconds, creation(tolerant)), tolerant);
});

test("storage plugins give a claim the newest default class and its protection", async () => {
  const objects = cluster();
  const kind = kindRow("", "persistentvolumeclaims");
  const classes = kindRow("storage.k8s.io", "storageclasses");
  for (const [name, creationTimestamp] of [
    ["old", "2026-01-01T00:00:00Z"],
    ["new", "2026-02-01T00:00:00Z"],
  ])
    objects.put(
      classes,
      objectOf("storage.k8s.io/v1", "StorageClass", name as string, {
        metadata: {
          creationTimestamp,
          annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
        },
      }),
    );
  const claim = inDefault("v1", "PersistentVolumeClaim", "data", { spec: {} });
  const made = await run(defaultStorageClass(objects), creation(claim, { kind }));
  equal(specOf(made)["storageClassName"], "new");
  const none = inDefault("v1", "PersistentVolumeClaim", "data", { spec: { storageClassName: "" } });
  strictEqual(await run(defaultStorageClass(objects), creation(none, { kind })), none);
  const kept = await run(storageObjectInUseProtection, creation(claim, { kind }));
  deepStrictEqual(kept.metadata.finalizers, ["kubernetes.io/pvc-protection"]);
});

test("PersistentVolumeClaimResize lets a claim grow, when it is bound and its class allows it", async () => {
  const objects = cluster();
  const kind = kindRow("", "persistentvolumeclaims");
  for (const [name, allowVolumeExpansion] of [
    ["fixed", false],
    ["elastic", true],
  ] as const)
    objects.put(
      kindRow("storage.k8s.io", "storageclasses"),
      objectOf("storage.k8s.io/v1", "StorageClass", name, { allowVolumeExpansion }),
    );
  const claim = (storageClassName: string, storage: string, phase = "Bound") =>
    inDefault("v1", "PersistentVolumeClaim", "data", {
      spec: { storageClassName, resources: { requests: { storage } } },
      status: { phase },
    });
  const change = (next: KubeObject, oldObject: KubeObject) =>
    run(claimResize(objects), creation(next, { kind, operation: "UPDATE", oldObject }));
  await change(claim("elastic", "2Gi"), claim("elastic", "1Gi"));
  await change(claim("fixed", "1Gi"), claim("fixed", "1024Mi"));
  await rejects(change(claim("fixed", "2Gi"), claim("fixed", "1Gi")), {
    message:
      'persistentvolumeclaims "data" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  });
  await rejects(change(claim("elastic", "2Gi"), claim("elastic", "1Gi", "Lost")), {
    message:
      'persistentvolumeclaims "data" is forbidden: Only bound persistent volume claims can be expanded',
  });
});

test("RuntimeClass gives Pods its overhead and place", async () => {
  const objects = cluster();
  objects.put(
    kindRow("node.k8s.io", "runtimeclasses"),
    objectOf("node.k8s.io/v1", "RuntimeClass", "vm", {
      overhead: { podFixed: { memory: "64Mi" } },
      scheduling: { nodeSelector: { vm: "yes" } },
    }),
  );
  const made = specOf(await run(runtimeClass(objects), creation(pod({ runtimeClassName: "vm" }))));
  deepStrictEqual([made["overhead"], made["nodeSelector"]], [{ memory: "64Mi" }, { vm: "yes" }]);
  throws(
    () => runtimeClass(objects).mutate?.(creation(pod({ runtimeClassName: "none" }))),
    message('pods "web" is forbidden: pod rejected: RuntimeClass "none" not found'),
  );
});

test("node plugins taint new nodes and keep kubelets to their own", async () => {
  const kind = kindRow("", "nodes");
  const node = objectOf("v1", "Node", "node-1");
  const made = await run(taintNodesByCondition, creation(node, { kind }));
  deepStrictEqual(specOf(made)["taints"], [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }]);
  const user = { ...USER, username: "system:node:node-2", groups: ["system:nodes"] };
  throws(
    () => nodeRestriction.mutate?.(creation(node, { kind, user })),
    message('nodes "node-1" is forbidden: node "node-2" is not allowed to modify node "node-1"'),
  );
  throws(() => nodeRestriction.mutate?.(creation(pod(), { user })), message(/can only create mirror pods$/));
});
