// How scenario sources are laid over each other. ${param} and `extends` are the language's own reuse.
import { joinPath, type SourceNode } from "../base/document/source-tree.js";

/** The node below these keys, or null. */
export function findNode(node: SourceNode, path: readonly string[]): SourceNode | null {
  const [step, ...rest] = path;
  if (step === undefined) return node;
  const child = node.kind === "map" ? node.entries.get(step)?.node : undefined;
  return child === undefined ? null : findNode(child, rest);
}

/**
 * `over` laid on `base`: maps merge key by key, everything else replaces; null takes a key away (RFC 7386).
 * Naming another source of cluster objects replaces the one that was there.
 */
export function mergeSource(base: SourceNode, over: SourceNode, path = ""): SourceNode {
  if (base.kind !== "map" || over.kind !== "map") return over;
  const entries = new Map(base.entries);
  if (path === "spec.cluster" && CLUSTER_SOURCES.some((key) => over.entries.has(key))) {
    for (const key of CLUSTER_SOURCES) if (!over.entries.has(key)) entries.delete(key);
  }
  for (const [key, { keyAt, node }] of over.entries) {
    const below = entries.get(key);
    if (node.kind === "scalar" && node.value === null) entries.delete(key);
    else entries.set(key, { keyAt, node: below ? mergeSource(below.node, node, joinPath(path, key)) : node });
  }
  return { ...over, entries };
}

/** The keys of spec.cluster that say where objects come from; a scenario has exactly one. */
export const CLUSTER_SOURCES = ["services", "manifests", "iptablesSave"] as const;
