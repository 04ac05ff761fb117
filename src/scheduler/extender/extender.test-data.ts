// Extenders for tests, and what they answer.
import type { ExtenderConfig } from "../config/configuration.js";
import type { ExtenderReply } from "./extender.js";

/** Filters and prioritizes by names of nodes, unless told otherwise. */
export function extender(changes: Partial<ExtenderConfig> = {}): ExtenderConfig {
  return {
    urlPrefix: "http://e",
    filterVerb: "filter",
    preemptVerb: null,
    prioritizeVerb: "prioritize",
    weight: 1,
    bindVerb: null,
    enableHTTPS: false,
    tlsConfig: null,
    httpTimeoutNs: 0 as ExtenderConfig["httpTimeoutNs"],
    nodeCacheCapable: true,
    managedResources: [],
    ignorable: false,
    ...changes,
  };
}

export const ok = (value: unknown): ExtenderReply => ({ ok: true, value });
export const failed: ExtenderReply = { ok: false, error: "connection refused" };
