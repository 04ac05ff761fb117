// An element's text ("10.96.0.1,tcp:443") -> the key that slots hold.
import { PlumbError } from "../../base/errors.js";
import { type Cidr, type Family, type IpWords, parseCidr } from "../../base/ip.js";
import type { SetType } from "../../netfilter/ipset/model.js";
import { PROTOCOL_NUMBERS, type Protocol } from "../../netfilter/packet.js";

export interface SetKey {
  readonly first: IpWords;
  readonly second: IpWords;
  /** port | protocol << 16 | prefix length << 24. */
  readonly key: number;
  /** Prefix length of the network part; null for types without one. */
  readonly prefixLength: number | null;
}

const ZERO: IpWords = [0, 0, 0, 0];

/** @throws {PlumbError} InvalidInput for a text that is no element of this type */
export function parseElement(text: string, type: SetType, family: Family): SetKey {
  const [head = ""] = text.trim().split(/\s+/);
  const parts = head.split(",");
  const fail = () =>
    new PlumbError(
      "InvalidInput",
      `Cannot encode ipset element '${text}': expected the form of type ${type}, ${family}`,
    );
  const address = (part: string | undefined): IpWords => {
    const cidr = network(part);
    if (cidr.prefixLength !== (family === "IPv4" ? 32 : 128)) throw fail();
    return cidr.words;
  };
  const network = (part: string | undefined): Cidr => {
    const cidr = part === undefined ? null : parseCidr(part);
    if (cidr === null || cidr.family !== family) throw fail();
    return cidr;
  };
  const port = (part: string | undefined): number => {
    const parsed = part === undefined ? null : parsePort(part);
    if (parsed === null) throw fail();
    return parsed;
  };
  switch (type) {
    case "hash:ip":
      return { first: address(parts[0]), second: ZERO, key: 0, prefixLength: null };
    case "hash:net":
      return withNetwork(ZERO, network(parts[0]), 0);
    case "hash:ip,port":
      return { first: address(parts[0]), second: ZERO, key: port(parts[1]), prefixLength: null };
    case "hash:ip,port,ip":
      return { first: address(parts[0]), second: address(parts[2]), key: port(parts[1]), prefixLength: null };
    case "hash:ip,port,net":
      return withNetwork(address(parts[0]), network(parts[2]), port(parts[1]));
    case "bitmap:port":
      return { first: ZERO, second: ZERO, key: port(parts[0]) & 0xffff, prefixLength: null };
  }
}

function withNetwork(first: IpWords, network: Cidr, port: number): SetKey {
  const { words, prefixLength } = network;
  return { first, second: words, key: (port | (prefixLength << 24)) >>> 0, prefixLength };
}

/** "tcp:443" or "443" (tcp) -> port | protocol << 16. */
function parsePort(text: string): number | null {
  const match = /^(?:([a-z0-9]+):)?(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const port = Number(match[2]);
  const protocol = PROTOCOL_NUMBERS[(match[1] ?? "tcp") as Protocol] as number | undefined;
  return port > 65535 || protocol === undefined ? null : port | (protocol << 16);
}
