// How traffic of Pods on this node is recognised, as an nftables match.
// Source: kube-proxy pkg/proxy/util/localdetector.go, IfLocalNFT and IfNotLocalNFT.
import { parseCidr } from "../../base/ip.js";
import type { NftStatement } from "../../netfilter/nftables/model.js";
import type { LocalDetector, ProxyConfig } from "../config.js";
import { match, matchNot } from "./rules.js";

type Detector = Exclude<LocalDetector, { readonly kind: "none" }>;

/** The detector of the family being compiled, or null when there is none for it. */
export function localDetectorFor(config: ProxyConfig): Detector | null {
  const detector = config.localDetector;
  if (detector.kind === "none") return null;
  if (detector.kind !== "cidr") return detector;
  const cidrs = detector.cidrs.filter((text) => parseCidr(text)?.family === config.family);
  return cidrs.length > 0 ? { kind: "cidr", cidrs } : null;
}

export function detectorStatement(detector: Detector, when: "local" | "not-local"): NftStatement {
  const matching = when === "local" ? match : matchNot;
  switch (detector.kind) {
    case "cidr":
      return matching("ip saddr", detector.cidrs);
    case "bridge":
      return matching("iifname", [detector.interface]);
    case "prefix":
      return matching("iifname", [`${detector.prefix}*`]);
  }
}
