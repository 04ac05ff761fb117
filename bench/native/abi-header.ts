// asm/abi as a C header: the twins take every layout and code from the same file as both compilers.
import * as conntrack from "../../asm/abi/conntrack.js";
import * as context from "../../asm/abi/context.js";
import * as image from "../../asm/abi/image.js";
import * as ipset from "../../asm/abi/ipset.js";
import * as iptables from "../../asm/abi/iptables.js";
import * as packet from "../../asm/abi/packet.js";

export function abiHeader(): string {
  const constants = Object.entries({ ...conntrack, ...context, ...image, ...ipset, ...iptables, ...packet });
  return ["#pragma once", ...constants.map(([name, value]) => `#define ${name} ${value}`), ""].join("\n");
}
