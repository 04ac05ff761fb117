import assert from "node:assert/strict";
import { test } from "node:test";
import { CycleState } from "../../framework/cycle-state.js";
import { handle, node, pod } from "../cluster.test-data.js";
import { createImageLocality, localityScore } from "./image-locality.js";

const MIB = 1024 * 1024;

test("localityScore is held between 23 MiB and 1000 MiB a container", () => {
  assert.equal(localityScore(0, 1), 0);
  assert.equal(localityScore(23 * MIB, 1), 0);
  // 100 * (250 - 23) / (1000 - 23) = 23.2
  assert.equal(localityScore(250 * MIB, 1), 23);
  assert.equal(localityScore(4000 * MIB, 1), 100);
  // 100 * (1000 - 23) / (2000 - 23) = 49.4
  assert.equal(localityScore(1000 * MIB, 2), 49);
});

test("ImageLocality weighs images by their spread, and volumes add bytes but no container", () => {
  const images = { "web:latest": 1000 * MIB, "reg.io:5000/db:v1": 600 * MIB, "data:1": 200 * MIB };
  const nodes = [
    node("a", { images }),
    node("b", { images: { "web:latest": 1000 * MIB } }),
    node("c"),
    node("d"),
  ];
  const { score } = createImageLocality(handle(nodes));
  const scores = (spec: Parameters<typeof pod>[1]) =>
    nodes.map((each) => score(new CycleState(), pod("p", spec), each));
  // 1000 MiB on 2 of 4 nodes: 100 * (500 - 23) / 977 = 48.8
  assert.deepEqual(scores({ containers: [{ image: "web" }] }), [48, 48, 0, 0]);
  // 500 + 600/4 = 650: 100 * (650 - 23) / 1977 = 31.7; 100 * (500 - 23) / 1977 = 24.1
  const two = { containers: [{ image: "web" }], initContainers: [{ image: "reg.io:5000/db:v1" }] };
  assert.deepEqual(scores(two), [31, 24, 0, 0]);
  // 500 + 200/4 = 550: 100 * (550 - 23) / 977 = 53.9
  const volumes = [{ name: "v", image: { reference: "data:1" } }];
  assert.deepEqual(scores({ containers: [{ image: "web" }], volumes }), [53, 48, 0, 0]);
});
