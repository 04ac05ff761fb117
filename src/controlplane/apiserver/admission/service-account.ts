// Every Pod runs as a service account, which must exist, and finds that account's token in its containers.
// Source: plugin/pkg/admission/serviceaccount.
import type { Container, PodSpec, Volume, VolumeProjection } from "kubernetes-types/core/v1.js";
import type { KubeObject } from "../../../api/meta.js";
import { extended } from "../../../base/extended.js";
import type { Prng } from "../../../base/prng.js";
import type { AdmissionRequest, Eventually } from "../access.js";
import { found, kindRow, type ObjectReader } from "../object-access.js";
import { generatedName } from "../registry/object-metadata.js";
import { type AdmissionPlugin, refused } from "./admission-plugin.js";
import { isMirror, type PodObject, podOf, withSpec } from "./pod-parts.js";

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
      const account = options.reader.get(SERVICE_ACCOUNTS, request.namespace, name);
      if (account !== undefined) return equipped(pod, account, options.prng);
      return waited(options, request, name).then((late) => equipped(pod, late, options.prng));
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
  const { name } = account.metadata;
  const change: Partial<PodSpec> = { serviceAccountName: name, serviceAccount: name };
  if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true)
    mountToken(spec, prng, change);
  const secrets = account.imagePullSecrets ?? [];
  if (secrets.length > 0 && (spec.imagePullSecrets ?? []).length === 0) change.imagePullSecrets = secrets;
  return withSpec(pod, change);
}

/** Enters into `change` what every container needs to find the token. */
function mountToken(spec: PodSpec, prng: Prng, change: Partial<PodSpec>): void {
  const volumes = spec.volumes ?? [];
  const existing = volumes.find((volume) => volume.name.startsWith(VOLUME_PREFIX));
  const name = existing?.name ?? generatedName(prng, VOLUME_PREFIX);
  const { containers = [], initContainers = [] } = spec;
  const isMounted = [...containers, ...initContainers].every(hasMount);
  if (isMounted) return;
  change.containers = containers.map((container) => withMount(container, name));
  if (initContainers.length > 0)
    change.initContainers = initContainers.map((container) => withMount(container, name));
  if (existing === undefined) change.volumes = [...volumes, tokenVolume(name)];
}

function hasMount({ volumeMounts = [] }: Container): boolean {
  return volumeMounts.some((mount) => mount.mountPath === MOUNT_PATH);
}

function withMount(container: Container, name: string): Container {
  if (hasMount(container)) return container;
  const mounts = container.volumeMounts ?? [];
  return extended(container, { volumeMounts: [...mounts, { name, readOnly: true, mountPath: MOUNT_PATH }] });
}

/** The same for every Pod, and never written to. */
const TOKEN_SOURCES: VolumeProjection[] = [
  { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: "token" } },
  { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
  {
    downwardAPI: {
      items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
    },
  },
];

function tokenVolume(name: string): Volume {
  return { name, projected: { sources: TOKEN_SOURCES, defaultMode: 420 } };
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
