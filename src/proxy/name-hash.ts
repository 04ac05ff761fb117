// The hash that names of generated chains carry: the first characters of a SHA-256 in base32 (RFC 4648 alphabet).
// Source: kube-proxy pkg/proxy/iptables/proxier.go, portProtoHash; pkg/proxy/nftables/proxier.go, hashAndTruncate.
import { hash } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * The first characters of base32(sha256(text)), upper case.
 *
 * @param length 1..51; the padding is never reached
 */
export function hashBase32(text: string, length: number): string {
  const digest = hash("sha256", text, "binary");
  let result = "";
  let bits = 0;
  let bitsCount = 0;
  for (let next = 0; result.length < length; next++) {
    bits = ((bits << 8) | digest.charCodeAt(next)) & 0xfff;
    bitsCount += 8;
    while (bitsCount >= 5 && result.length < length) {
      bitsCount -= 5;
      result += ALPHABET[(bits >>> bitsCount) & 31];
    }
  }
  return result;
}
