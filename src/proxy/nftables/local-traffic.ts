// How traffic of Pods on this node is recognised, as an nftables match.
// Source: kube-proxy pkg/proxy/util/localdetector.go, IfLocalNFT and IfNotLocalNFT.
import type { NftStatement } from "../../netfilter/nftables/model.js";
import type { FamilyDetector } from "../local-detector.js";
import { match, matchNot } from "./rules.js";

export function detectorStatement(detector: FamilyDetector, when: "local" | "not-local"): NftStatement {
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
