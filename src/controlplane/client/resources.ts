// Resources by name, each with the type of its objects: `factory.informer(PODS)` is an Informer<Pod>.
import type { KubeObject } from "../../api/meta.js";
import type { Client, ResourceClient, ResourceName } from "./client.js";
import type {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  Event,
  Job,
  Lease,
  Node,
  PersistentVolumeClaim,
  Pod,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from "./object-types.js";

declare const objects: unique symbol;

/** The name of a resource that knows, for the compiler only, what its objects look like. */
export interface Resource<Kind extends KubeObject = KubeObject> extends ResourceName {
  readonly [objects]?: Kind;
}

/** Names a resource whose objects are of a type: `resourceOf<Pod>("", "v1", "pods")`. */
export function resourceOf<Kind extends KubeObject>(
  group: string,
  version: string,
  resource: string,
): Resource<Kind> {
  return { group, version, resource };
}

/** A typed client of one namespace, or (null) of all. */
export function clientOf<Kind extends KubeObject>(
  client: Client,
  resource: Resource<Kind>,
  namespace: string | null,
): ResourceClient<Kind> {
  return client.resource<Kind>(resource, namespace);
}

export const PODS = resourceOf<Pod>("", "v1", "pods");
export const NODES = resourceOf<Node>("", "v1", "nodes");
export const EVENTS = resourceOf<Event>("", "v1", "events");
export const PERSISTENT_VOLUME_CLAIMS = resourceOf<PersistentVolumeClaim>("", "v1", "persistentvolumeclaims");
export const REPLICATION_CONTROLLERS = resourceOf<ReplicationController>("", "v1", "replicationcontrollers");
export const DEPLOYMENTS = resourceOf<Deployment>("apps", "v1", "deployments");
export const REPLICA_SETS = resourceOf<ReplicaSet>("apps", "v1", "replicasets");
export const STATEFUL_SETS = resourceOf<StatefulSet>("apps", "v1", "statefulsets");
export const DAEMON_SETS = resourceOf<DaemonSet>("apps", "v1", "daemonsets");
export const CONTROLLER_REVISIONS = resourceOf<ControllerRevision>("apps", "v1", "controllerrevisions");
export const JOBS = resourceOf<Job>("batch", "v1", "jobs");
export const CRON_JOBS = resourceOf<CronJob>("batch", "v1", "cronjobs");
export const LEASES = resourceOf<Lease>("coordination.k8s.io", "v1", "leases");
