// IP addresses and CIDRs as Kubernetes reads and prints them.
// ipaddr.js does the parsing and RFC 5952 printing; what is ours is Go's treatment of leading zeros:
// ParseIPSloppy reads "172.30.0.041" as decimal 41 and prints it back as 172.30.0.41.
import ipaddr from "ipaddr.js";
import { present } from "./assert.js";

/** As in Service.spec.ipFamilies. */
export type Family = "IPv4" | "IPv6";

/** An address as four 32-bit words, most significant first; IPv4 uses word 0 only. */
export type IpWords = readonly [number, number, number, number];

export interface Cidr {
  readonly family: Family;
  /** Canonical text with the host bits cleared, e.g. "10.0.0.0/8". */
  readonly text: string;
  readonly words: IpWords;
  readonly prefixLength: number;
}

/** Canonical text of an address, or null when `text` is none. */
export function canonicalIp(text: string): string | null {
  const trimmed = text.trim();
  return trimmed.includes(":") ? canonicalIpv6(trimmed) : canonicalIpv4(trimmed);
}

/** Canonical text of an address of one family, or null when `text` is none. */
export function canonicalIpOf(text: string, family: Family): string | null {
  const ip = canonicalIp(text);
  return ip !== null && familyOf(ip) === family ? ip : null;
}

/** Family of an address that is known to be valid. */
export function familyOf(ip: string): Family {
  return ip.includes(":") ? "IPv6" : "IPv4";
}

/** Words of a canonical address. @throws {RangeError} when it is not an address. */
export function ipWords(ip: string): IpWords {
  if (!ip.includes(":")) return [ipv4Word(ip), 0, 0, 0];
  const parts = ipaddr.IPv6.parse(ip).parts;
  const word = (index: number) => (((parts[index] as number) << 16) | (parts[index + 1] as number)) >>> 0;
  return [word(0), word(2), word(4), word(6)];
}

/** Canonical text of four words. */
export function ipText(words: IpWords, family: Family): string {
  const [a, b, c, d] = words;
  if (family === "IPv4") return `${a >>> 24}.${(a >>> 16) & 255}.${(a >>> 8) & 255}.${a & 255}`;
  const parts = [a, b, c, d].flatMap((word) => [word >>> 16, word & 0xffff]);
  return new ipaddr.IPv6(parts).toRFC5952String();
}

/** A CIDR, or null when `text` is none. A bare address is its /32 or /128. */
export function parseCidr(text: string): Cidr | null {
  const [address, length, ...rest] = text.trim().split("/");
  if (address === undefined || rest.length > 0) return null;
  const ip = canonicalIp(address);
  if (ip === null) return null;
  const family = familyOf(ip);
  const bits = family === "IPv4" ? 32 : 128;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return null;
  const prefixLength = length === undefined ? bits : Number(length);
  if (prefixLength > bits) return null;
  const words = maskWords(ipWords(ip), prefixLength, family);
  return { family, words, prefixLength, text: `${ipText(words, family)}/${prefixLength}` };
}

/** The CIDR of one canonical address: its /32 or /128. Cheaper than parseCidr. */
export function hostCidr(ip: string): Cidr {
  const family = familyOf(ip);
  const prefixLength = family === "IPv4" ? 32 : 128;
  return { family, words: ipWords(ip), prefixLength, text: `${ip}/${prefixLength}` };
}

export function cidrContains(cidr: Cidr, ip: string): boolean {
  if (familyOf(ip) !== cidr.family) return false;
  const masked = maskWords(ipWords(ip), cidr.prefixLength, cidr.family);
  return masked.every((word, index) => word === cidr.words[index]);
}

/** The netmask of a prefix length, as words. */
export function prefixMask(prefixLength: number, family: Family): IpWords {
  const word = (index: number) => {
    const bits = Math.min(32, Math.max(0, prefixLength - index * 32));
    return bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
  };
  return family === "IPv4" ? [word(0), 0, 0, 0] : [word(0), word(1), word(2), word(3)];
}

/** A CIDR that is known to be one. */
export function knownCidr(text: string): Cidr {
  return present(parseCidr(text), `CIDR ${text}`);
}

/** Whether a canonical address lies in 127.0.0.0/8 or is ::1. */
export function isLoopback(ip: string): boolean {
  return ip === "::1" || ip.startsWith("127.");
}

/** "10.0.0.1:80" or "[fd00::1]:80". */
export function joinHostPort(ip: string, port: number): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** The inverse of joinHostPort, or null. */
export function splitHostPort(text: string): { ip: string; port: number } | null {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text.trim());
  if (!match) return null;
  const ip = canonicalIp(match[1] ?? match[2] ?? "");
  const port = Number(match[3]);
  if (ip === null || port > 65535 || (match[1] !== undefined) !== ip.includes(":")) return null;
  return { ip, port };
}

function maskWords(words: IpWords, prefixLength: number, family: Family): IpWords {
  const mask = prefixMask(prefixLength, family);
  const at = (index: 0 | 1 | 2 | 3) => (words[index] & mask[index]) >>> 0;
  return [at(0), at(1), at(2), at(3)];
}

function ipv4Word(ip: string): number {
  let word = 0;
  let octet = 0;
  for (let index = 0; index < ip.length; index++) {
    const code = ip.charCodeAt(index);
    if (code === 46) {
      word = word * 256 + octet;
      octet = 0;
    } else octet = octet * 10 + code - 48;
  }
  return (word * 256 + octet) >>> 0;
}

function canonicalIpv4(text: string): string | null {
  const match = /^(\d{1,4})\.(\d{1,4})\.(\d{1,4})\.(\d{1,4})$/.exec(text);
  if (!match) return null;
  const octets = match.slice(1).map(Number);
  return octets.every((octet) => octet <= 255) ? octets.join(".") : null;
}

function canonicalIpv6(text: string): string | null {
  if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return null;
  return ipaddr.IPv6.parse(text).toRFC5952String();
}
