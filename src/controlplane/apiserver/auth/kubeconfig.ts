// The file that lets kubectl in, and other files that only their owner may read.
import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { stringify } from "yaml";
import type { KeyAndCertificate } from "./certificate-authority.js";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

export interface KubeconfigOptions {
  readonly path: string;
  /** "https://127.0.0.1:6443" */
  readonly server: string;
  /** PEM; null for plain HTTP. */
  readonly ca: string | null;
  readonly cluster: string;
  readonly user: string;
  readonly credentials:
    | ({ readonly by: "certificate" } & KeyAndCertificate)
    | { readonly by: "token"; readonly token: string };
}

/** Whole or not at all: a reader never sees half a file. */
export function writePrivateFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
  const draft = `${path}.new`;
  writeFileSync(draft, text, { mode: PRIVATE_FILE });
  // The mode of a draft that was left behind stays as it was.
  chmodSync(draft, PRIVATE_FILE);
  renameSync(draft, path);
}

export function writeKubeconfig(options: KubeconfigOptions): void {
  writePrivateFile(options.path, kubeconfigText(options));
}

function kubeconfigText({ server, ca, cluster, user, credentials }: KubeconfigOptions): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const context = `${user}@${cluster}`;
  return stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: cluster,
          cluster: { ...(ca === null ? {} : { "certificate-authority-data": base64(ca) }), server },
        },
      ],
      users: [
        {
          name: user,
          user:
            credentials.by === "token"
              ? { token: credentials.token }
              : {
                  "client-certificate-data": base64(credentials.cert),
                  "client-key-data": base64(credentials.key),
                },
        },
      ],
      contexts: [{ name: context, context: { cluster, user } }],
      "current-context": context,
      preferences: {},
    },
    { lineWidth: 0 },
  );
}
