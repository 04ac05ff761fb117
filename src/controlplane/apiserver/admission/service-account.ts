// Every Pod runs as a service account, which must exist, and finds that account's token in its containers.
// Source: plugin/pkg/admission/serviceaccount.
import type { Container, PodSpec, Volume } from "kubernetes-types/core/v1.js";
import type { KubeObject } from "../../../api/meta.js";
import type { Prng } from "../../../base/prng.js";
import type { AdmissionRequest, Eventually } from "../access.js";
import { found, kindRow, type ObjectReader } from "../object-access.js";
import { generatedName } from "../registry/object-metadata.js";
import { type AdmissionPlugin, refused } from "./admission-plugin.js";
import { isMirror, type PodObject, podOf, withContainers, withSpec } from "./pod-parts.js";

const SERVICE_ACCOUNTS = kindRow("", "serviceaccounts");
const DEFAULT_NAME = "default";
const VOLUME_PREFIX = "kube-api-access-";
const MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
/** An hour and seven seconds: kubelets tell by it that the file was not asked for. */
const TOKEN_SECONDS = 3607;
/** The controller makes a new namespace's default account in a moment. */
const DEFAULT_ACCOUNT_ATTEMPTS = 10;
const ATTEMPT_DELAY_MS = 100;

interface ServiceAccount extends KubeObject {
  readonly automountServiceAccountToken?: boolean;
  readonly imagePullSecrets?: { name?: string }[];
}

export interface ServiceAccountOptions {
  readonly reader: ObjectReader;
  /** For names of volumes. */
  readonly prng: Prng;
  /** Waits between looks for a default account that is not there yet. */
  readonly delay: (ms: number) => Promise<void>;
}

export function serviceAccount(options: ServiceAccountOptions): AdmissionPlugin {
  return {
    name: "ServiceAccount",
    operations: ["CREATE"],
    resources: ["pods"],
    mutate(request): Eventually<KubeObject | null> {
      const pod = podOf(request);
      if (isMirror(pod)) return refuseMirror(request, pod);
      const name = pod.spec.serviceAccountName || DEFAULT_NAME;
      const named = pod.spec.serviceAccountName === name ? pod : withSpec(pod, { serviceAccountName: name });
      const account = options.reader.get(SERVICE_ACCOUNTS, request.namespace, name);
      if (account !== undefined) return equipped(named, account, options.prng);
      return waited(options, request, name).then((late) => equipped(named, late, options.prng));
    },
  };
}

async function waited(
  options: ServiceAccountOptions,
  request: AdmissionRequest,
  name: string,
): Promise<ServiceAccount> {
  const attempts = name === DEFAULT_NAME ? DEFAULT_ACCOUNT_ATTEMPTS : 1;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await options.delay(ATTEMPT_DELAY_MS);
    const account = await found(options.reader, SERVICE_ACCOUNTS, request.namespace, name);
    if (account !== undefined) return account;
  }
  throw refused(
    request,
    `error looking up service account ${request.namespace}/${name}: serviceaccount "${name}" not found`,
  );
}

function equipped(pod: PodObject, account: ServiceAccount, prng: Prng): PodObject {
  const { spec } = pod;
  const mounts = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  const mounted = mounts ? withToken(pod, prng) : pod;
  const named =
    mounted.spec.serviceAccount === spec.serviceAccountName
      ? mounted
      : withSpec(mounted, { serviceAccount: spec.serviceAccountName } as Partial<PodSpec>);
  const secrets = account.imagePullSecrets ?? [];
  if (secrets.length === 0 || (spec.imagePullSecrets ?? []).length > 0) return named;
  return withSpec(named, { imagePullSecrets: secrets });
}

function withToken(pod: PodObject, prng: Prng): PodObject {
  const volumes = pod.spec.volumes ?? [];
  const existing = volumes.find((volume) => volume.name.startsWith(VOLUME_PREFIX));
  const name = existing?.name ?? generatedName(prng, VOLUME_PREFIX);
  const mounted = withContainers(pod, (container) => withMount(container, name));
  if (existing !== undefined || mounted === pod) return mounted;
  return withSpec(mounted, { volumes: [...volumes, tokenVolume(name)] });
}

function withMount(container: Container, name: string): Container {
  const mounts = container.volumeMounts ?? [];
  if (mounts.some((mount) => mount.mountPath === MOUNT_PATH)) return container;
  return { ...container, volumeMounts: [...mounts, { name, readOnly: true, mountPath: MOUNT_PATH }] };
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ],
      defaultMode: 420,
    },
  };
}

function refuseMirror(request: AdmissionRequest, pod: PodObject): KubeObject {
  const { spec } = pod;
  if (spec.serviceAccountName) throw refused(request, "a mirror pod may not reference service accounts");
  const hasSecret = (spec.volumes ?? []).some((volume) => volume.secret !== undefined);
  if (hasSecret) throw refused(request, "a mirror pod may not reference secrets");
  const hasToken = (spec.volumes ?? []).some((volume) =>
    (volume.projected?.sources ?? []).some((source) => source.serviceAccountToken !== undefined),
  );
  if (hasToken) throw refused(request, "a mirror pod may not use ServiceAccountToken volume projections");
  return pod;
}
