// Which of the configured ways tells local Pods from the rest in the family being compiled.
// Source: kube-proxy cmd/kube-proxy/app/server_linux.go, getLocalDetectors.
import { parseCidr } from "../base/ip.js";
import type { LocalDetector, ProxyConfig } from "./config.js";

export type FamilyDetector = Exclude<LocalDetector, { readonly kind: "none" }>;

/** The detector with the CIDRs of the proxy's family only; null when nothing detects local Pods in this family. */
export function localDetectorOf({
  localDetector,
  family,
}: Pick<ProxyConfig, "localDetector" | "family">): FamilyDetector | null {
  if (localDetector.kind === "none") return null;
  if (localDetector.kind !== "cidr") return localDetector;
  const cidrs = localDetector.cidrs.filter((text) => parseCidr(text)?.family === family);
  return cidrs.length > 0 ? { kind: "cidr", cidrs } : null;
}
