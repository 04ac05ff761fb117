// Bootstrap tokens: by them a machine that knows nothing yet trusts the cluster, and is let in. The signer signs the
// ConfigMap cluster-info with each; the cleaner deletes those that are over. Both are off unless asked for.
// Source: pkg/controller/bootstrap, cluster-bootstrap/token (jws, util/secrets).
import { createHmac } from "node:crypto";
import { isStatus } from "../../../api/status.js";
import { wallMs } from "../../../base/timers.js";
import { CONFIG_MAPS, type ConfigMap, SECRETS, type Secret } from "../../client/cluster-resources.js";
import { keyOf } from "../../client/object-store.js";
import { clientOf } from "../../client/resources.js";
import type { Controller } from "../harness/controller.js";

const TOKEN_TYPE = "bootstrap.kubernetes.io/token";
const NAME_PREFIX = "bootstrap-token-";
const SIGNATURE_PREFIX = "jws-kubeconfig-";
const CLUSTER_INFO = "kube-public/cluster-info";
const TOKEN_NAMESPACE = "kube-system";

function textOf({ data = {} }: Secret, name: string): string {
  return Buffer.from(data[name] ?? "", "base64").toString();
}

function isToken({ type, metadata }: Secret): boolean {
  return type === TOKEN_TYPE && metadata.namespace === TOKEN_NAMESPACE;
}

/** Ms until it is over: 0 when it is; null: never. A time that cannot be read counts as over. */
export function expiryMs(secret: Secret, nowMs: number): number | null {
  const text = textOf(secret, "expiration");
  if (text === "") return null;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - nowMs);
}

/** Token ids and secrets that may sign. */
export function signingTokens(secrets: readonly Secret[], nowMs: number): ReadonlyMap<string, string> {
  const tokens = new Map<string, string>();
  for (const secret of secrets) {
    const id = textOf(secret, "token-id");
    const value = textOf(secret, "token-secret");
    if (!isToken(secret) || id === "" || value === "" || secret.metadata.name !== NAME_PREFIX + id) continue;
    if (expiryMs(secret, nowMs) === 0 || textOf(secret, "usage-bootstrap-signing") !== "true") continue;
    tokens.set(id, value);
  }
  return tokens;
}

/** A JSON web signature whose content is left out: it stands beside it. */
export function detachedSignature(content: string, id: string, secret: string): string {
  const encoded = (text: string): string => Buffer.from(text).toString("base64url");
  const header = encoded(JSON.stringify({ alg: "HS256", kid: id }));
  const signature = createHmac("sha256", secret)
    .update(`${header}.${encoded(content)}`)
    .digest("base64url");
  return `${header}..${signature}`;
}

/** @returns null when all signatures are right */
export function signedInfo(info: ConfigMap, tokens: ReadonlyMap<string, string>): ConfigMap | null {
  const content = info.data?.["kubeconfig"];
  if (content === undefined) return null;
  const entries = Object.entries(info.data ?? {});
  const others = entries.filter(([name]) => !name.startsWith(SIGNATURE_PREFIX));
  const signatures = [...tokens].map(
    ([id, secret]) => [SIGNATURE_PREFIX + id, detachedSignature(content, id, secret)] as const,
  );
  const data = Object.fromEntries([...others, ...signatures]);
  const isRight =
    entries.length === Object.keys(data).length && entries.every(([name, value]) => data[name] === value);
  return isRight ? null : { ...info, data };
}

export const bootstrapSigner: Controller = {
  name: "bootstrapsigner",
  component: "bootstrap-signer-controller",
  workersCount: 1,
  isOffByDefault: true,
  start({ informers, queue, client, timers }) {
    const secrets = informers.informer(SECRETS);
    const maps = informers.informer(CONFIG_MAPS);
    const lookAtSecret = (secret: Secret): void => {
      if (isToken(secret)) queue.add(CLUSTER_INFO);
    };
    const lookAtMap = (map: ConfigMap): void => {
      if (keyOf(map) === CLUSTER_INFO) queue.add(CLUSTER_INFO);
    };
    secrets.addHandler({
      onAdd: lookAtSecret,
      onUpdate: (_, secret) => lookAtSecret(secret),
      onDelete: lookAtSecret,
    });
    maps.addHandler({ onAdd: lookAtMap, onUpdate: (_, map) => lookAtMap(map) });
    return async (key) => {
      const info = maps.lister.get(key);
      if (info === undefined) return;
      const signed = signedInfo(info, signingTokens(secrets.lister.list(TOKEN_NAMESPACE), wallMs(timers)));
      if (signed !== null) await clientOf(client, CONFIG_MAPS, info.metadata.namespace ?? "").update(signed);
    };
  },
};

export const tokenCleaner: Controller = {
  name: "tokencleaner",
  component: "token-cleaner-controller",
  workersCount: 1,
  isOffByDefault: true,
  start({ informers, queue, client, timers }) {
    const secrets = informers.informer(SECRETS);
    const look = (secret: Secret): void => {
      if (isToken(secret)) queue.add(keyOf(secret));
    };
    secrets.addHandler({ onAdd: look, onUpdate: (_, secret) => look(secret) });
    return async (key) => {
      const secret = secrets.lister.get(key);
      if (secret === undefined || !isToken(secret)) return;
      const leftMs = expiryMs(secret, wallMs(timers));
      if (leftMs === null) return;
      if (leftMs > 0) {
        queue.addAfter(key, leftMs);
        return;
      }
      const { name, namespace = "", uid = "" } = secret.metadata;
      await clientOf(client, SECRETS, namespace)
        .delete(name, { preconditions: { uid } })
        .catch((error: unknown) => {
          if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
        });
    };
  },
};
