// Manifests that other projects ship, applied with the real kubectl: every Deployment is rolled out, every Service is
// resolved by DNS and leads to its endpoints in the data plane of each mode. PLUMB_REAL_DATA names the folder.
// Time runs thirty times faster, since these projects' probes wait for up to three minutes.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { delay, realTimers } from "../base/timers.js";
import { MODES } from "../netfilter/rule-model.js";
import { parsePacket, traceTargets } from "../netfilter/tracer/index.js";
import { defaultProxyConfig } from "../proxy/default-config.js";
import { COMPILERS } from "../proxy/modes.js";
import type { ProxyState } from "../proxy/service-port.js";
import { DnsServer } from "./addons/dns/dns-server.js";
import { DEPLOYMENTS, PODS, resourceOf } from "./client/resources.js";
import type { Deployment } from "./client/object-types.js";
import { fastTimers, startTestPlane, type TestPlane } from "./plane.test-data.js";

const KUBECTL = process.env["KUBECTL"] ?? "kubectl";
const root = process.env["PLUMB_REAL_DATA"];
const folder = join(root ?? "", "manifests");
const run = promisify(execFile);

const missing =
  root === undefined
    ? "PLUMB_REAL_DATA is not set"
    : !existsSync(folder)
      ? `PLUMB_REAL_DATA names no folder with manifests: ${folder}`
      : spawnSync(KUBECTL, ["version", "--client"]).status !== 0
        ? "no kubectl: neither KUBECTL nor PATH has one"
        : false;

const FACTOR = 30;
const ROLLOUT_LIMIT_MS = 40_000;
const SERVICES = resourceOf<{
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: {
    readonly clusterIP?: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly { readonly port: number; readonly protocol?: string }[];
  };
}>("", "v1", "services");

/** Manifests that name no namespace go into one of the file's name. */
async function apply(plane: TestPlane, file: string): Promise<void> {
  const kubectl = (...args: string[]) =>
    run(KUBECTL, ["--kubeconfig", plane.kubeconfigPath, "--cache-dir", join(plane.folder, "cache"), ...args]);
  const text = readFileSync(join(folder, file), "utf8");
  const named = /^\s+namespace: ([\w-]+)/m.exec(text)?.[1];
  const namespace = named ?? file.replace(/(?:-part\d+)?\.ya?ml$/, "");
  if (!text.includes("kind: Namespace"))
    await kubectl("create", "namespace", namespace).catch((error: Error) =>
      assert.match(error.message, /AlreadyExists/),
    );
  await kubectl("apply", "-n", namespace, "-f", join(folder, file));
}

async function rolledOut({ plane }: TestPlane): Promise<number> {
  const informer = plane.informers.informer(DEPLOYMENTS);
  const isRolledOut = ({ spec, status }: Deployment) =>
    (status?.availableReplicas ?? 0) >= (spec?.replicas ?? 1);
  const endMs = realTimers.milliseconds() + ROLLOUT_LIMIT_MS;
  for (;;) {
    const late = informer.lister.list().filter((each) => !isRolledOut(each));
    if (late.length === 0) return informer.lister.list().length;
    const names = late.map(({ metadata }) => metadata.name).join(", ");
    assert.ok(realTimers.milliseconds() < endMs, `not rolled out in ${ROLLOUT_LIMIT_MS / 1000} s: ${names}`);
    await delay(realTimers, 50);
  }
}

test("manifests of real projects are rolled out, resolved and reachable", {
  skip: missing,
}, async (context) => {
  const timers = fastTimers(FACTOR);
  const test = await startTestPlane({ timers, nodes: 20 });
  try {
    for (const file of readdirSync(folder).sort()) await apply(test, file);
    const deployments = await rolledOut(test);
    const services = test.plane.informers.informer(SERVICES).lister.list();
    const dns = await DnsServer.start({
      informers: test.plane.informers,
      timers,
      address: "127.0.0.1",
      port: 0,
    });
    for (const { metadata, spec } of services) {
      const { answers } = dns.resolve(metadata.name, { namespace: metadata.namespace ?? "" });
      assert.deepEqual(
        answers.map(({ data }) => ("address" in data ? data.address : null)),
        [spec?.clusterIP],
      );
    }
    await dns.stop();
    // The sync that follows the last endpoint.
    await delay(timers, 5000);
    const state = test.plane.proxies[0]?.applied ?? null;
    assert.ok(state !== null);
    checkEndpoints(test, state);
    const ports = checkDataPlane(state);
    context.diagnostic(
      `${deployments} Deployments, ${services.length} Services, ${ports} ports in ${MODES.length} modes`,
    );
  } finally {
    await test.stop();
  }
});

/** The proxy knows every port of every Service that selects Pods, with the addresses of those Pods, all of them ready. */
function checkEndpoints({ plane }: TestPlane, { entries }: ProxyState): void {
  const pods = plane.informers.informer(PODS).lister.list();
  for (const { metadata, spec } of plane.informers.informer(SERVICES).lister.list()) {
    const selector = Object.entries(spec?.selector ?? {});
    if (selector.length === 0) continue;
    const selected = pods.filter(
      (pod) =>
        pod.metadata.namespace === metadata.namespace &&
        selector.every(([key, value]) => pod.metadata.labels?.[key] === value),
    );
    const addresses = selected.map(({ status }) => status?.podIP).sort();
    const known = entries
      .filter(({ port }) => port.serviceName === metadata.name && port.namespace === metadata.namespace)
      .map(({ port, cluster }) => ({ port: port.port, addresses: cluster.map(({ ip }) => ip).sort() }));
    assert.ok(addresses.length > 0, `${metadata.name} selects no Pod`);
    assert.deepEqual(
      new Map(known.map((each) => [each.port, each.addresses])),
      new Map(spec?.ports?.map(({ port }) => [port, addresses])),
      metadata.name,
    );
  }
}

/** @returns how many Service ports there are */
function checkDataPlane(state: ProxyState): number {
  const node = { name: "node-0", addresses: ["172.16.0.2"], podCIDRs: [], zone: null };
  for (const mode of MODES) {
    const model = COMPILERS[mode].compile(state, defaultProxyConfig(mode, "IPv4", node));
    for (const { name, clusterIP, port, protocol, endpoints } of portsOf(state)) {
      const packet = parsePacket(`${protocol.toLowerCase()} 10.128.0.250:40000 > ${clusterIP}:${port}`);
      const { verdict, targets } = traceTargets(model, packet, { walksMax: 100 });
      assert.deepEqual({ verdict, targets }, { verdict: "DNAT", targets: endpoints }, `${mode} ${name}`);
    }
  }
  return portsOf(state).length;
}

/** Service ports of manifests: those of the cluster itself lead outside. */
function portsOf({ entries }: ProxyState) {
  return entries
    .filter(({ port }) => port.namespace !== "default")
    .map(({ port, cluster }) => ({
      ...port,
      endpoints: cluster.map(({ text }) => text).sort(),
    }));
}
