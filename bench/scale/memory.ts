// 50,000 Services x 10 endpoints: how long each mode takes to compile and encode, the peak memory of the process, and
// how long one changed Service takes to reach the image. A fresh process per mode.
// usage: node dist/bench/scale/memory.js [--services N] [--endpoints N] [mode]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { present } from "../../src/base/assert.js";
import { realClock } from "../../src/base/clock.js";
import { encodeModel } from "../../src/experiment/data-path.js";
import { MODES, type Mode } from "../../src/netfilter/rule-model.js";
import { defaultProxyConfig } from "../../src/proxy/default-config.js";
import { COMPILERS } from "../../src/proxy/modes.js";
import { nodeOf } from "../../src/proxy/node.js";
import { ChangeTracker } from "../../src/proxy/state/change-tracker.js";
import { generateCluster } from "../../src/workload/generate.js";
import { defaultGenerateSpec } from "../../src/workload/generate-spec.js";

function measure(mode: Mode, services: number, endpoints: number): string {
  const objects = generateCluster({
    ...defaultGenerateSpec,
    services,
    endpoints: { kind: "fixed", count: endpoints },
    nodes: 20,
  });
  const config = defaultProxyConfig(mode, "IPv4", nodeOf(objects, null), { clusterCIDRs: objects.podCIDRs });
  const tracker = new ChangeTracker(config);
  for (const object of [...objects.services, ...objects.endpointSlices]) tracker.upsert(object);
  const state = seconds(() => {
    tracker.applyChanges();
    return tracker.state();
  });
  const compiled = seconds(() => COMPILERS[mode].compile(state.value, config));
  const encoded = seconds(() =>
    encodeModel(compiled.value, {
      ipvsTables: "resizable",
      ipvsConnectionsMax: 65536,
      affinityClientsMax: 1024,
    }),
  );
  const bytes = encoded.value.image.bytes.length;
  const slice = present(objects.endpointSlices[Math.floor(services / 2)], "a slice");
  const [endpoint, ...others] = slice.endpoints;
  tracker.upsert({
    ...slice,
    endpoints: [{ ...present(endpoint, "an endpoint"), addresses: ["100.64.0.1"] }, ...others],
  });
  const { changed } = tracker.applyChanges();
  const next = tracker.state();
  const { change } = COMPILERS[mode].syncPartial(state.value, next, changed, config);
  const update = change === null ? null : seconds(() => encoded.value.update(change));
  const peak = process.resourceUsage().maxRSS / 1024 ** 2;
  const total = state.s + compiled.s + encoded.s;
  return [
    mode.padEnd(10),
    `state ${state.s.toFixed(2)} s + compile ${compiled.s.toFixed(2)} s + encode ${encoded.s.toFixed(2)} s = ${total.toFixed(2)} s`,
    `image ${(bytes / 2 ** 20).toFixed(0)} MiB, peak ${peak.toFixed(2)} GiB`,
    `one Service ${update === null ? "recompiles" : `${(update.s * 1e3).toFixed(2)} ms`}`,
  ].join("; ");
}

function seconds<T>(run: () => T): { value: T; s: number } {
  const start = realClock.now();
  const value = run();
  return { value, s: Number(realClock.now() - start) / 1e9 };
}

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
}

const services = option("services", 50_000);
const endpoints = option("endpoints", 10);
const mode = MODES.find((name) => process.argv.includes(name));
if (mode !== undefined) console.log(measure(mode, services, endpoints));
else {
  console.log(`${services} Services x ${endpoints} endpoints, IPv4`);
  for (const name of MODES) {
    spawnSync(
      process.execPath,
      [
        fileURLToPath(import.meta.url),
        name,
        "--services",
        String(services),
        "--endpoints",
        String(endpoints),
      ],
      { stdio: "inherit" },
    );
  }
}
