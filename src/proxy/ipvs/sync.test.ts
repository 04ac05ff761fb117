import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterObjects } from "../../api/types.js";
import { Prng } from "../../base/prng.js";
import { serviceText } from "../../netfilter/ipvs/text.js";
import type { IpvsModel } from "../../netfilter/rule-model.js";
import { buildProxyState } from "../state/build-state.js";
import { randomCluster, testConfig, testService, testSlice, uniformCluster } from "../cluster.test-data.js";
import { compileIpvs } from "./compile.js";
import { modelChange } from "./model-change.js";
import { syncFull, syncPartial } from "./sync.js";

const CONFIG = testConfig({ mode: "ipvs" });

function stateOf(objects: ClusterObjects) {
  return buildProxyState(objects, CONFIG);
}

test("syncFull starts a process per set element, and asks about every virtual server", () => {
  const result = syncFull(stateOf(uniformCluster(10, 2)), CONFIG);
  // Elements: 10 cluster IPs and 10 addresses of kube-ipvs0.
  assert.equal(result.setEntryDeltas, 20);
  assert.equal(result.execs, 11 + 9 + 2 * 17 + 20 + 1 + 9);
  // 3 per virtual server and one listing; then 10 services, 20 servers and 10 addresses are made.
  assert.equal(result.netlinkRoundTrips, 3 * 10 + 1 + 10 + 20 + 10);
  assert.equal(result.elements, 20 + 10 + 20);
  assert.equal(result.bytes, [...result.text()].join("").length);
  assert.equal(result.change, null);
});

test("syncPartial without a change still costs three round trips per virtual server", () => {
  const state = stateOf(uniformCluster(100, 3));
  const result = syncPartial(state, state, new Set(["ns0/svc0"]), CONFIG);
  assert.equal(result.netlinkRoundTrips, 301);
  assert.equal(result.execs, 11 + 9 + 34 + 0 + 1);
  assert.equal(result.elements, 0);
  assert.deepEqual(result.change, {
    mode: "ipvs",
    virtualServers: [],
    removedServers: [],
    sets: [],
    chains: [],
  });
});

test("syncPartial sends only what differs, when an endpoint is replaced", () => {
  const service = testService("a/b", { clusterIP: "172.30.0.1" });
  const before = stateOf({
    services: [service],
    endpointSlices: [testSlice("a/b", ["10.0.0.1", "10.0.0.2"])],
    nodes: [],
  });
  const after = stateOf({
    services: [service],
    endpointSlices: [testSlice("a/b", ["10.0.0.2", "10.0.0.3"])],
    nodes: [],
  });
  const result = syncPartial(before, after, new Set(["a/b"]), CONFIG);
  const commands = [...result.text()]
    .join("")
    .split("\n")
    .filter((line) => /^-[aAdDE] -t/.test(line));
  assert.deepEqual(commands, [
    "-a -t 172.30.0.1:80 -r 10.0.0.3:80 -m -w 1",
    "-d -t 172.30.0.1:80 -r 10.0.0.1:80",
  ]);
  assert.ok(result.change?.mode === "ipvs");
  assert.deepEqual(
    result.change.virtualServers[0]?.realServers.map(({ ip }) => ip),
    ["10.0.0.2", "10.0.0.3"],
  );
});

test("syncPartial removes a Service whole, and the rules that only it needed", () => {
  const one = testService("a/b", { clusterIP: "172.30.0.1" });
  const two = testService("a/c", { clusterIP: "172.30.0.2", externalIPs: ["203.0.113.9"] });
  const before = stateOf({ services: [one, two], endpointSlices: [], nodes: [] });
  const after = stateOf({ services: [one], endpointSlices: [], nodes: [] });
  const { change } = syncPartial(before, after, new Set(["a/c"]), CONFIG);
  assert.ok(change?.mode === "ipvs");
  assert.deepEqual(
    change.removedServers.map(({ ip }) => ip),
    ["172.30.0.2", "203.0.113.9"],
  );
  assert.deepEqual(
    change.sets.map(({ name, remove }) => [name, ...remove]),
    [
      ["KUBE-CLUSTER-IP", "172.30.0.2,tcp:80"],
      ["KUBE-EXTERNAL-IP", "203.0.113.9,tcp:80"],
      ["KUBE-IPVS-IPS", "172.30.0.2", "203.0.113.9"],
    ],
  );
  assert.deepEqual(
    change.chains.map(({ chain }) => chain.name),
    ["KUBE-SERVICES"],
  );
});

test("modelChange turns any state into any other", () => {
  const seed = 11;
  const prng = new Prng(seed);
  for (let run = 0; run < 40; run++) {
    const from = compileIpvs(stateOf(randomCluster(prng, 6)), CONFIG);
    const to = compileIpvs(stateOf(randomCluster(prng, 6)), CONFIG);
    const change = modelChange(from, to);
    assert.deepEqual(contents(apply(from, change)), contents(to), `seed ${seed} run ${run}`);
  }
});

function apply(model: IpvsModel, change: ReturnType<typeof modelChange>) {
  const servers = new Map(model.virtualServers.map((server) => [serviceText(server), server]));
  for (const server of change.removedServers) servers.delete(serviceText(server));
  for (const server of change.virtualServers) servers.set(serviceText(server), server);
  const sets = new Map(model.ipsets.map(({ name, elements }) => [name, new Set(elements)]));
  for (const { name, add, remove } of change.sets) {
    for (const element of remove) assert.ok(sets.get(name)?.delete(element), `${name} had ${element}`);
    for (const element of add) sets.get(name)?.add(element);
  }
  return {
    virtualServers: [...servers.values()],
    ipsets: [...sets].map(([name, elements]) => ({ name, elements })),
  };
}

function contents({
  virtualServers,
  ipsets,
}: Pick<IpvsModel, "virtualServers"> & { ipsets: readonly { name: string; elements: Set<string> }[] }) {
  return {
    servers: virtualServers.map((server) => JSON.stringify(server)).sort(),
    sets: ipsets.map(({ name, elements }) => [name, ...[...elements].sort()]),
  };
}
