// The secrets of a cluster: made at the first start, kept in a folder that only its owner can read, read at later starts.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../../base/clock.js";
import { CertificateAuthority } from "./certificate-authority.js";
import { writePrivateFile } from "./kubeconfig.js";

export interface Credentials {
  readonly authority: CertificateAuthority;
  /** Signs tokens of service accounts. */
  readonly tokenKey: KeyObject;
}

/** @param folder null: nothing is kept, and tokens end with the process */
export function openCredentials(clock: Clock, folder: string | null): Credentials {
  return folder === null
    ? newCredentials(clock)
    : (keptCredentials(clock, folder) ?? keep(newCredentials(clock), folder));
}

function newCredentials(clock: Clock): Credentials {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { authority: CertificateAuthority.create(clock), tokenKey: privateKey };
}

const FILES = { key: "ca.key", cert: "ca.crt", tokenKey: "sa.key" } as const;

function keptCredentials(clock: Clock, folder: string): Credentials | null {
  const paths = Object.values(FILES).map((name) => join(folder, name));
  if (!paths.every((path) => existsSync(path))) return null;
  const [key, cert, tokenKey] = paths.map((path) => readFileSync(path, "utf8")) as [string, string, string];
  return { authority: CertificateAuthority.of(clock, { key, cert }), tokenKey: createPrivateKey(tokenKey) };
}

function keep(credentials: Credentials, folder: string): Credentials {
  const { key, cert } = credentials.authority.keyAndCertificate;
  writePrivateFile(join(folder, FILES.key), key);
  writePrivateFile(join(folder, FILES.cert), cert);
  const tokenKey = credentials.tokenKey.export({ type: "pkcs8", format: "pem" }) as string;
  writePrivateFile(join(folder, FILES.tokenKey), tokenKey);
  return credentials;
}
