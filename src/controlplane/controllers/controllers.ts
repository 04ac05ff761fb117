// Every controller that the plane can run, in the order in which they start.
import { deploymentController } from "./deployment/deployment-controller.js";
import type { Controller } from "./harness/controller.js";
import {
  replicaSetController,
  replicationControllerController,
} from "./replication/replication-controller.js";

export const CONTROLLERS: readonly Controller[] = [
  deploymentController,
  replicaSetController,
  replicationControllerController,
];
