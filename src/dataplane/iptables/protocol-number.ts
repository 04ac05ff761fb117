// Protocol names as rules write them -> the number in a packet record.
import { PROTOCOL_NUMBERS, type Protocol } from "../../netfilter/packet.js";

/** A number that no packet has: for a protocol whose packets are not modelled. */
const PROTOCOL_NEVER = 254;

export function protocolNumber(name: string): number {
  const known = PROTOCOL_NUMBERS[name as Protocol] as number | undefined;
  if (known !== undefined) return known;
  if (name === "ipv6-icmp" || name === "icmp6") return PROTOCOL_NUMBERS.icmpv6;
  const number = Number(name);
  return Number.isInteger(number) && number > 0 && number < PROTOCOL_NEVER ? number : PROTOCOL_NEVER;
}
