// V8's .cpuprofile -> folded stacks, self time per function, and the tree of calls.
// A profile is a tree of call frames plus a list of samples (leaf node id, time since the sample before); a sample's
// time belongs to its leaf's self time and to the stack from the root to it. Cost: O(nodes + samples).
// Source: Chrome DevTools Protocol, Profiler.Profile.
import { PlumbError } from "../base/errors.js";

export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[] | undefined;
}

export interface SelfTime {
  /** "evaluate (wasm)" or "compile src/proxy/iptables/compile.js:12". */
  readonly frame: string;
  readonly microseconds: number;
  /** Of all samples, 0..1. */
  readonly share: number;
}

/** A function as called by the functions above it; calls of one function by another are one node. */
export interface CallNode {
  readonly frame: string;
  /** Microseconds in the function itself, and with all it called. */
  readonly selfUs: number;
  readonly totalUs: number;
  /** Most time first. */
  readonly children: readonly CallNode[];
}

const IDLE = "(idle)";

/** @throws {PlumbError} InvalidInput when the text is no CPU profile. */
export function parseCpuProfile(text: string, file: string): CpuProfile {
  const broken = (why: string) =>
    new PlumbError("InvalidInput", `${file}:1:1: ${why}, expected a V8 CPU profile`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken("not JSON");
  }
  const profile = value as Partial<CpuProfile>;
  if (
    !Array.isArray(profile.nodes) ||
    !Array.isArray(profile.samples) ||
    !Array.isArray(profile.timeDeltas)
  ) {
    throw broken("nodes, samples or timeDeltas missing");
  }
  return profile as CpuProfile;
}

/** "root;caller;leaf 1234" lines (microseconds), as flame graph tools read them, sorted. */
export function foldedStacks(profile: CpuProfile): string[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])),
  );
  const stackOf = (id: number): string => {
    const frames: string[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const node = nodes.get(at);
      if (node) frames.push(frameName(node));
    }
    return frames.reverse().join(";");
  };
  return [...timeByNode(profile)].map(([id, microseconds]) => `${stackOf(id)} ${microseconds}`).sort();
}

/** Self time per function, largest first. */
export function selfTimes(profile: CpuProfile): SelfTime[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const byFrame = new Map<string, number>();
  let total = 0;
  for (const [id, microseconds] of timeByNode(profile)) {
    const node = nodes.get(id);
    const frame = node ? frameName(node) : "(unknown)";
    byFrame.set(frame, (byFrame.get(frame) ?? 0) + microseconds);
    total += microseconds;
  }
  return [...byFrame]
    .map(([frame, microseconds]) => ({ frame, microseconds, share: total === 0 ? 0 : microseconds / total }))
    .sort((a, b) => b.microseconds - a.microseconds);
}

/** Everything that ran, as one tree; time in which nothing did is left out. Recursion is as deep as the stacks. */
export function callTree(profile: CpuProfile): CallNode {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const times = timeByNode(profile);
  const merge = (frame: string, same: readonly ProfileNode[]): CallNode => {
    const byFrame = new Map<string, ProfileNode[]>();
    for (const id of same.flatMap(({ children }) => children ?? [])) {
      const child = nodes.get(id);
      if (child === undefined) continue;
      const name = frameName(child);
      if (name !== IDLE) byFrame.set(name, [...(byFrame.get(name) ?? []), child]);
    }
    const children = [...byFrame]
      .map(([name, among]) => merge(name, among))
      .sort((a, b) => b.totalUs - a.totalUs || (a.frame < b.frame ? -1 : 1));
    const selfUs = same.reduce((sum, { id }) => sum + (times.get(id) ?? 0), 0);
    return { frame, selfUs, totalUs: children.reduce((sum, { totalUs }) => sum + totalUs, selfUs), children };
  };
  const called = new Set(profile.nodes.flatMap(({ children }) => children ?? []));
  return merge(
    "(root)",
    profile.nodes.filter(({ id }) => !called.has(id)),
  );
}

function timeByNode(profile: CpuProfile): Map<number, number> {
  const times = new Map<number, number>();
  profile.samples.forEach((id, index) => {
    times.set(id, (times.get(id) ?? 0) + Math.max(0, profile.timeDeltas[index] ?? 0));
  });
  return times;
}

function frameName({ callFrame }: ProfileNode): string {
  const name = callFrame.functionName === "" ? "(anonymous)" : callFrame.functionName;
  if (callFrame.url.startsWith("wasm:")) return `${name} (wasm)`;
  if (callFrame.url === "") return name;
  const file = callFrame.url
    .replace(/^file:\/\/.*?\/(?=(?:dist[^/]*|node_modules)\/)/, "")
    .replace(/^dist[^/]*\//, "");
  return `${name} ${file}:${callFrame.lineNumber + 1}`.replaceAll(";", ",");
}
