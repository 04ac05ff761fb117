// Keeps the Endpoints of Services that select Pods: the older form, for clients that still read it.
// Source: pkg/controller/endpoint/endpoints_controller.go.
import { isStatus } from "../../../api/status.js";
import { ENDPOINTS, type Endpoints, type Service, SERVICES } from "../../client/cluster-resources.js";
import { keyOf } from "../../client/object-store.js";
import { clientOf, PODS } from "../../client/resources.js";
import { gatherMs } from "../harness/gather.js";
import { ChangeTriggers, LAST_CHANGE_TRIGGER_TIME } from "../harness/change-trigger.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { OwnWrites } from "../harness/own-writes.js";
import { isHeadless } from "../harness/pod-endpoint.js";
import { isNamespaceTerminating } from "../harness/refusals.js";
import { SelectedPods } from "../harness/selected-pods.js";
import { type Subset, subsetsOf, truncated } from "./subsets.js";

const ENDPOINTS_MANAGED_BY = "endpoints.kubernetes.io/managed-by";
const ENDPOINTS_CONTROLLER = "endpoint-controller";
const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
const LEADER = "control-plane.alpha.kubernetes.io/leader";
const HEADLESS = "service.kubernetes.io/headless";
const OWN_WRITE_MS = 1000;
/** Proxies read slices: Endpoints can wait for more changes to come together. */
const GATHER_FACTOR = 10;

/** What a Service's Endpoints should be. @returns null when they are so */
export function desiredEndpoints(
  service: Service,
  current: Endpoints | undefined,
  all: readonly Subset[],
  triggerTime: string | null,
): Endpoints | null {
  const cut = truncated(all);
  const subsets = cut ?? all;
  const labels = {
    ...service.metadata.labels,
    ...(isHeadless(service) ? { [HEADLESS]: "" } : {}),
    [ENDPOINTS_MANAGED_BY]: ENDPOINTS_CONTROLLER,
  };
  const {
    [OVER_CAPACITY]: capacity,
    [LAST_CHANGE_TRIGGER_TIME]: _time,
    ...others
  } = current?.metadata.annotations ?? {};
  const isRight =
    current !== undefined &&
    isSame(current.subsets ?? [], subsets) &&
    isSame(sorted(current.metadata.labels), sorted(labels)) &&
    capacity === (cut === null ? undefined : "truncated");
  if (isRight) return null;
  const { name, namespace = "" } = service.metadata;
  const annotations = {
    ...others,
    ...(triggerTime === null ? {} : { [LAST_CHANGE_TRIGGER_TIME]: triggerTime }),
    ...(cut === null ? {} : { [OVER_CAPACITY]: "truncated" }),
  };
  const metadata = { ...(current?.metadata ?? { name, namespace }), labels, annotations };
  return { apiVersion: "v1", kind: "Endpoints", metadata, subsets } as Endpoints;
}

function sorted(labels: Readonly<Record<string, string>> = {}): readonly (readonly [string, string])[] {
  return Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1));
}

/** Fields may come back in another order. */
function isSame(left: unknown, right: unknown): boolean {
  return stableText(left) === stableText(right);
}

function stableText(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    typeof field === "object" && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([left], [right]) => (left < right ? -1 : 1)))
      : field,
  );
}

export const endpointsController: Controller = {
  name: "endpoint",
  component: "endpoint-controller",
  workersCount: 5,
  start(context) {
    const { informers, queue } = context;
    const services = informers.informer(SERVICES);
    const endpoints = informers.informer(ENDPOINTS);
    const sizes = new Map<string, number>();
    const selected = new SelectedPods(services, informers.informer(PODS), (key) =>
      queue.addAfter(key, GATHER_FACTOR * gatherMs(sizes.get(key) ?? 0)),
    );
    const triggers = new ChangeTriggers();
    const own = new OwnWrites();
    const look = (service: Service): void => queue.add(keyOf(service));
    services.addHandler({ onAdd: look, onUpdate: (_, service) => look(service), onDelete: look });
    const seen = (object: Endpoints): void => {
      const key = keyOf(object);
      const wasPending = own.isPending(key);
      if (own.seen(key, object) || !wasPending) queue.add(key);
    };
    endpoints.addHandler({
      onAdd: (object, isInInitialList) => {
        if (!isInInitialList || object.metadata.annotations?.[LEADER] === undefined) seen(object);
      },
      onUpdate: (_, object) => seen(object),
      onDelete: (object) => {
        own.forget(keyOf(object));
        queue.add(keyOf(object));
      },
    });
    return async (key) => {
      const service = services.lister.get(key);
      const current = endpoints.lister.get(key);
      if (service === undefined) {
        triggers.forget(key);
        sizes.delete(key);
        own.forget(key);
        if (current !== undefined) await removeLeftover(context, current);
        return;
      }
      if (service.spec?.type === "ExternalName" || service.spec?.selector == null) return;
      if (service.metadata.deletionTimestamp !== undefined) return;
      if (own.isPending(key)) {
        context.timers.after(OWN_WRITE_MS, () => {
          if (!own.isPending(key)) return;
          own.forget(key);
          queue.add(key);
        });
        return;
      }
      const pods = selected.of(service);
      sizes.set(key, pods.length);
      const desired = desiredEndpoints(
        service,
        current,
        subsetsOf(service, pods),
        triggers.triggerOf(key, service, pods),
      );
      if (desired !== null) {
        const written = await write(context, current, desired);
        if (written !== null) own.written(key, written);
        const shown = endpoints.lister.get(key);
        if (shown !== undefined) own.seen(key, shown);
      }
    };
  },
};

async function write(
  { client, events }: ControllerContext,
  current: Endpoints | undefined,
  desired: Endpoints,
): Promise<Endpoints | null> {
  const { name, namespace = "" } = desired.metadata;
  const endpoints = clientOf(client, ENDPOINTS, namespace);
  try {
    return current === undefined ? await endpoints.create(desired) : await endpoints.update(desired);
  } catch (error) {
    if (isNamespaceTerminating(error)) return null;
    const { message } = error as Error;
    if (current === undefined)
      events.record(
        desired,
        "Warning",
        "FailedToCreateEndpoint",
        `Failed to create endpoint for service ${namespace}/${name}: ${message}`,
      );
    else if (!isStatus(error, "Conflict"))
      events.record(
        desired,
        "Warning",
        "FailedToUpdateEndpoint",
        `Failed to update endpoint ${namespace}/${name}: ${message}`,
      );
    throw error;
  }
}

/** Endpoints whose Service went; those that somebody uses as a lock, or made by hand, stay. */
async function removeLeftover({ client }: ControllerContext, { metadata }: Endpoints): Promise<void> {
  if (metadata.annotations?.[LEADER] !== undefined) return;
  if (metadata.labels?.[ENDPOINTS_MANAGED_BY] !== ENDPOINTS_CONTROLLER) return;
  await clientOf(client, ENDPOINTS, metadata.namespace ?? "")
    .delete(metadata.name)
    .catch((error: unknown) => {
      if (!isStatus(error, "NotFound")) throw error;
    });
}
