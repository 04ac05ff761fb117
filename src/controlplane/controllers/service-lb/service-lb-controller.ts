// Load balancers of Services: asked of a cloud, told in status.loadBalancer, given back before the Service goes.
// Source: cloud-provider controllers/service/controller.go.
import { isStatus } from "../../../api/status.js";
import { type Service, SERVICES } from "../../client/cluster-resources.js";
import { keyOf } from "../../client/object-store.js";
import { clientOf } from "../../client/resources.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import type { Ingress, LoadBalancerCloud } from "./hollow-cloud.js";

const LOAD_BALANCER_CLEANUP = "service.kubernetes.io/load-balancer-cleanup";

/** release: give back what it has; a Service of a class is somebody else's. */
export function loadBalancerStep({ spec, metadata, status }: Service): "ensure" | "release" | "none" {
  const isWanted =
    spec?.type === "LoadBalancer" && !spec.loadBalancerClass && metadata.deletionTimestamp === undefined;
  if (isWanted) return "ensure";
  if (spec?.loadBalancerClass) return "none";
  const hasFinalizer = (metadata.finalizers ?? []).includes(LOAD_BALANCER_CLEANUP);
  const hasIngress = (status?.loadBalancer?.ingress ?? []).length > 0;
  return hasFinalizer || (hasIngress && spec?.type !== "LoadBalancer") ? "release" : "none";
}

export function serviceLoadBalancerController(cloud: LoadBalancerCloud): Controller {
  return {
    name: "service-lb",
    component: "service-controller",
    workersCount: 1,
    start(context) {
      const { informers, queue } = context;
      const services = informers.informer(SERVICES);
      const look = (service: Service): void => {
        if (loadBalancerStep(service) !== "none") queue.add(keyOf(service));
      };
      services.addHandler({
        onAdd: (service) => {
          cloud.adopt(service);
          look(service);
        },
        onUpdate: (_, service) => look(service),
        onDelete: (service) => void cloud.remove(service).catch(context.onError),
      });
      return async (key) => {
        const service = services.lister.get(key);
        if (service === undefined) return;
        const step = loadBalancerStep(service);
        if (step === "ensure") await ensure(context, cloud, service);
        if (step === "release") await release(context, cloud, service);
      };
    },
  };
}

async function ensure(context: ControllerContext, cloud: LoadBalancerCloud, service: Service): Promise<void> {
  const { events } = context;
  const before = service.status?.loadBalancer?.ingress ?? [];
  const finalizers = service.metadata.finalizers ?? [];
  const isHeld = finalizers.includes(LOAD_BALANCER_CLEANUP);
  const isNew = before.length === 0;
  if (isNew) events.record(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer");
  try {
    let current = service;
    if (!isHeld) current = await setFinalizers(context, service, [...finalizers, LOAD_BALANCER_CLEANUP]);
    const ingress = await cloud.ensure(service);
    if (!isSameIngress(before, ingress)) await setIngress(context, current, ingress);
  } catch (error) {
    if (!isStatus(error, "Conflict")) {
      const message = `Error syncing load balancer: failed to ensure load balancer: ${(error as Error).message}`;
      events.record(service, "Warning", "SyncLoadBalancerFailed", message);
    }
    throw error;
  }
  if (isNew) events.record(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer");
}

async function release(
  context: ControllerContext,
  cloud: LoadBalancerCloud,
  service: Service,
): Promise<void> {
  const { events } = context;
  events.record(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer");
  await cloud.remove(service);
  let current = service;
  if (
    (service.status?.loadBalancer?.ingress ?? []).length > 0 &&
    service.metadata.deletionTimestamp === undefined
  )
    current = await setIngress(context, service, []);
  const kept = (current.metadata.finalizers ?? []).filter((each) => each !== LOAD_BALANCER_CLEANUP);
  await setFinalizers(context, current, kept);
  events.record(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer");
}

function setFinalizers(
  { client }: ControllerContext,
  { metadata }: Service,
  finalizers: readonly string[],
): Promise<Service> {
  const { name, namespace = "", resourceVersion } = metadata;
  const patch = { metadata: { resourceVersion, finalizers } };
  return clientOf(client, SERVICES, namespace).patch(name, "merge", patch);
}

function setIngress(
  { client }: ControllerContext,
  { metadata }: Service,
  ingress: readonly Ingress[],
): Promise<Service> {
  const { name, namespace = "", resourceVersion } = metadata;
  const loadBalancer = ingress.length === 0 ? { ingress: null } : { ingress };
  const patch = { metadata: { resourceVersion }, status: { loadBalancer } };
  return clientOf(client, SERVICES, namespace).patch(name, "merge", patch, { subresource: "status" });
}

function isSameIngress(before: readonly { readonly ip?: string }[], after: readonly Ingress[]): boolean {
  return before.length === after.length && after.every(({ ip }, index) => before[index]?.ip === ip);
}
