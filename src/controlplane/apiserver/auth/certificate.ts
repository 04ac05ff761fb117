// X.509 certificates: who somebody is, said by an authority. Keys are P-256, signatures ECDSA with SHA-256.
// Written out by hand: Node reads certificates and cannot issue any, and one fixed shape is a page of DER.
// Source: RFC 5280, RFC 2986 (requests).
import { createHash, createPublicKey, type KeyObject, randomBytes, sign, verify } from "node:crypto";
import {
  bits,
  der,
  integer,
  objectId,
  octets,
  sequence,
  set,
  TAGS,
  time,
  utf8,
  valuesIn,
  yes,
} from "./der.js";

const OIDS = {
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  basicConstraints: "2.5.29.19",
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
  subjectAltName: "2.5.29.17",
  subjectKeyId: "2.5.29.14",
  authorityKeyId: "2.5.29.35",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

const ECDSA = sequence(objectId(OIDS.ecdsaWithSha256));
/** Bit 0 is the highest: digitalSignature, keyEncipherment; keyCertSign is bit 5. */
const LEAF_USAGE = { byte: 0b1010_0000, unused: 5 };
const CA_USAGE = { byte: 0b1010_0100, unused: 2 };

export interface Subject {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

export type CertificateUse = "ca" | "server" | "client" | "server and client";

export interface CertificateRequest {
  readonly subject: Subject;
  readonly publicKey: KeyObject;
  /** Where a server is reached. */
  readonly dnsNames?: readonly string[];
  /** In text: "127.0.0.1", "::1". */
  readonly ipAddresses?: readonly string[];
}

export interface IssueOptions extends CertificateRequest {
  readonly use: CertificateUse;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly issuer: Subject;
  readonly issuerKey: KeyObject;
  readonly issuerPublicKey: KeyObject;
}

/** @returns PEM */
export function issueCertificate(options: IssueOptions): string {
  const { issuer, subject, publicKey } = options;
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    ECDSA,
    nameOf(issuer),
    sequence(time(options.notBefore), time(options.notAfter)),
    nameOf(subject),
    spkiOf(publicKey),
    der(0xa3, sequence(...extensionsOf(options))),
  );
  const signature = sign("sha256", body, options.issuerKey);
  return pem("CERTIFICATE", sequence(body, ECDSA, bits(signature)));
}

/** Positive, 16 bytes. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function nameOf({ commonName, organizations }: Subject): Buffer {
  const part = (oid: string, value: string) => sequence(objectId(oid), utf8(value));
  // Several organizations stand in one set, sorted by their bytes, as Go writes them.
  const groups = organizations.map((each) => part(OIDS.organization, each)).sort(Buffer.compare);
  return sequence(...(groups.length === 0 ? [] : [set(...groups)]), set(part(OIDS.commonName, commonName)));
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

function keyIdOf(key: KeyObject): Buffer {
  const [, bitString] = valuesIn(valuesIn(spkiOf(key))[0]?.content ?? Buffer.of());
  return createHash("sha1")
    .update(bitString?.content.subarray(1) ?? "")
    .digest();
}

function extensionsOf({
  use,
  publicKey,
  issuerPublicKey,
  dnsNames = [],
  ipAddresses = [],
}: IssueOptions): Buffer[] {
  const isCa = use === "ca";
  const usage = isCa ? CA_USAGE : LEAF_USAGE;
  const purposes = [
    ...(use.includes("server") ? [objectId(OIDS.serverAuth)] : []),
    ...(use.includes("client") ? [objectId(OIDS.clientAuth)] : []),
  ];
  const names = [
    ...dnsNames.map((name) => der(0x82, Buffer.from(name))),
    ...ipAddresses.map((address) => der(0x87, addressBytes(address))),
  ];
  const extension = (oid: string, value: Buffer, isCritical = false) =>
    sequence(objectId(oid), ...(isCritical ? [yes] : []), octets(value));
  return [
    extension(OIDS.keyUsage, bits(Buffer.from([usage.byte]), usage.unused), true),
    ...(purposes.length === 0 ? [] : [extension(OIDS.extendedKeyUsage, sequence(...purposes))]),
    extension(OIDS.basicConstraints, isCa ? sequence(yes) : sequence(), true),
    extension(OIDS.subjectKeyId, octets(keyIdOf(publicKey))),
    extension(OIDS.authorityKeyId, sequence(der(0x80, keyIdOf(issuerPublicKey)))),
    ...(names.length === 0 ? [] : [extension(OIDS.subjectAltName, sequence(...names))]),
  ];
}

function addressBytes(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const groups = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = tail === undefined ? [] : new Array<number>(8 - before.length - after.length).fill(0);
  return Buffer.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/**
 * A certificate signing request (PKCS #10) in PEM.
 *
 * @returns null when it cannot be read, or is not signed with its own key
 */
export function parseCertificateRequest(text: string): CertificateRequest | null {
  const base64 = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (base64 === undefined) return null;
  try {
    const [whole] = valuesIn(Buffer.from(base64, "base64"));
    const [info, , signature] = valuesIn(whole?.content ?? Buffer.of());
    if (info === undefined || signature === undefined) return null;
    const [, subject, spki, attributes] = valuesIn(info.content);
    if (subject === undefined || spki === undefined) return null;
    const publicKey = createPublicKey({ key: Buffer.from(spki.whole), format: "der", type: "spki" });
    if (!verify("sha256", info.whole, publicKey, signature.content.subarray(1))) return null;
    return { subject: subjectOf(subject.content), publicKey, ...namesOf(attributes?.content) };
  } catch {
    return null;
  }
}

function subjectOf(content: Uint8Array): Subject {
  const parts = valuesIn(content).flatMap((each) =>
    valuesIn(each.content).map((part) => valuesIn(part.content)),
  );
  const valuesOf = (oid: string) =>
    parts
      .filter(([type]) => type !== undefined && objectId(oid).equals(type.whole))
      .map(([, value]) => Buffer.from(value?.content ?? "").toString("utf8"));
  return { commonName: valuesOf(OIDS.commonName)[0] ?? "", organizations: valuesOf(OIDS.organization) };
}

/** The alternative names among a request's attributes: found by the extension's id, wherever it stands. */
function namesOf(attributes: Uint8Array | undefined): Pick<CertificateRequest, "dnsNames" | "ipAddresses"> {
  const wanted = objectId(OIDS.subjectAltName);
  const at = attributes === undefined ? -1 : Buffer.from(attributes).indexOf(wanted);
  if (attributes === undefined || at < 0) return {};
  const [holder] = valuesIn(attributes.subarray(at + wanted.length)).filter(
    ({ tag }) => tag === TAGS.octetString,
  );
  const names = valuesIn(valuesIn(holder?.content ?? Buffer.of())[0]?.content ?? Buffer.of());
  const text = (content: Uint8Array) => Buffer.from(content).toString("latin1");
  return {
    dnsNames: names.filter(({ tag }) => tag === 0x82).map(({ content }) => text(content)),
    ipAddresses: names
      .filter(({ tag, content }) => tag === 0x87 && content.length === 4)
      .map(({ content }) => content.join(".")),
  };
}
