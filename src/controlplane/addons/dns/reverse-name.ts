// Names of addresses: 10.244.0.5 is 5.0.244.10.in-addr.arpa (RFC 1035 3.5, RFC 3596 2.5).
import { canonicalIp } from "../../../base/ip.js";

export const REVERSE_ZONES = ["in-addr.arpa", "ip6.arpa"] as const;

export type ReverseName =
  | { readonly kind: "address"; readonly ip: string }
  /** The beginning of addresses, which is a name without records. */
  | { readonly kind: "partial" }
  | { readonly kind: "none" };

/** @param labels what stands before the zone, the last part of the address first */
export function reverseName(labels: readonly string[], zone: (typeof REVERSE_ZONES)[number]): ReverseName {
  const isV4 = zone === "in-addr.arpa";
  const [count, pattern] = isV4 ? [4, /^(0|[1-9]\d{0,2})$/] : [32, /^[0-9a-f]$/];
  if (labels.length > count || !labels.every((label) => pattern.test(label))) return { kind: "none" };
  if (labels.length < count) return { kind: "partial" };
  const parts = labels.toReversed();
  const ip = canonicalIp(isV4 ? parts.join(".") : hextets(parts));
  return ip === null ? { kind: "none" } : { kind: "address", ip };
}

function hextets(nibbles: readonly string[]): string {
  return nibbles.join("").replace(/.{4}(?=.)/g, "$&:");
}
