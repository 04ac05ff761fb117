// All primitives of some flavours.
import type { Flavour } from "./calibration.js";
import { iptablesPrimitives, setPrimitives } from "./iptables-primitives.js";
import { nftablesPrimitives } from "./nftables-primitives.js";
import type { PrimitiveNode } from "./primitive.js";

export function primitivesOf(flavour: Flavour): PrimitiveNode[] {
  switch (flavour) {
    case "iptables-legacy":
      return [...iptablesPrimitives(flavour), ...setPrimitives()];
    case "iptables-nft":
      return iptablesPrimitives(flavour);
    case "nftables":
      return nftablesPrimitives();
  }
}
