// Every controller that the plane can run, in the order in which they start.
import { cronJobController } from "./cronjob/cronjob-controller.js";
import { daemonSetController } from "./daemonset/daemonset-controller.js";
import { deploymentController } from "./deployment/deployment-controller.js";
import { endpointSliceController } from "./endpointslice/endpoint-slice-controller.js";
import type { Controller } from "./harness/controller.js";
import { jobController } from "./job/job-controller.js";
import { ttlAfterFinishedController } from "./job/ttl-controller.js";
import { namespaceController } from "./namespace/namespace-controller.js";
import {
  replicaSetController,
  replicationControllerController,
} from "./replication/replication-controller.js";
import { statefulSetController } from "./statefulset/statefulset-controller.js";

export const CONTROLLERS: readonly Controller[] = [
  namespaceController,
  endpointSliceController(),
  deploymentController,
  replicaSetController,
  replicationControllerController,
  statefulSetController,
  daemonSetController,
  jobController,
  ttlAfterFinishedController,
  cronJobController,
];
