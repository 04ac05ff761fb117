import assert from "node:assert/strict";
import test from "node:test";
import {
  createPod,
  deletePod,
  eventsOf,
  hollowCluster,
  podNamed,
  sketch,
} from "../hollow-cluster.test-data.js";
import { PODS } from "../../client/resources.js";
import { USUAL_PROFILE } from "../runtime/profile.js";
import type { Pod } from "./pod.js";
import { sampleContainer } from "./sample-pods.test-data.js";

test("a Pod runs at once when the runtime takes no time, and says so in upstream's words", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "web" });
  assert.equal(sketch(cluster, "web"), "Running web:running#0+ready");
  const status = podNamed(cluster, "web")?.status;
  assert.match(status?.podIP ?? "", /^100\.64\.0\./);
  assert.equal(status?.hostIP, "172.16.0.2");
  assert.equal(status?.qosClass, "BestEffort");
  assert.match(status?.containerStatuses?.[0]?.containerID ?? "", /^containerd:\/\/[0-9a-f]{64}$/);
  assert.deepEqual(
    status?.conditions?.map(({ type, status }) => `${type}=${status}`),
    [
      "PodReadyToStartContainers=True",
      "Initialized=True",
      "Ready=True",
      "ContainersReady=True",
      "PodScheduled=True",
    ],
  );
  assert.deepEqual(
    eventsOf(cluster, "web").map((event) => event.split(":")[0]),
    ["Pulling", "Pulled", "Created", "Started"],
  );
});

test("an ephemeral container runs and is never ready", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "web", spec: { ephemeralContainers: [sampleContainer("debug")] } });
  const [debug] = podNamed(cluster, "web")?.status?.ephemeralContainerStatuses ?? [];
  assert.ok(debug?.state?.running);
  assert.equal(debug.ready, false);
});

test("a Pod is ContainerCreating while its sandbox and image take time", async () => {
  const cluster = await hollowCluster({ profile: USUAL_PROFILE });
  await createPod(cluster, { name: "web" });
  assert.equal(sketch(cluster, "web"), "Pending web:ContainerCreating#0");
  await cluster.timers.advance(1000);
  assert.equal(sketch(cluster, "web"), "Running web:running#0+ready");
});

test("a container that fails is restarted at once, then after 10 s, 20 s", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "web", run: "exit 1 after 5s" });
  await cluster.timers.advance(6500);
  assert.equal(sketch(cluster, "web"), "Running web:running#1+ready");
  await cluster.timers.advance(6500);
  assert.equal(sketch(cluster, "web"), "Running web:CrashLoopBackOff#1");
  const waiting = podNamed(cluster, "web")?.status?.containerStatuses?.[0];
  assert.match(
    waiting?.state?.waiting?.message ?? "",
    /^back-off 10s restarting failed container=web pod=web_default\(/,
  );
  assert.equal(waiting?.lastState?.terminated?.exitCode, 1);
  await cluster.timers.advance(10_000);
  assert.equal(sketch(cluster, "web"), "Running web:running#2+ready");
  assert.ok(
    eventsOf(cluster, "web").some((event) =>
      event.startsWith("BackOff: Back-off restarting failed container web"),
    ),
  );
});

test("a Pod that runs once ends as its command does", async () => {
  const cluster = await hollowCluster();
  const once = (name: string, command: string[]) =>
    createPod(cluster, { name, container: { image: "busybox", command }, spec: { restartPolicy: "Never" } });
  await once("good", ["sh", "-c", "echo hi; sleep 2"]);
  await once("bad", ["sh", "-c", "exit 3"]);
  await cluster.timers.advance(4000);
  assert.equal(sketch(cluster, "good"), "Succeeded web:Completed(0)#0");
  assert.equal(sketch(cluster, "bad"), "Failed web:Error(3)#0");
});

test("a deleted Pod ends with 143, or with 137 when it ignores SIGTERM until its time is up", async () => {
  const cluster = await hollowCluster();
  const ended: string[] = [];
  cluster.api.intercept = ({ method, path, body }) => {
    const pod = body as {
      status?: { containerStatuses?: { state?: { terminated?: { exitCode: number } } }[] };
    } | null;
    const code = pod?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
    if (method === "PUT" && code !== undefined) ended.push(`${path.split("/").at(-2)} ${code}`);
  };
  await createPod(cluster, { name: "quick" });
  await createPod(cluster, {
    name: "stubborn",
    run: "ignore-term",
    spec: { terminationGracePeriodSeconds: 5 },
  });
  await deletePod(cluster, "quick");
  await deletePod(cluster, "stubborn");
  assert.equal(sketch(cluster, "quick"), "gone");
  assert.equal(sketch(cluster, "stubborn"), "Running web:running#0+ready");
  await cluster.timers.advance(5000);
  assert.equal(sketch(cluster, "stubborn"), "gone");
  assert.deepEqual(ended, ["quick 143", "stubborn 137"]);
  assert.equal(cluster.kubelets.metrics().kubelet_desired_pods, 0);
});

test("a Pod that has ended goes when it is deleted", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "job", run: "exit 0", spec: { restartPolicy: "Never" } });
  await cluster.timers.advance(2000);
  assert.equal(sketch(cluster, "job"), "Succeeded web:Completed(0)#0");
  await deletePod(cluster, "job");
  assert.equal(sketch(cluster, "job"), "gone");
});

test("init containers run in order, a sidecar stays, and goes after the others", async () => {
  const cluster = await hollowCluster();
  const busy = { image: "busybox", command: ["sleep", "3"] };
  const initContainers = [
    sampleContainer("first", busy),
    sampleContainer("sidecar", { restartPolicy: "Always" }),
    sampleContainer("second", busy),
  ];
  await createPod(cluster, { name: "web", run: "", spec: { initContainers } });
  assert.match(sketch(cluster, "web"), /^Pending first:running#0 sidecar:PodInitializing#0 second:PodInit/);
  await cluster.timers.advance(4000);
  assert.match(
    sketch(cluster, "web"),
    /^Pending first:Completed\(0\)#0\+ready sidecar:running#0\+ready second:running/,
  );
  await cluster.timers.advance(4000);
  assert.match(
    sketch(cluster, "web"),
    /^Running first:.* sidecar:running#0\+ready second:Completed\(0\)#0\+ready web:running#0\+ready$/,
  );
});

test("readiness follows its probe; liveness restarts", async () => {
  const cluster = await hollowCluster();
  const probe = { httpGet: { port: 80 }, periodSeconds: 2, failureThreshold: 2 };
  await createPod(cluster, {
    name: "web",
    run: "ready after 5s; dead after 20s",
    container: { readinessProbe: probe, livenessProbe: probe },
  });
  assert.equal(sketch(cluster, "web"), "Running web:running#0");
  await cluster.timers.advance(7000);
  assert.equal(sketch(cluster, "web"), "Running web:running#0+ready");
  await cluster.timers.advance(17_000);
  assert.equal(sketch(cluster, "web"), "Running web:running#1");
  const events = eventsOf(cluster, "web");
  assert.ok(events.includes("Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503"));
  assert.ok(events.includes("Killing: Container web failed liveness probe, will be restarted"));
});

test("a startup probe holds back the others, and an exec probe sees the container's files", async () => {
  const cluster = await hollowCluster();
  const command = ["sh", "-c", "sleep 4; touch /tmp/up; sleep 1000"];
  const exec = { command: ["cat", "/tmp/up"] };
  const startupProbe = { exec, periodSeconds: 1, failureThreshold: 10 };
  await createPod(cluster, { name: "web", container: { image: "busybox", command, startupProbe } });
  assert.equal(podNamed(cluster, "web")?.status?.containerStatuses?.[0]?.started, false);
  assert.equal(sketch(cluster, "web"), "Running web:running#0");
  await cluster.timers.advance(5500);
  assert.equal(podNamed(cluster, "web")?.status?.containerStatuses?.[0]?.started, true);
  assert.equal(sketch(cluster, "web"), "Running web:running#0+ready");
});

test("a container that takes more memory than its limit is OOMKilled", async () => {
  const cluster = await hollowCluster();
  const resources = { limits: { memory: "100Mi" } };
  const spec = { restartPolicy: "Never" };
  await createPod(cluster, {
    name: "web",
    run: "memory 50Mi; memory 200Mi after 3s",
    container: { resources },
    spec,
  });
  await cluster.timers.advance(5000);
  assert.equal(sketch(cluster, "web"), "Failed web:OOMKilled(137)#0");
});

test("a Pod waits for its ConfigMap, and starts when it is there", async () => {
  const cluster = await hollowCluster();
  const volumes = [{ name: "settings", configMap: { name: "settings" } }];
  await createPod(cluster, { name: "web", spec: { volumes } });
  assert.equal(sketch(cluster, "web"), "Pending web:ContainerCreating#0");
  assert.deepEqual(eventsOf(cluster, "web"), [
    'FailedMount: MountVolume.SetUp failed for volume "settings" : configmap "settings" not found',
  ]);
  const maps = cluster.api.client().resource({ group: "", version: "v1", resource: "configmaps" }, "default");
  await maps.create({ metadata: { name: "settings", namespace: "default" }, data: { colour: "blue" } });
  await cluster.timers.advance(2000);
  assert.equal(sketch(cluster, "web"), "Running web:running#0+ready");
});

test("a Pod whose disk is not attached yet waits for two minutes before that is a failure", async () => {
  const cluster = await hollowCluster();
  const client = cluster.api.client();
  await client.resource({ group: "", version: "v1", resource: "persistentvolumes" }, null).create({
    metadata: { name: "disk" },
    spec: { csi: { driver: "hollow", volumeHandle: "disk" } },
  });
  await client.resource({ group: "", version: "v1", resource: "persistentvolumeclaims" }, "default").create({
    metadata: { name: "claim", namespace: "default" },
    spec: { volumeName: "disk" },
  });
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "claim" } }];
  await createPod(cluster, { name: "web", spec: { volumes } });
  await cluster.timers.advance(60_000);
  assert.equal(sketch(cluster, "web"), "Pending web:ContainerCreating#0");
  assert.deepEqual(eventsOf(cluster, "web"), []);
  await cluster.timers.advance(120_000);
  assert.deepEqual(eventsOf(cluster, "web"), [
    "FailedMount: Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[data], failed to process volumes=[]: context deadline exceeded",
  ]);
});

test("a missing key of a ConfigMap is a CreateContainerConfigError", async () => {
  const cluster = await hollowCluster();
  const env = [{ name: "COLOUR", valueFrom: { configMapKeyRef: { name: "settings", key: "colour" } } }];
  await createPod(cluster, { name: "web", container: { env } });
  assert.equal(sketch(cluster, "web"), "Pending web:CreateContainerConfigError#0");
  assert.ok(eventsOf(cluster, "web").includes('Failed: Error: configmap "settings" not found'));
});

test("an image that is not there: ErrImagePull, then ImagePullBackOff", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "web", container: { image: "example.com/nosuch:1" } });
  assert.equal(sketch(cluster, "web"), "Pending web:ErrImagePull#0");
  await cluster.timers.advance(2000);
  assert.equal(sketch(cluster, "web"), "Pending web:ImagePullBackOff#0");
});

test("a Pod that was active for too long fails with DeadlineExceeded", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "web", spec: { activeDeadlineSeconds: 10 } });
  await cluster.timers.advance(11_000);
  assert.equal(sketch(cluster, "web"), "Failed web:Error(143)#0");
  assert.equal(podNamed(cluster, "web")?.status?.reason, "DeadlineExceeded");
});

test("a deadline that is set while the Pod runs counts from its start; one that is not over may be shortened", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "web" });
  await createPod(cluster, { name: "short", spec: { activeDeadlineSeconds: 3600 } });
  await cluster.timers.advance(5000);
  const pods = cluster.api.client().resource<Pod>(PODS, "default");
  for (const [name, activeDeadlineSeconds] of [
    ["web", 8],
    ["short", 10],
  ] as const)
    await pods.patch(name, "merge", { spec: { activeDeadlineSeconds } });
  await cluster.timers.advance(2000);
  assert.equal(sketch(cluster, "web"), "Running web:running#0+ready");
  await cluster.timers.advance(2000);
  assert.equal(podNamed(cluster, "web")?.status?.reason, "DeadlineExceeded");
  assert.equal(sketch(cluster, "short"), "Running web:running#0+ready");
  await cluster.timers.advance(2000);
  assert.equal(podNamed(cluster, "short")?.status?.reason, "DeadlineExceeded");
});

test("a Pod that is deleted before it ran fails, and goes", async () => {
  const cluster = await hollowCluster();
  const phases: string[] = [];
  cluster.api.intercept = ({ method, body }) => {
    const { status } = (body ?? {}) as { status?: { phase?: string } };
    if (method === "PUT" && status?.phase !== undefined) phases.push(status.phase);
  };
  await createPod(cluster, { name: "web", container: { image: "example.com/nosuch:1" } });
  await deletePod(cluster, "web");
  assert.equal(sketch(cluster, "web"), "gone");
  assert.deepEqual(phases, ["Pending", "Failed"]);
});

test("a Pod that is deleted by force leaves nothing behind", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "web", run: "ignore-term", spec: { terminationGracePeriodSeconds: 5 } });
  const pods = cluster.api.client().resource({ group: "", version: "v1", resource: "pods" }, "default");
  await pods.delete("web", { gracePeriodSeconds: 0 });
  await cluster.timers.advance(1000);
  assert.equal(cluster.kubelets.metrics().kubelet_running_containers, 1);
  await cluster.timers.advance(5000);
  assert.equal(cluster.kubelets.metrics().kubelet_running_containers, 0);
  assert.equal(cluster.kubelets.metrics().kubelet_desired_pods, 0);
});

test("a preStop hook comes before SIGTERM", async () => {
  const cluster = await hollowCluster();
  const lifecycle = { preStop: { exec: { command: ["sleep", "3"] } } };
  await createPod(cluster, { name: "web", container: { lifecycle } });
  await deletePod(cluster, "web");
  await cluster.timers.advance(2500);
  assert.equal(sketch(cluster, "web"), "Running web:running#0+ready");
  await cluster.timers.advance(1000);
  assert.equal(sketch(cluster, "web"), "gone");
});
