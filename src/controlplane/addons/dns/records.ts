// Resource records and answers, before they become bytes. Names are in lower case, without the last dot.
import { familyOf, ipWords } from "../../../base/ip.js";

/** Types that are served, by number (RFC 1035, 3596, 2782). */
export const RECORD_TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 } as const;

export type RecordType = keyof typeof RECORD_TYPES;

export const RCODES = {
  NOERROR: 0,
  FORMERR: 1,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  /** Extended: four bits stand in the header, the others in OPT. */
  BADVERS: 16,
} as const;

export type Rcode = keyof typeof RCODES;

export interface AddressData {
  readonly type: "A" | "AAAA";
  /** Canonical text. */
  readonly address: string;
  /** Network order: 4 of an A, 16 of an AAAA. */
  readonly bytes: Uint8Array;
}

export type RecordData =
  | AddressData
  | { readonly type: "CNAME" | "PTR" | "NS"; readonly target: string }
  | {
      readonly type: "SRV";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: "TXT"; readonly text: string }
  | {
      readonly type: "SOA";
      readonly server: string;
      readonly mailbox: string;
      readonly serial: number;
      readonly minimumSeconds: number;
    };

export interface ResourceRecord {
  readonly name: string;
  readonly ttlSeconds: number;
  readonly data: RecordData;
}

export interface Answer {
  readonly rcode: Rcode;
  /** False for names outside the zones. */
  readonly isAuthoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  /** What the asker will want next; left out when there is no room. */
  readonly additional: readonly ResourceRecord[];
}

/** @param ip canonical */
export function addressRecord(name: string, ip: string, ttlSeconds: number): ResourceRecord {
  return { name, ttlSeconds, data: addressData(ip) };
}

/** @param ip canonical */
export function addressData(ip: string): AddressData {
  const isV4 = familyOf(ip) === "IPv4";
  const bytes = new Uint8Array(isV4 ? 4 : 16);
  const view = new DataView(bytes.buffer);
  const words = ipWords(ip);
  for (let index = 0; index * 4 < bytes.length; index++) view.setUint32(index * 4, words[index] as number);
  return { type: isV4 ? "A" : "AAAA", address: ip, bytes };
}
