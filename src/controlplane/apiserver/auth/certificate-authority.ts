// The cluster's own certificate authority, and the certificates that a server and its first users need.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  type X509Certificate,
} from "node:crypto";
import type { Clock } from "../../../base/clock.js";
import {
  type CertificateRequest,
  type CertificateUse,
  issueCertificate,
  type Subject,
} from "./certificate.js";

export interface KeyAndCertificate {
  /** PEM. A secret. */
  readonly key: string;
  /** PEM. */
  readonly cert: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const AUTHORITY_DAYS = 3650;
const CERTIFICATE_DAYS = 365;
/** Clocks of two machines differ. */
const BACKDATE_MS = 5 * 60 * 1000;
const AUTHORITY: Subject = { commonName: "kubernetes", organizations: [] };

const SERVER_NAMES = [
  "localhost",
  "kubernetes",
  "kubernetes.default",
  "kubernetes.default.svc",
  "kubernetes.default.svc.cluster.local",
];
const SERVER_ADDRESSES = ["127.0.0.1", "::1", "10.96.0.1"];

export class CertificateAuthority {
  /** PEM. */
  readonly cert: string;
  readonly #clock: Clock;
  readonly #key: KeyObject;
  readonly #publicKey: KeyObject;

  private constructor(clock: Clock, { key, cert }: KeyAndCertificate) {
    this.#clock = clock;
    this.#key = createPrivateKey(key);
    this.#publicKey = createPublicKey(this.#key);
    this.cert = cert;
  }

  /** A new one. */
  static create(clock: Clock): CertificateAuthority {
    const { key, publicKey, privateKey } = newKey();
    const cert = issueCertificate({
      subject: AUTHORITY,
      issuer: AUTHORITY,
      publicKey,
      issuerKey: privateKey,
      issuerPublicKey: publicKey,
      use: "ca",
      ...validity(clock, AUTHORITY_DAYS),
    });
    return new CertificateAuthority(clock, { key, cert });
  }

  /** One that was kept. */
  static of(clock: Clock, kept: KeyAndCertificate): CertificateAuthority {
    return new CertificateAuthority(clock, kept);
  }

  /** To be kept where only this user can read. */
  get keyAndCertificate(): KeyAndCertificate {
    return { key: this.#key.export({ type: "pkcs8", format: "pem" }) as string, cert: this.cert };
  }

  /** For an API server on loopback. @param addresses beside loopback and the first of the default service range */
  server(addresses: readonly string[] = [], names: readonly string[] = []): KeyAndCertificate {
    return this.#issueNew("server", {
      subject: { commonName: "kube-apiserver", organizations: [] },
      dnsNames: [...SERVER_NAMES, ...names],
      ipAddresses: [...new Set([...SERVER_ADDRESSES, ...addresses])],
    });
  }

  /** @param groups which the API server takes from the organizations: ["system:masters"] for an administrator */
  client(username: string, groups: readonly string[]): KeyAndCertificate {
    return this.#issueNew("client", { subject: { commonName: username, organizations: groups } });
  }

  /** What a certificate signing request asks for. @returns PEM */
  sign(request: CertificateRequest, use: CertificateUse, seconds = CERTIFICATE_DAYS * 24 * 60 * 60): string {
    return issueCertificate({
      ...request,
      issuer: AUTHORITY,
      issuerKey: this.#key,
      issuerPublicKey: this.#publicKey,
      use,
      ...validity(this.#clock, seconds / (24 * 60 * 60)),
    });
  }

  /** Whether a client's certificate is one of its own and in time. */
  hasIssued(certificate: X509Certificate): boolean {
    const now = this.#clock.wall().getTime();
    return (
      certificate.verify(this.#publicKey) &&
      Date.parse(certificate.validFrom) <= now &&
      now <= Date.parse(certificate.validTo)
    );
  }

  #issueNew(use: CertificateUse, request: Omit<CertificateRequest, "publicKey">): KeyAndCertificate {
    const { key, publicKey } = newKey();
    return { key, cert: this.sign({ ...request, publicKey }, use) };
  }
}

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { privateKey, publicKey, key: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
}

function validity(clock: Clock, days: number) {
  const now = clock.wall().getTime();
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + days * DAY_MS) };
}
