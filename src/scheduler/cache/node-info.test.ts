import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodSpec } from "../../api/types.js";
import { node, pod, requesting } from "../plugins/cluster.test-data.js";
import { claimKeys, type NodeInfo } from "./node-info.js";

const MIB = 2 ** 20;
const apart = { labelSelector: {}, topologyKey: "zone" };
const lonely: PodSpec = {
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apart] } },
};
const social: PodSpec = {
  affinity: {
    podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: apart }] },
  },
};
const onPort: PodSpec = { containers: [{ ports: [{ containerPort: 80, hostPort: 80 }] }] };
const withClaims: PodSpec = {
  volumes: [
    { name: "a", persistentVolumeClaim: { claimName: "data" } },
    { name: "b", ephemeral: {} },
  ],
};

/** All that is summed, as plain data. */
function sums({ requested, nonZeroRequested, usedPorts, claimRefs, pods, ...lists }: NodeInfo) {
  return {
    milliCpu: requested.milliCpu,
    memory: requested.memory,
    gpus: requested.get("example.com/gpu"),
    nonZero: { ...nonZeroRequested },
    ports: usedPorts.map(({ port }) => port),
    claims: Object.fromEntries(claimRefs),
    pods: pods.map(({ uid }) => uid),
    withAffinity: lists.podsWithAffinity.map(({ uid }) => uid),
    withAntiAffinity: lists.podsWithRequiredAntiAffinity.map(({ uid }) => uid),
  };
}

test("NodeInfo sums up its Pods, as they come and go", () => {
  const info = node("n");
  const nothing = sums(info);
  const pods = [
    pod("plain", requesting({ cpu: "1", memory: "100Mi", "example.com/gpu": "2" })),
    pod("lonely", lonely),
    pod("social", social),
    pod("port", onPort),
    pod("claims", withClaims),
    pod("also-claims", withClaims),
  ];
  for (const each of pods) info.add(each);
  assert.deepEqual(sums(info), {
    milliCpu: 1000,
    memory: 100 * MIB,
    gpus: 2,
    nonZero: { milliCpu: 1100, memory: 300 * MIB },
    ports: [80],
    claims: { "default/data": 2, "default/claims-b": 1, "default/also-claims-b": 1 },
    pods: pods.map(({ uid }) => uid),
    withAffinity: ["lonely", "social"],
    withAntiAffinity: ["lonely"],
  });
  for (const each of pods.reverse()) info.remove(each);
  assert.deepEqual(sums(info), nothing);
});

test("NodeInfo.clone can be changed without the original, and leaves out Pods that are not kept", () => {
  const info = node("n", {}, [pod("a", requesting({ cpu: "1" })), pod("b", lonely)]);
  const before = sums(info);
  const copy = info.clone(({ uid }) => uid === "a");
  assert.deepEqual(sums(copy).pods, ["a"]);
  copy.add(pod("c", onPort));
  assert.deepEqual(sums(info), before);
  assert.equal(copy.allocatable, info.allocatable);
});

test("NodeInfo.exchange puts the newer object into every list, when a Pod was read again", () => {
  const before = pod("p", lonely);
  const after = { ...before };
  const info = node("n", {}, [pod("first"), before]);
  info.exchange(before, after);
  for (const list of [info.pods, info.podsWithAffinity, info.podsWithRequiredAntiAffinity])
    assert.equal(list.at(-1), after);
});

test("NodeInfo.portsConflict minds addresses and protocols, and 0.0.0.0 is all addresses", () => {
  const info = node("n", {}, [
    pod("p", { containers: [{ ports: [{ containerPort: 1, hostPort: 80, hostIP: "10.0.0.1" }] }] }),
  ]);
  const rows: readonly (readonly [ip: string, protocol: string, port: number, conflicts: boolean])[] = [
    ["10.0.0.1", "TCP", 80, true],
    ["0.0.0.0", "TCP", 80, true],
    ["10.0.0.2", "TCP", 80, false],
    ["10.0.0.1", "UDP", 80, false],
    ["10.0.0.1", "TCP", 81, false],
  ];
  for (const [ip, protocol, port, conflicts] of rows)
    assert.equal(info.portsConflict({ ip, protocol, port }), conflicts, `${ip} ${protocol} ${port}`);
});

test("NodeInfo.remove stops, when the Pod is not there", () => {
  assert.throws(() => node("n").remove(pod("stranger")), /stranger is not on node n/);
});

test("claimKeys names claims and those made for ephemeral volumes, and nothing else", () => {
  const spec: PodSpec = { volumes: [...(withClaims.volumes ?? []), { name: "c", emptyDir: {} } as never] };
  assert.deepEqual(claimKeys(pod("p", spec, { namespace: "team" })), ["team/data", "team/p-b"]);
});
