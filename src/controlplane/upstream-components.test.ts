// Upstream's own kube-scheduler and kube-controller-manager as clients of our API server, in place of our scheduler and
// controllers: what they ask must be answered as their own API server answers it, or nothing moves.
// The binary is bench/peers/control-plane, built by `npm run verify:upstream`.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { generateKeyPairSync } from "node:crypto";
import {
  AppsV1Api,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  DiscoveryV1Api,
  KubeConfig,
} from "@kubernetes/client-node";
import { packageRoot } from "../base/source-path.js";
import { delay, realTimers } from "../base/timers.js";
import { startTestPlane, type TestPlane } from "./plane.test-data.js";

const PROGRAM = process.env["PLUMB_UPSTREAM"] ?? join(packageRoot, "build", "peers", "control-plane");
const skip = existsSync(PROGRAM)
  ? false
  : "upstream's components are not built: npm run verify:upstream builds them, minutes with Go";
const WAIT_MS = 60_000;
const NAMESPACE = "upstream";

let plane: TestPlane;
let config: KubeConfig;
const components: { readonly process: ChildProcess; log: string }[] = [];

before(async () => {
  if (skip !== false) return;
  plane = await startTestPlane({ nodes: 5, isServerOnly: true });
  config = new KubeConfig();
  config.loadFromFile(plane.kubeconfigPath);
  const file = (name: string, text: string) => {
    const path = join(plane.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = file("tokens.key", privateKey.export({ type: "pkcs1", format: "pem" }).toString());
  const ca = file("ca.crt", Buffer.from(config.getCurrentCluster()?.caData ?? "", "base64").toString());
  const access = ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"].map(
    (flag) => `--${flag}=${plane.kubeconfigPath}`,
  );
  const quick = ["--secure-port=0", "--kube-api-qps=500", "--kube-api-burst=1000"];
  start(["kube-scheduler", ...access, ...quick]);
  start([
    "kube-controller-manager",
    ...access,
    ...quick,
    `--service-account-private-key-file=${key}`,
    `--root-ca-file=${ca}`,
    "--allocate-node-cidrs",
    "--cluster-cidr=10.128.0.0/9",
    "--service-cluster-ip-range=10.96.0.0/12",
    // It looks after policies written in CEL, which our API server does not have.
    "--controllers=*,-validatingadmissionpolicy-status-controller",
  ]);
});

after(async () => {
  for (const { process: child } of components) {
    child.kill("SIGKILL");
    if (child.exitCode === null) await once(child, "exit");
  }
  if (skip === false) await plane.stop();
});

function start(args: readonly string[]): void {
  const child = spawn(PROGRAM, [...args], { stdio: ["ignore", "ignore", "pipe"] });
  const component = { process: child, log: "" };
  child.stderr.setEncoding("utf8").on("data", (text: string) => (component.log += text));
  components.push(component);
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const endMs = realTimers.milliseconds() + WAIT_MS; realTimers.milliseconds() < endMs; ) {
    if (await holds()) return;
    await delay(realTimers, 100);
  }
  const tails = components.map(({ log }) => log.slice(-2000)).join("\n---\n");
  assert.fail(`${what}: not within ${WAIT_MS / 1000} s; the components last said\n${tails}`);
}

const template = (app: string, command: string, spec: object = {}) => ({
  metadata: { labels: { app } },
  spec: {
    containers: [
      { name: "c", image: "nginx", command: ["sh", "-c", command], resources: { requests: { cpu: "10m" } } },
    ],
    ...spec,
  },
});
const named = (name: string) => ({ name, namespace: NAMESPACE });
const selector = (app: string) => ({ matchLabels: { app } });
const EVERY_NODE = {
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: selector("web"),
    },
  ],
};

test("both hold their leases", { skip }, async () => {
  const leases = config.makeApiClient(CoordinationV1Api);
  await eventually("two leases in kube-system", async () => {
    const { items } = await leases.listNamespacedLease({ namespace: "kube-system" });
    return ["kube-scheduler", "kube-controller-manager"].every((name) =>
      items.some(({ metadata, spec }) => metadata?.name === name && Boolean(spec?.holderIdentity)),
    );
  });
});

test("a namespace gets its service account and root certificate", { skip }, async () => {
  const core = config.makeApiClient(CoreV1Api);
  await core.createNamespace({ body: { metadata: { name: NAMESPACE } } });
  await eventually("service account and certificate", async () => {
    const accounts = await core.listNamespacedServiceAccount({ namespace: NAMESPACE });
    const maps = await core.listNamespacedConfigMap({ namespace: NAMESPACE });
    return (
      accounts.items.length === 1 && maps.items.some(({ metadata }) => metadata?.name === "kube-root-ca.crt")
    );
  });
});

test("a Deployment is spread, served, updated and scaled", { skip }, async () => {
  const [apps, core] = [config.makeApiClient(AppsV1Api), config.makeApiClient(CoreV1Api)];
  const discovery = config.makeApiClient(DiscoveryV1Api);
  await core.createNamespacedService({
    namespace: NAMESPACE,
    body: { metadata: { name: "web" }, spec: { selector: { app: "web" }, ports: [{ port: 80 }] } },
  });
  await apps.createNamespacedDeployment({
    namespace: NAMESPACE,
    body: {
      metadata: { name: "web" },
      spec: { replicas: 10, selector: selector("web"), template: template("web", "sleep 1d", EVERY_NODE) },
    },
  });
  const settled = (replicas: number) => async () => {
    const { status, metadata } = await apps.readNamespacedDeployment(named("web"));
    return (
      status?.observedGeneration === metadata?.generation &&
      status?.availableReplicas === replicas &&
      status.updatedReplicas === replicas &&
      status.replicas === replicas
    );
  };
  await eventually("10 available", settled(10));
  const pods = await core.listNamespacedPod({ namespace: NAMESPACE, labelSelector: "app=web" });
  const nodes = pods.items.map(({ spec }) => spec?.nodeName ?? "");
  const perNode = [...new Set(nodes)].map((node) => nodes.filter((name) => name === node).length);
  assert.deepEqual(perNode, [2, 2, 2, 2, 2]);
  await eventually("10 endpoints", async () => {
    const { items } = await discovery.listNamespacedEndpointSlice({ namespace: NAMESPACE });
    return items.flatMap(({ endpoints }) => endpoints).length === 10;
  });
  const current = await apps.readNamespacedDeployment(named("web"));
  assert.ok(current.spec !== undefined);
  const next = { ...current.spec, replicas: 4, template: template("web", "sleep 2d", EVERY_NODE) };
  await apps.replaceNamespacedDeployment({ ...named("web"), body: { ...current, spec: next } });
  await eventually("4 updated", settled(4));
});

test("a StatefulSet comes up in order, a DaemonSet on every node, a Job completes", { skip }, async () => {
  const [apps, batch] = [config.makeApiClient(AppsV1Api), config.makeApiClient(BatchV1Api)];
  const namespace = NAMESPACE;
  const set = {
    serviceName: "web",
    replicas: 3,
    selector: selector("set"),
    template: template("set", "sleep 1d"),
  };
  await apps.createNamespacedStatefulSet({ namespace, body: { metadata: { name: "set" }, spec: set } });
  const agent = { selector: selector("agent"), template: template("agent", "sleep 1d") };
  await apps.createNamespacedDaemonSet({ namespace, body: { metadata: { name: "agent" }, spec: agent } });
  const once = { restartPolicy: "Never" };
  await batch.createNamespacedJob({
    namespace,
    body: {
      metadata: { name: "sum" },
      spec: { completions: 4, parallelism: 2, template: template("sum", "true", once) },
    },
  });
  await eventually("3 of the set", async () => {
    const { status } = await apps.readNamespacedStatefulSet(named("set"));
    return status?.readyReplicas === 3;
  });
  await eventually("5 agents", async () => {
    const { status } = await apps.readNamespacedDaemonSet(named("agent"));
    return status?.numberReady === 5;
  });
  await eventually("4 completions", async () => {
    const { status } = await batch.readNamespacedJob(named("sum"));
    return status?.succeeded === 4 && (status.conditions ?? []).some(({ type }) => type === "Complete");
  });
});

test("a namespace takes everything in it along", { skip }, async () => {
  const core = config.makeApiClient(CoreV1Api);
  await core.deleteNamespace({ name: NAMESPACE });
  await eventually("the namespace is gone", async () => {
    const { items } = await core.listNamespace();
    return items.every(({ metadata }) => metadata?.name !== NAMESPACE);
  });
  assert.equal((await core.listNamespacedPod({ namespace: NAMESPACE })).items.length, 0);
});

test("nothing that they asked for is missing", { skip }, () => {
  for (const { process: child, log } of components) {
    assert.equal(child.exitCode, null, log.slice(-2000));
    const missing = log
      .split("\n")
      .filter((line) => /could not find the requested resource|Forbidden/.test(line));
    assert.deepEqual(
      missing.filter((line) => !line.includes("podCIDR")),
      [],
    );
  }
});
