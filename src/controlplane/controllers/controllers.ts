// Every controller that the plane can run, in the order in which they start.
import { horizontalPodAutoscalerController } from "./autoscaling/autoscaler-controller.js";
import type { MetricsSource } from "./autoscaling/metric-proposal.js";
import { bootstrapSigner, tokenCleaner } from "./bootstrap/bootstrap-tokens.js";
import {
  certificateApprover,
  certificateCleaner,
  type CertificateSigner,
  certificateSigningController,
} from "./certificates/certificate-controllers.js";
import { cronJobController } from "./cronjob/cronjob-controller.js";
import { daemonSetController } from "./daemonset/daemonset-controller.js";
import { deploymentController } from "./deployment/deployment-controller.js";
import { disruptionController } from "./disruption/disruption-controller.js";
import { endpointsController } from "./endpoints/endpoints-controller.js";
import { endpointSliceMirroringController } from "./endpoints/mirror-slices.js";
import { endpointSliceController } from "./endpointslice/endpoint-slice-controller.js";
import { garbageCollector } from "./garbage-collector/garbage-collector.js";
import type { Controller } from "./harness/controller.js";
import { jobController } from "./job/job-controller.js";
import { ttlAfterFinishedController } from "./job/ttl-controller.js";
import { namespaceController } from "./namespace/namespace-controller.js";
import { type ClusterCidr, nodeIpamController } from "./node-ipam/node-ipam-controller.js";
import { nodeLifecycleController } from "./node-lifecycle/node-lifecycle-controller.js";
import { taintEvictionController } from "./node-lifecycle/taint-eviction.js";
import { podGcController } from "./pod-gc/pod-gc-controller.js";
import {
  replicaSetController,
  replicationControllerController,
} from "./replication/replication-controller.js";
import { type QuotaEvaluator, resourceQuotaController } from "./resource-quota/resource-quota-controller.js";
import { rootCaPublisher, serviceAccountController } from "./service-account/service-account-controllers.js";
import { type LegacyTokenIssuer, tokenController } from "./service-account/token-controller.js";
import { hollowCloud } from "./service-lb/hollow-cloud.js";
import { serviceLoadBalancerController } from "./service-lb/service-lb-controller.js";
import { attachDetachController } from "./volumes/attach-detach-controller.js";
import { claimProtectionController, volumeProtectionController } from "./volumes/protection-controllers.js";
import { persistentVolumeBinder } from "./volumes/volume-binder.js";
import { statefulSetController } from "./statefulset/statefulset-controller.js";

export interface ControllersOptions {
  /** Where nodes get their Pod ranges from. */
  readonly clusterCidrs: readonly ClusterCidr[];
  /** What load balancers hand out. */
  readonly loadBalancerCidr: string;
  /** What objects count for in quotas, as admission counts them. */
  readonly quota: QuotaEvaluator;
  /** PEM of the cluster's authority, published in every namespace. */
  readonly rootCertificate: string;
  /** What autoscalers measure by; absent: nothing is scaled. */
  readonly metrics?: MetricsSource;
  /** The authority behind certificate requests; absent: they wait. */
  readonly certificates?: CertificateSigner;
  /** Fills token Secrets; absent: they stay empty. */
  readonly legacyTokens?: LegacyTokenIssuer;
}

/** Those of workloads: they need nothing beside Pods. */
export const WORKLOAD_CONTROLLERS: readonly Controller[] = [
  deploymentController,
  replicaSetController,
  replicationControllerController,
  statefulSetController,
  daemonSetController,
  jobController,
  ttlAfterFinishedController,
  cronJobController,
];

export function allControllers(options: ControllersOptions): readonly Controller[] {
  return [
    serviceAccountController,
    rootCaPublisher(options.rootCertificate),
    namespaceController,
    nodeIpamController(options.clusterCidrs),
    nodeLifecycleController(),
    taintEvictionController,
    endpointsController,
    endpointSliceController(),
    endpointSliceMirroringController,
    ...WORKLOAD_CONTROLLERS,
    garbageCollector,
    podGcController(),
    disruptionController,
    persistentVolumeBinder,
    attachDetachController,
    claimProtectionController,
    volumeProtectionController,
    resourceQuotaController(options.quota),
    serviceLoadBalancerController(hollowCloud(options.loadBalancerCidr)),
    certificateCleaner,
    bootstrapSigner,
    tokenCleaner,
    ...optionalControllers(options),
  ];
}

/** Those that need what not every plane has. */
function optionalControllers(options: ControllersOptions): readonly Controller[] {
  const { metrics, certificates, legacyTokens, rootCertificate } = options;
  return [
    ...(metrics === undefined ? [] : [horizontalPodAutoscalerController(metrics)]),
    ...(certificates === undefined
      ? []
      : [certificateApprover(certificates), certificateSigningController(certificates)]),
    ...(legacyTokens === undefined ? [] : [tokenController({ issuer: legacyTokens, rootCertificate })]),
  ];
}
