// Endpoints that people wrote for a Service without a selector -> EndpointSlices, one for each subset and family, so
// that proxies, which read only slices, know them.
// Source: pkg/controller/endpointslicemirroring (reconciler.go, utils.go, endpointslicemirroring_controller.go).
import ipaddr from "ipaddr.js";
import type {
  AddressType,
  Endpoints,
  EndpointSlice,
  Service,
  SliceEndpoint,
  SlicePort,
} from "../../client/cluster-resources.js";
import { ENDPOINT_SLICES, ENDPOINTS, SERVICES } from "../../client/cluster-resources.js";
import { keyOf } from "../../client/object-store.js";
import { clientOf } from "../../client/resources.js";
import type { KubeObject } from "../../../api/meta.js";
import { isStatus } from "../../../api/status.js";
import { LAST_CHANGE_TRIGGER_TIME } from "../harness/change-trigger.js";
import type { Controller } from "../harness/controller.js";
import { controllerReference } from "../harness/owners.js";
import { isNamespaceTerminating } from "../harness/refusals.js";
import type { EndpointAddress, Subset } from "./subsets.js";

const SERVICE_NAME = "kubernetes.io/service-name";
const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
const MIRRORING = "endpointslicemirroring-controller.k8s.io";
const SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror";
const LEADER = "control-plane.alpha.kubernetes.io/leader";
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const MIRRORED_INDEX = "mirrored endpoints";
/** Addresses of one subset that are mirrored. */
const MIRRORED_MAX = 1000;

export interface MirrorPlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
  readonly invalidCount: number;
  readonly skippedCount: number;
}

/** null: these Endpoints are not mirrored, and slices of them go. */
export function mirrorPlan(endpoints: Endpoints | null, existing: readonly EndpointSlice[]): MirrorPlan {
  if (endpoints === null)
    return { create: [], update: [], remove: existing, invalidCount: 0, skippedCount: 0 };
  const counts = { invalid: 0, skipped: 0 };
  const wanted = (endpoints.subsets ?? []).flatMap((subset) => slicesOf(endpoints, subset, counts));
  const left = new Map(existing.map((slice) => [identity(slice), slice]));
  const remove = existing.filter((slice) => left.get(identity(slice)) !== slice);
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  for (const slice of wanted) {
    const known = left.get(identity(slice));
    left.delete(identity(slice));
    if (known === undefined) create.push(slice);
    else if (!isSame(known, slice)) {
      const { labels = {}, annotations = {} } = slice.metadata;
      const metadata = { ...known.metadata, labels, annotations };
      update.push({ ...slice, metadata });
    }
  }
  return {
    create,
    update,
    remove: [...remove, ...left.values()],
    invalidCount: counts.invalid,
    skippedCount: counts.skipped,
  };
}

function isMirrored(endpoints: Endpoints | undefined, service: Service | undefined): boolean {
  if (endpoints === undefined || service === undefined || service.spec?.selector != null) return false;
  const { labels = {}, annotations = {} } = endpoints.metadata;
  return labels[SKIP_MIRROR] !== "true" && annotations[LEADER] === undefined;
}

function slicesOf(
  endpoints: Endpoints,
  subset: Subset,
  counts: { invalid: number; skipped: number },
): EndpointSlice[] {
  const byFamily = new Map<AddressType, SliceEndpoint[]>();
  let added = 0;
  const add = (address: EndpointAddress, ready: boolean): void => {
    if (added >= MIRRORED_MAX) {
      counts.skipped++;
      return;
    }
    if (!ipaddr.isValid(address.ip)) {
      counts.invalid++;
      return;
    }
    added++;
    const family = address.ip.includes(":") ? "IPv6" : "IPv4";
    byFamily.set(family, [...(byFamily.get(family) ?? []), mirrored(address, ready)]);
  };
  for (const address of subset.addresses ?? []) add(address, true);
  for (const address of subset.notReadyAddresses ?? []) add(address, false);
  return [...byFamily].map(([addressType, list]) =>
    newSlice(endpoints, addressType, list, subset.ports ?? []),
  );
}

function mirrored({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): SliceEndpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined ? {} : { nodeName }),
  };
}

function newSlice(
  owner: Endpoints,
  addressType: AddressType,
  endpoints: readonly SliceEndpoint[],
  ports: readonly SlicePort[],
): EndpointSlice {
  const { name, namespace = "", labels = {}, annotations = {} } = owner.metadata;
  const { [LAST_CHANGE_TRIGGER_TIME]: _time, [LAST_APPLIED]: _applied, ...kept } = annotations;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "",
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [SERVICE_NAME]: name, [MANAGED_BY]: MIRRORING },
      annotations: kept,
      ownerReferences: [controllerReference(owner, { apiVersion: "v1", kind: "Endpoints" })],
    },
    addressType,
    endpoints,
    ports: ports.map(({ name: port = "", ...rest }) => ({ name: port, ...rest })),
  };
}

function identity({ addressType, ports }: EndpointSlice): string {
  const texts = (ports ?? []).map(
    ({ name = "", port = 0, protocol = "TCP", appProtocol = "" }) =>
      `${name}/${port}/${protocol}/${appProtocol}`,
  );
  return `${addressType} ${texts.sort().join(",")}`;
}

function isSame(left: EndpointSlice, right: EndpointSlice): boolean {
  const text = ({ endpoints, metadata }: EndpointSlice): string =>
    JSON.stringify([
      (endpoints ?? []).map(({ addresses, conditions, hostname, nodeName, targetRef }) => [
        addresses,
        conditions?.ready,
        hostname,
        nodeName,
        targetRef?.uid,
      ]),
      Object.entries(metadata.labels ?? {}).sort(),
      Object.entries(metadata.annotations ?? {}).sort(),
    ]);
  return text(left) === text(right);
}

function mirroredKeys({ metadata }: EndpointSlice): readonly string[] {
  const name = metadata.labels?.[SERVICE_NAME];
  return name !== undefined && metadata.labels?.[MANAGED_BY] === MIRRORING
    ? [`${metadata.namespace}/${name}`]
    : [];
}

export const endpointSliceMirroringController: Controller = {
  name: "endpointslicemirroring",
  component: "endpoint-slice-mirroring-controller",
  workersCount: 5,
  start({ informers, queue, client, events }) {
    const endpoints = informers.informer(ENDPOINTS);
    const services = informers.informer(SERVICES);
    const slices = informers.informer(ENDPOINT_SLICES);
    slices.addIndex(MIRRORED_INDEX, mirroredKeys);
    // Only what may be mirrored: Endpoints of Services with selectors change all the time.
    const look = (object: KubeObject): void => {
      const key = keyOf(object);
      if (
        services.lister.get(key)?.spec?.selector == null ||
        slices.lister.byIndex(MIRRORED_INDEX, key).length > 0
      )
        queue.add(key);
    };
    endpoints.addHandler({ onAdd: look, onUpdate: (_, object) => look(object), onDelete: look });
    services.addHandler({
      onAdd: look,
      onUpdate: (before, service) => {
        if ((before.spec?.selector == null) !== (service.spec?.selector == null)) queue.add(keyOf(service));
      },
      onDelete: look,
    });
    const lookAtSlice = (slice: EndpointSlice): void => {
      for (const key of mirroredKeys(slice)) queue.add(key);
    };
    slices.addHandler({ onUpdate: (_, slice) => lookAtSlice(slice), onDelete: lookAtSlice });
    return async (key) => {
      const source = endpoints.lister.get(key);
      const mirrors = isMirrored(source, services.lister.get(key));
      const plan = mirrorPlan(mirrors ? (source ?? null) : null, slices.lister.byIndex(MIRRORED_INDEX, key));
      const namespace = key.slice(0, key.indexOf("/"));
      const ofNamespace = clientOf(client, ENDPOINT_SLICES, namespace);
      if (source !== undefined && plan.invalidCount > 0)
        events.record(
          source,
          "Warning",
          "InvalidIPAddress",
          `Skipped ${plan.invalidCount} invalid IP addresses when mirroring to EndpointSlices`,
        );
      if (source !== undefined && plan.skippedCount > 0)
        events.record(
          source,
          "Warning",
          "TooManyAddressesToMirror",
          `A max of ${MIRRORED_MAX} addresses can be mirrored to EndpointSlices per Endpoints subset. ${plan.skippedCount} addresses were skipped`,
        );
      try {
        for (const slice of plan.create) await ofNamespace.create(slice);
        for (const slice of plan.update) await ofNamespace.update(slice);
        for (const slice of plan.remove) await ofNamespace.delete(slice.metadata.name);
      } catch (error) {
        if (!isNamespaceTerminating(error) && !isStatus(error, "NotFound")) throw error;
      }
    };
  },
};
