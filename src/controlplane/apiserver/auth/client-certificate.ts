// Who a client certificate speaks for: its common name is the user, its organizations are the groups; which certificate it
// was is told beside.
// Source: apiserver pkg/authentication/request/x509 (CommonNameUserConversion).
import type { X509Certificate } from "node:crypto";
import type { UserInfo } from "../../protocol/api-request.js";
import type { Incoming } from "../http/read-request.js";
import type { CertificateAuthority } from "./certificate-authority.js";

interface PeerSocket {
  getPeerX509Certificate?(): X509Certificate | undefined;
}

/** For HttpOptions.userOf. A connection's answer is worked out once. */
export function clientCertificateUser(
  authority: CertificateAuthority,
): (incoming: Incoming) => UserInfo | "unknown" | null {
  const known = new WeakMap<object, UserInfo | "unknown" | null>();
  return (incoming) => {
    const socket = socketOf(incoming);
    if (socket === null) return null;
    let user = known.get(socket);
    if (user === undefined) {
      const certificate = (socket as PeerSocket).getPeerX509Certificate?.();
      user = certificate === undefined ? null : certificateUser(authority, certificate);
      known.set(socket, user);
    }
    return user;
  };
}

/** Of HTTP/2 the socket of the session: requests have a stand-in that hides what it is. */
function socketOf(incoming: Incoming): object | null {
  const session = (incoming as { stream?: { session?: { socket?: object } } }).stream?.session;
  return session?.socket ?? incoming.socket ?? null;
}

/** "unknown": it is none of the authority's, or out of date. Null: it names nobody. */
export function certificateUser(
  authority: CertificateAuthority,
  certificate: X509Certificate,
): UserInfo | "unknown" | null {
  if (!authority.hasIssued(certificate)) return "unknown";
  const { commonName, organizations } = subjectParts(certificate.subject);
  if (commonName === "") return null;
  const id = `X509SHA256=${certificate.fingerprint256.replaceAll(":", "").toLowerCase()}`;
  const extra = { "authentication.kubernetes.io/credential-id": [id] };
  return { username: commonName, uid: "", groups: withEverybody(organizations), extra };
}

/** Node prints one "KEY=value" a line, with backslashes before special characters. */
function subjectParts(subject: string) {
  const values = (key: string) =>
    subject
      .split(/[\n+]/)
      .map((line) => line.trim())
      .filter((line) => line.startsWith(`${key}=`))
      .map((line) => line.slice(key.length + 1).replace(/\\(.)/g, "$1"));
  return { commonName: values("CN")[0] ?? "", organizations: values("O") };
}

export function withEverybody(groups: readonly string[]): readonly string[] {
  const everybody = "system:authenticated";
  return groups.includes(everybody) ? groups : [...groups, everybody];
}
