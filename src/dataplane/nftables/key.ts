// Keys of named sets and maps: element texts, and the packet fields that are looked up, as the words that are compared.
// At most two addresses, one protocol and one port: what kube-proxy concatenates.
import { type Family, type IpWords, canonicalIp, familyOf, ipWords } from "../../base/ip.js";
import { PlumbError } from "../../base/errors.js";
import type { NftField, NftType } from "../../netfilter/nftables/model.js";
import { PROTOCOL_NUMBERS } from "../../netfilter/packet.js";
import {
  NFT_KEY_FIRST,
  NFT_KEY_FIRST_IS_DESTINATION,
  NFT_KEY_PORT,
  NFT_KEY_PORT_IS_DESTINATION,
  NFT_KEY_PROTOCOL,
  NFT_KEY_SECOND,
  NFT_KEY_SECOND_IS_DESTINATION,
} from "../../../asm/abi/nftables.js";

export interface Key {
  readonly first: IpWords;
  readonly second: IpWords;
  /** protocol << 16 | port. */
  readonly service: number;
}

const NO_ADDRESS: IpWords = [0, 0, 0, 0];

/** An element's text, "10.96.0.1 . tcp . 80". @throws {PlumbError} InvalidInput when it does not fit the type */
export function parseKey(text: string, type: readonly NftType[], family: Family): Key {
  const parts = text.split(" . ");
  if (parts.length !== type.length) throw malformed(text, type);
  const addresses: IpWords[] = [];
  let service = 0;
  for (const [index, kind] of type.entries()) {
    const part = parts[index] as string;
    if (kind === "addr") addresses.push(addressOf(part, text, type, family));
    else service |= kind === "inet_proto" ? protocolNumber(part) << 16 : portOf(part, text, type);
  }
  return { first: addresses[0] ?? NO_ADDRESS, second: addresses[1] ?? NO_ADDRESS, service };
}

/** NFT_KEY_ bits of the fields that a rule concatenates. @throws {PlumbError} Unsupported for other concatenations */
export function keyParts(fields: readonly NftField[]): number {
  let parts = 0;
  for (const field of fields) {
    const bits = partBits(field, parts);
    if (bits === 0 || (parts & bits) !== 0) {
      throw new PlumbError(
        "Unsupported",
        `Cannot encode the key '${fields.join(" . ")}': at most two addresses, one protocol and one port`,
      );
    }
    parts |= bits;
  }
  return parts;
}

/** Number of a protocol by name or number text. @throws {PlumbError} InvalidInput when it is neither */
export function protocolNumber(name: string): number {
  const number =
    (PROTOCOL_NUMBERS as Record<string, number>)[name] ?? (/^\d{1,3}$/.test(name) ? Number(name) : 256);
  if (number > 255)
    throw new PlumbError(
      "InvalidInput",
      `Cannot encode protocol '${name}': expected a name or number below 256`,
    );
  return number;
}

function partBits(field: NftField, parts: number): number {
  switch (field) {
    case "ip saddr":
      return (parts & NFT_KEY_FIRST) === 0 ? NFT_KEY_FIRST : NFT_KEY_SECOND;
    case "ip daddr":
      return (parts & NFT_KEY_FIRST) === 0
        ? NFT_KEY_FIRST | NFT_KEY_FIRST_IS_DESTINATION
        : NFT_KEY_SECOND | NFT_KEY_SECOND_IS_DESTINATION;
    case "meta l4proto":
      return NFT_KEY_PROTOCOL;
    case "th sport":
      return NFT_KEY_PORT;
    case "th dport":
      return NFT_KEY_PORT | NFT_KEY_PORT_IS_DESTINATION;
    case "iifname":
      return 0;
  }
}

function addressOf(part: string, text: string, type: readonly NftType[], family: Family): IpWords {
  const ip = canonicalIp(part);
  if (ip === null || familyOf(ip) !== family) throw malformed(text, type);
  return ipWords(ip);
}

function portOf(part: string, text: string, type: readonly NftType[]): number {
  if (!/^\d{1,5}$/.test(part) || Number(part) > 65535) throw malformed(text, type);
  return Number(part);
}

function malformed(text: string, type: readonly NftType[]): PlumbError {
  return new PlumbError("InvalidInput", `Cannot encode element '${text}': expected ${type.join(" . ")}`);
}
