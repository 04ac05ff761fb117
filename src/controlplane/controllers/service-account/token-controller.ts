// Secrets of type kubernetes.io/service-account-token: filled with a token that does not expire, deleted with their
// ServiceAccount. Nobody creates such Secrets unasked any more; who wants one creates it.
// Source: pkg/controller/serviceaccount/tokens_controller.go.
import { isStatus } from "../../../api/status.js";
import {
  SECRETS,
  type Secret,
  SERVICE_ACCOUNTS,
  type ServiceAccount,
} from "../../client/cluster-resources.js";
import { keyOf } from "../../client/object-store.js";
import { clientOf } from "../../client/resources.js";
import type { Controller } from "../harness/controller.js";

const TOKEN_TYPE = "kubernetes.io/service-account-token";
const ACCOUNT_NAME = "kubernetes.io/service-account.name";
const ACCOUNT_UID = "kubernetes.io/service-account.uid";
const ACCOUNT_INDEX = "service account";

/** Signs tokens that are bound to a Secret. */
export interface LegacyTokenIssuer {
  issueLegacyToken(account: ServiceAccount, secret: Secret): Promise<string>;
}

export interface TokenControllerOptions {
  readonly issuer: LegacyTokenIssuer;
  /** PEM; "": none is put into Secrets. */
  readonly rootCertificate: string;
}

/** What a Secret lacks; "delete" when it speaks for nobody; null when it is right. */
function tokenSecretPlan(
  secret: Secret,
  account: ServiceAccount | undefined,
  rootCertificate: string,
): "delete" | { readonly needsToken: boolean; readonly secret: Secret } | null {
  const { annotations = {}, namespace = "" } = secret.metadata;
  const uid = annotations[ACCOUNT_UID];
  if (account === undefined || (uid !== undefined && uid !== account.metadata.uid)) return "delete";
  const wanted: Record<string, string> = { namespace: base64(namespace) };
  if (rootCertificate !== "") wanted["ca.crt"] = base64(rootCertificate);
  const data = secret.data ?? {};
  const needsToken = !data["token"];
  const isWhole = Object.entries(wanted).every(([name, value]) => data[name] === value);
  if (!needsToken && isWhole && uid !== undefined) return null;
  return {
    needsToken,
    secret: {
      ...secret,
      metadata: {
        ...secret.metadata,
        annotations: { ...annotations, [ACCOUNT_UID]: account.metadata.uid ?? "" },
      },
      data: { ...data, ...wanted },
    },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** "namespace/account" of a token's Secret. */
function accountKeys({ type, metadata }: Secret): readonly string[] {
  const account = metadata.annotations?.[ACCOUNT_NAME];
  return type === TOKEN_TYPE && account ? [`${metadata.namespace}/${account}`] : [];
}

export function tokenController({ issuer, rootCertificate }: TokenControllerOptions): Controller {
  return {
    name: "serviceaccount-token",
    component: "serviceaccount-token-controller",
    workersCount: 5,
    start({ informers, queue, client }) {
      const secrets = informers.informer(SECRETS);
      const accounts = informers.informer(SERVICE_ACCOUNTS);
      secrets.addIndex(ACCOUNT_INDEX, accountKeys);
      const look = (secret: Secret): void => {
        if (accountKeys(secret).length > 0) queue.add(keyOf(secret));
      };
      const lookAtSecretsOf = (account: ServiceAccount): void => {
        for (const secret of secrets.lister.byIndex(ACCOUNT_INDEX, keyOf(account))) queue.add(keyOf(secret));
      };
      secrets.addHandler({ onAdd: look, onUpdate: (_, secret) => look(secret) });
      accounts.addHandler({ onAdd: lookAtSecretsOf, onDelete: lookAtSecretsOf });
      return async (key) => {
        const secret = secrets.lister.get(key);
        const [accountKey] = secret === undefined ? [] : accountKeys(secret);
        if (secret === undefined || accountKey === undefined) return;
        const account = accounts.lister.get(accountKey);
        const plan = tokenSecretPlan(secret, account, rootCertificate);
        if (plan === null) return;
        const { name, namespace = "", uid = "" } = secret.metadata;
        const ofNamespace = clientOf(client, SECRETS, namespace);
        if (plan === "delete") {
          await ofNamespace.delete(name, { preconditions: { uid } }).catch((error: unknown) => {
            if (!isStatus(error, "NotFound")) throw error;
          });
          return;
        }
        if (account === undefined) return;
        const token = plan.needsToken ? base64(await issuer.issueLegacyToken(account, secret)) : null;
        const data = token === null ? plan.secret.data : { ...plan.secret.data, token };
        await ofNamespace.update({ ...plan.secret, data });
      };
    },
  };
}
