// Which of the configured ways tells local Pods from the rest in the family being compiled.
// Source: kube-proxy cmd/kube-proxy/app/server_linux.go, getLocalDetectors.
import { parseCidr } from "../base/ip.js";
import type { LocalDetector, ProxyConfig } from "./config.js";

/** An interface's name, or the beginning of one. The kernel allows more, but not every rule text can hold it. */
export const INTERFACE_NAME = /^[^\s/"'\\]{1,15}$/;

export type FamilyDetector = Exclude<LocalDetector, { readonly kind: "none" }>;

/** The detector with the proxy's family's CIDR, the first as upstream; null when nothing detects local Pods in it. */
export function localDetectorOf({
  localDetector,
  family,
}: Pick<ProxyConfig, "localDetector" | "family">): FamilyDetector | null {
  if (localDetector.kind === "none") return null;
  if (localDetector.kind !== "cidr") return localDetector;
  const cidr = localDetector.cidrs.find((text) => parseCidr(text)?.family === family);
  return cidr === undefined ? null : { kind: "cidr", cidrs: [cidr] };
}
