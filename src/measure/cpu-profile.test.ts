import assert from "node:assert/strict";
import { test } from "node:test";
import { callTree, foldedStacks, parseCpuProfile, selfTimes, type CpuProfile } from "./cpu-profile.js";

const frame = (functionName: string, url = "") => ({ functionName, url, lineNumber: 4 });
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2] },
    { id: 2, callFrame: frame("main", "file:///home/x/dist/src/cli/main.js"), children: [3] },
    { id: 3, callFrame: frame("asm/iptables/walk", "wasm://wasm/abc") },
  ],
  samples: [2, 3, 3],
  timeDeltas: [10, 20, 30],
};

test("foldedStacks writes one line per stack with its microseconds", () => {
  assert.deepEqual(foldedStacks(PROFILE), [
    "(root);main src/cli/main.js:5 10",
    "(root);main src/cli/main.js:5;asm/iptables/walk (wasm) 50",
  ]);
});

test("selfTimes ranks functions by their own time", () => {
  const [first, second] = selfTimes(PROFILE);
  assert.equal(first?.frame, "asm/iptables/walk (wasm)");
  assert.equal(first?.share, 50 / 60);
  assert.equal(second?.microseconds, 10);
});

test("callTree adds up calls of one function by another, most time first, without idle time", () => {
  const profile: CpuProfile = {
    nodes: [
      { id: 1, callFrame: frame("(root)"), children: [2, 6] },
      { id: 2, callFrame: frame("main"), children: [3, 4, 5] },
      { id: 3, callFrame: frame("score") },
      { id: 4, callFrame: frame("filter") },
      { id: 5, callFrame: frame("filter") },
      { id: 6, callFrame: frame("(idle)") },
    ],
    samples: [2, 3, 4, 5, 6],
    timeDeltas: [1, 20, 15, 10, 500],
  };
  const leaf = (name: string, us: number) => ({ frame: name, selfUs: us, totalUs: us, children: [] });
  assert.deepEqual(callTree(profile), {
    frame: "(root)",
    selfUs: 0,
    totalUs: 46,
    children: [{ frame: "main", selfUs: 1, totalUs: 46, children: [leaf("filter", 25), leaf("score", 20)] }],
  });
});

test("parseCpuProfile refuses what is no profile, naming the file", () => {
  assert.throws(
    () => parseCpuProfile("{", "x.cpuprofile"),
    /x\.cpuprofile:1:1: not JSON, expected a V8 CPU profile/,
  );
  assert.throws(() => parseCpuProfile("{}", "x.cpuprofile"), /nodes, samples or timeDeltas missing/);
});
