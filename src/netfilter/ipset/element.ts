// One element of a set: its text as `ipset save` prints it, taken apart.
import { type Cidr, canonicalIp, parseCidr } from "../../base/ip.js";
import type { SetType } from "./model.js";

const SET_PROTOCOLS = ["tcp", "udp", "sctp"] as const;
export type SetProtocol = (typeof SET_PROTOCOLS)[number];

/** The dimensions that the set's type has; the others are null. */
export interface SetElement {
  readonly ip: string | null;
  readonly protocol: SetProtocol | null;
  readonly port: number | null;
  /** Third dimension of hash:ip,port,ip. */
  readonly secondIp: string | null;
  /** The network of hash:net (first dimension) and hash:ip,port,net (third). */
  readonly net: Cidr | null;
  /** An exception: the most specific element decides, and this one says no. */
  readonly nomatch: boolean;
}

/** What each type's elements look like, for messages. */
export const ELEMENT_FORMS: Readonly<Record<SetType, string>> = {
  "hash:ip": "ADDRESS",
  "hash:net": "ADDRESS/LENGTH [nomatch]",
  "hash:ip,port": "ADDRESS,tcp:PORT",
  "hash:ip,port,ip": "ADDRESS,tcp:PORT,ADDRESS",
  "hash:ip,port,net": "ADDRESS,tcp:PORT,ADDRESS/LENGTH [nomatch]",
  "bitmap:port": "PORT",
};

/** Take an element text apart; null when it is not one of that type. A port without a protocol is TCP's. */
export function parseElement(type: SetType, text: string): SetElement | null {
  const [key = "", flag, ...rest] = text.split(" ");
  const nomatch = flag === "nomatch";
  if (rest.length > 0 || (flag !== undefined && !(nomatch && type.endsWith("net")))) return null;
  const parts = key.split(",");
  const dimensions = dimensionsOf(type);
  if (parts.length !== dimensions.length) return null;
  let element: SetElement = { ip: null, protocol: null, port: null, secondIp: null, net: null, nomatch };
  for (const [index, dimension] of dimensions.entries()) {
    const part = readDimension(dimension, parts[index] as string, {
      isFirst: index === 0,
      isBitmap: type === "bitmap:port",
    });
    if (part === null) return null;
    element = { ...element, ...part };
  }
  return element;
}

/** The text of an element, as `ipset save` prints it: a network of one address without its length. */
export function elementText(type: SetType, element: SetElement): string {
  const parts = dimensionsOf(type).map((dimension, index) => {
    if (dimension === "port")
      return element.protocol === null ? `${element.port}` : `${element.protocol}:${element.port}`;
    if (dimension === "net") return netText(element.net as Cidr);
    return index === 0 ? element.ip : element.secondIp;
  });
  return parts.join(",") + (element.nomatch ? " nomatch" : "");
}

/** "hash:ip,port,net" -> ip, port, net. */
export function dimensionsOf(type: SetType): readonly string[] {
  return type.slice(type.indexOf(":") + 1).split(",");
}

function netText(net: Cidr): string {
  const bits = net.family === "IPv4" ? 32 : 128;
  return net.prefixLength === bits ? net.text.slice(0, net.text.indexOf("/")) : net.text;
}

function readDimension(
  dimension: string,
  text: string,
  { isFirst, isBitmap }: { isFirst: boolean; isBitmap: boolean },
): Partial<SetElement> | null {
  if (dimension === "net") {
    const net = parseCidr(text);
    return net === null || net.prefixLength === 0 ? null : { net };
  }
  if (dimension === "port") return readPort(text, isBitmap);
  const ip = canonicalIp(text);
  if (ip === null) return null;
  return isFirst ? { ip } : { secondIp: ip };
}

function readPort(text: string, isBitmap: boolean): Partial<SetElement> | null {
  const match = /^(?:([a-z]+):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2] ?? Number.NaN);
  if (!match || !(port <= 65535)) return null;
  if (isBitmap) return match[1] === undefined ? { port } : null;
  const protocol = SET_PROTOCOLS.find((name) => name === (match[1] ?? "tcp"));
  return protocol === undefined ? null : { protocol, port };
}
