import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallNode } from "../../measure/cpu-profile.js";
import { frameKind, visibleFrames } from "./flame-frames.js";

const leaf = (frame: string, us: number): CallNode => ({ frame, selfUs: us, totalUs: us, children: [] });

test("visibleFrames leaves out what is narrower than the least share", () => {
  const root: CallNode = {
    frame: "(root)",
    selfUs: 0,
    totalUs: 1000,
    children: [leaf("wide", 999), leaf("narrow", 1)],
  };
  assert.equal(visibleFrames(root, { shareMin: 0.001, framesMax: 10 }).count, 3);
  const { root: seen, count } = visibleFrames(root, { shareMin: 0.002, framesMax: 10 });
  assert.deepEqual(
    seen.children.map(({ frame }) => frame),
    ["wide"],
  );
  assert.equal(count, 2);
});

test("visibleFrames raises the least share until the frames are few enough, and says it", () => {
  const children = Array.from({ length: 400 }, (_, index) => leaf(`f${index}`, 400 - index));
  const totalUs = children.reduce((sum, child) => sum + child.totalUs, 0);
  const frames = visibleFrames(
    { frame: "(root)", selfUs: 0, totalUs, children },
    { shareMin: 0.0001, framesMax: 50 },
  );
  assert.ok(frames.count <= 50, `${frames.count} frames`);
  assert.ok(frames.shareMin > 0.0001);
  assert.equal(frames.root.children.length, frames.count - 1);
});

test("frameKind tells whose code a frame is", () => {
  assert.equal(frameKind("asm/scheduler/filter/filterFit (wasm)"), "wasm");
  assert.equal(frameKind("decide src/scheduler/cycle.js:10"), "own");
  assert.equal(frameKind("parse node_modules/yaml/dist/parse.js:3"), "package");
  assert.equal(frameKind("post node:inspector:92"), "node");
  assert.equal(frameKind("(garbage collector)"), "engine");
  assert.equal(frameKind("sort"), "engine");
});
