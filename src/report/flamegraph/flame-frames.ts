// A call tree cut down to what a page can show: frames too narrow to see are left out, and so many more that the page
// stays small. Cost: a walk over the tree per try; the bound grows by half each time, so there are few.
import type { CallNode } from "../../measure/cpu-profile.js";

/** Whose code a frame is. */
export const FRAME_KINDS = {
  wasm: "WebAssembly",
  own: "this program",
  package: "packages",
  node: "Node.js",
  engine: "engine and built-in functions",
} as const;
export type FrameKind = keyof typeof FRAME_KINDS;

export interface FlameFrames {
  readonly root: CallNode;
  readonly count: number;
  /** Frames below this share of all time are left out. */
  readonly shareMin: number;
}

interface FlameLimits {
  readonly shareMin: number;
  readonly framesMax: number;
}

/** @param tree must hold some time */
export function visibleFrames(tree: CallNode, { shareMin, framesMax }: FlameLimits): FlameFrames {
  let share = shareMin;
  while (countAbove(tree, share * tree.totalUs) > framesMax) share *= 1.5;
  const leastUs = share * tree.totalUs;
  return { root: cut(tree, leastUs), count: countAbove(tree, leastUs), shareMin: share };
}

export function frameKind(frame: string): FrameKind {
  if (frame.endsWith(" (wasm)")) return "wasm";
  if (frame.includes(" node:")) return "node";
  if (frame.includes(" node_modules/")) return "package";
  return /\.[cm]?[jt]s:\d+$/.test(frame) ? "own" : "engine";
}

function cut(node: CallNode, leastUs: number): CallNode {
  const seen = node.children.filter(({ totalUs }) => totalUs >= leastUs);
  return { ...node, children: seen.map((child) => cut(child, leastUs)) };
}

function countAbove(node: CallNode, leastUs: number): number {
  return node.children.reduce(
    (sum, child) => sum + (child.totalUs < leastUs ? 0 : countAbove(child, leastUs)),
    1,
  );
}
