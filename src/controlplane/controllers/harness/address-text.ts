// Addresses as numbers -> as text.
import ipaddr from "ipaddr.js";

/** 32 or 128 bits -> "10.0.0.1", "fd00::1". */
export function addressText(address: bigint, bits: number): string {
  const hex = address.toString(16).padStart(bits / 4, "0");
  return ipaddr.fromByteArray([...Buffer.from(hex, "hex")]).toString();
}
