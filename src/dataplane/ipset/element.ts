// An element's text ("10.96.0.1,tcp:443") -> the key that slots hold.
import { PlumbError } from "../../base/errors.js";
import { type Family, familyOf, type IpWords, ipWords } from "../../base/ip.js";
import { ELEMENT_FORMS, parseElement } from "../../netfilter/ipset/element.js";
import type { SetType } from "../../netfilter/ipset/model.js";
import { PROTOCOL_NUMBERS } from "../../netfilter/packet.js";

export interface SetKey {
  readonly first: IpWords;
  readonly second: IpWords;
  /** port | protocol << 16 | prefix length << 24. */
  readonly key: number;
  /** Prefix length of the network part; null for types without one. */
  readonly prefixLength: number | null;
  /** An exception from a wider network. */
  readonly nomatch: boolean;
}

const ZERO: IpWords = [0, 0, 0, 0];

/** @throws {PlumbError} InvalidInput for a text that is no element of this type and family */
export function keyOfElement(text: string, type: SetType, family: Family): SetKey {
  const element = parseElement(type, text);
  const addresses = [element?.ip, element?.secondIp].filter((ip) => ip != null) as string[];
  const foreign =
    addresses.some((ip) => familyOf(ip) !== family) || (element?.net && element.net.family !== family);
  if (element === null || foreign) {
    throw new PlumbError(
      "InvalidInput",
      `Cannot encode ipset element '${text}': expected ${ELEMENT_FORMS[type]} of ${family}`,
    );
  }
  const { ip, protocol, port, secondIp, net, nomatch } = element;
  const prefixLength = net?.prefixLength ?? null;
  const ports = (port ?? 0) | (protocol === null ? 0 : PROTOCOL_NUMBERS[protocol] << 16);
  return {
    first: ip === null ? ZERO : ipWords(ip),
    second: net?.words ?? (secondIp === null ? ZERO : ipWords(secondIp)),
    key: (ports | ((prefixLength ?? 0) << 24)) >>> 0,
    prefixLength,
    nomatch,
  };
}
