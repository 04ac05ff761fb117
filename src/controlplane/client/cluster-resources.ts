// Resources that look after the cluster: networking, namespaces, volumes, quotas, certificates.
import type { HorizontalPodAutoscaler as HorizontalPodAutoscalerType } from "kubernetes-types/autoscaling/v2.js";
import type { CertificateSigningRequest as CertificateSigningRequestType } from "kubernetes-types/certificates/v1.js";
import type {
  ConfigMap as ConfigMapType,
  Endpoints as EndpointsType,
  Namespace as NamespaceType,
  PersistentVolume as PersistentVolumeType,
  ResourceQuota as ResourceQuotaType,
  Secret as SecretType,
  Service as ServiceType,
  ServiceAccount as ServiceAccountType,
} from "kubernetes-types/core/v1.js";
import type { PodDisruptionBudget as PodDisruptionBudgetType } from "kubernetes-types/policy/v1.js";
import type {
  StorageClass as StorageClassType,
  VolumeAttachment as VolumeAttachmentType,
} from "kubernetes-types/storage/v1.js";
import type { KubeObject } from "../../api/meta.js";
import type { Stored, StoredMeta } from "./object-types.js";
import { resourceOf } from "./resources.js";

export type Service = Stored<ServiceType>;
export type Endpoints = Stored<EndpointsType>;
export type Namespace = Stored<NamespaceType>;
export type ServiceAccount = Stored<ServiceAccountType>;
export type ConfigMap = Stored<ConfigMapType>;
export type Secret = Stored<SecretType>;
export type PersistentVolume = Stored<PersistentVolumeType>;
export type StorageClass = Stored<StorageClassType>;
export type VolumeAttachment = Stored<VolumeAttachmentType>;
export type ResourceQuota = Stored<ResourceQuotaType>;
export type PodDisruptionBudget = Stored<PodDisruptionBudgetType>;
export type HorizontalPodAutoscaler = Stored<HorizontalPodAutoscalerType>;
export type CertificateSigningRequest = Stored<CertificateSigningRequestType>;

export type AddressType = "IPv4" | "IPv6" | "FQDN";

export interface SlicePort {
  readonly name?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly appProtocol?: string;
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: {
    readonly ready?: boolean;
    readonly serving?: boolean;
    readonly terminating?: boolean;
  };
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly zone?: string;
  readonly targetRef?: {
    readonly kind?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly uid?: string;
  };
  readonly hints?: {
    readonly forZones?: readonly { readonly name: string }[];
    readonly forNodes?: readonly { readonly name: string }[];
  };
}

/** discovery.k8s.io/v1, whose hints have more fields than the generated types know. */
export interface EndpointSlice extends KubeObject {
  readonly metadata: KubeObject["metadata"] & StoredMeta;
  readonly addressType: AddressType;
  readonly endpoints?: readonly SliceEndpoint[] | null;
  readonly ports?: readonly SlicePort[] | null;
}

export const SERVICES = resourceOf<Service>("", "v1", "services");
export const ENDPOINTS = resourceOf<Endpoints>("", "v1", "endpoints");
export const NAMESPACES = resourceOf<Namespace>("", "v1", "namespaces");
export const SERVICE_ACCOUNTS = resourceOf<ServiceAccount>("", "v1", "serviceaccounts");
export const CONFIG_MAPS = resourceOf<ConfigMap>("", "v1", "configmaps");
export const SECRETS = resourceOf<Secret>("", "v1", "secrets");
export const PERSISTENT_VOLUMES = resourceOf<PersistentVolume>("", "v1", "persistentvolumes");
export const RESOURCE_QUOTAS = resourceOf<ResourceQuota>("", "v1", "resourcequotas");
export const ENDPOINT_SLICES = resourceOf<EndpointSlice>("discovery.k8s.io", "v1", "endpointslices");
export const STORAGE_CLASSES = resourceOf<StorageClass>("storage.k8s.io", "v1", "storageclasses");
export const VOLUME_ATTACHMENTS = resourceOf<VolumeAttachment>("storage.k8s.io", "v1", "volumeattachments");
export const POD_DISRUPTION_BUDGETS = resourceOf<PodDisruptionBudget>("policy", "v1", "poddisruptionbudgets");
export const HORIZONTAL_POD_AUTOSCALERS = resourceOf<HorizontalPodAutoscaler>(
  "autoscaling",
  "v2",
  "horizontalpodautoscalers",
);
export const CERTIFICATE_SIGNING_REQUESTS = resourceOf<CertificateSigningRequest>(
  "certificates.k8s.io",
  "v1",
  "certificatesigningrequests",
);
