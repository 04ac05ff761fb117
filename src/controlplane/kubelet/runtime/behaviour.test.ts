import assert from "node:assert/strict";
import test from "node:test";
import { samplePod, sampleContainer } from "../pod/sample-pods.test-data.js";
import { readBehaviour } from "./behaviour.js";
import { canonicalImage, imageOf } from "./images.js";
import { PodAddresses } from "./pod-addresses.js";
import { ANNOTATION_RUN, containerPlan, INSTANT_PROFILE } from "./profile.js";

test("readBehaviour reads clauses and refuses what is none", () => {
  const behaviour = readBehaviour("exit 1 after 5s; memory 50Mi; memory 2Gi after 1m; cpu 200m; ignore-term");
  assert.deepEqual(behaviour.exit, { code: 1, afterMs: 5000 });
  assert.deepEqual(behaviour.memory, [
    { afterMs: 0, bytes: 50 * 1024 ** 2 },
    { afterMs: 60_000, bytes: 2 * 1024 ** 3 },
  ]);
  assert.equal(behaviour.cpuMilli, 200);
  assert.equal(behaviour.ignoresTerm, true);
  assert.throws(() => readBehaviour("explode"), /'explode' is not a clause/);
});

test("containerPlan goes by annotation, then rules, then image and command", () => {
  const plan = (image: string, command?: string[], annotation?: string) => {
    const container = sampleContainer("web", { image, ...(command === undefined ? {} : { command }) });
    const annotations = annotation === undefined ? {} : { annotations: { [ANNOTATION_RUN]: annotation } };
    const rules = [{ image: "flaky", run: "exit 9 after 1s" }];
    return containerPlan(samplePod({ containers: [container] }, annotations), container, {
      ...INSTANT_PROFILE,
      rules,
    });
  };
  assert.equal(plan("nginx").script, null);
  assert.deepEqual(plan("busybox").script, ["sh"]);
  assert.deepEqual(plan("busybox:1.36", ["sleep", "5"]).script, ["sleep", "5"]);
  assert.equal(plan("nginx", ["nginx-debug"]).script, null);
  assert.equal(plan("example.com/flaky:1").behaviour.exit?.code, 9);
  assert.equal(plan("busybox", ["sleep", "5"], "exit 2").script, null);
  assert.equal(plan("nginx", undefined, "exit 2").behaviour.exit?.code, 2);
  assert.match(plan("nginx", undefined, "nonsense").behaviour.failsStart ?? "", /not a clause/);
});

test("imageOf names images in full and refuses what is no name", () => {
  assert.equal(canonicalImage("nginx"), "docker.io/library/nginx:latest");
  assert.equal(canonicalImage("bitnami/redis:7"), "docker.io/bitnami/redis:7");
  assert.equal(canonicalImage("registry.k8s.io/pause:3.10"), "registry.k8s.io/pause:3.10");
  assert.match(imageOf("nginx:1.27")?.ref ?? "", /^docker.io\/library\/nginx@sha256:[0-9a-f]{64}$/);
  assert.equal(imageOf("Not An Image"), null);
});

test("PodAddresses gives each address once, and takes them back", () => {
  const pool = PodAddresses.of("10.244.3.0/29");
  const taken = Array.from({ length: 6 }, () => pool?.take());
  assert.deepEqual(taken, ["10.244.3.2", "10.244.3.3", "10.244.3.4", "10.244.3.5", "10.244.3.6", null]);
  pool?.release("10.244.3.4");
  assert.equal(pool?.take(), "10.244.3.4");
});

test("PodAddresses keeps an address that the same host number of another range is given back for", () => {
  const pool = PodAddresses.of("fd00:1::/125");
  const taken = Array.from({ length: 6 }, () => pool?.take());
  assert.deepEqual(taken.slice(0, 2), ["fd00:1::2", "fd00:1::3"]);
  pool?.release("fd00:2::3");
  assert.equal(pool?.take(), null);
});
