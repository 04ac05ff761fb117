// Columns of Services, what is behind them, and what is in front of them.
// Source: pkg/printers/internalversion/printers.go.
import type { Endpoints, LoadBalancerIngress, Service } from "kubernetes-types/core/v1.js";
import type { EndpointSlice } from "kubernetes-types/discovery/v1.js";
import type { Ingress, IngressClass, NetworkPolicy } from "kubernetes-types/networking/v1.js";
import type { LabelSelector } from "../meta.js";
import { labelsText, selectorText } from "./label-text.js";
import { Columns, firstOf, namedColumns } from "./printer-columns.js";

export const SERVICE_COLUMNS = namedColumns<Service>()
  .text("Type", ({ spec }) => spec?.type ?? "")
  .text("Cluster-IP", ({ spec }) => spec?.clusterIPs?.[0] ?? (spec?.clusterIP || "<none>"))
  .text("External-IP", externalText)
  .text("Port(s)", ({ spec }) => (spec?.ports ?? []).map(portText).join(",") || "<none>")
  .age()
  .wide("Selector", ({ spec }) => labelsText(spec?.selector)).list;

function externalText({ spec, status }: Service): string {
  const given = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case "ClusterIP":
    case "NodePort":
      return given.join(",") || "<none>";
    case "LoadBalancer":
      return [...addressesOf(status?.loadBalancer?.ingress), ...given].join(",") || "<pending>";
    case "ExternalName":
      return spec.externalName ?? "";
    default:
      return "<unknown>";
  }
}

function addressesOf(ingress: readonly LoadBalancerIngress[] | undefined): readonly string[] {
  const addresses = (ingress ?? [])
    .map(({ ip, hostname }) => ip || hostname || "")
    .filter((each) => each !== "");
  return [...new Set(addresses)].sort();
}

interface Port {
  readonly port: number;
  readonly nodePort?: number;
  readonly protocol?: string;
}

/** "80/TCP", "80:30080/TCP" */
function portText({ port, nodePort = 0, protocol = "TCP" }: Port): string {
  return nodePort > 0 ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`;
}

const SHOWN = 3;

export const ENDPOINTS_COLUMNS = namedColumns<Endpoints>()
  .text("Endpoints", ({ subsets }) => {
    const addresses = (subsets ?? []).flatMap((subset) => subsetAddresses(subset));
    return (subsets ?? []).length === 0 ? "<none>" : firstOf(addresses, SHOWN, ",");
  })
  .age().list;

function subsetAddresses({
  addresses = [],
  ports = [],
}: NonNullable<Endpoints["subsets"]>[number]): string[] {
  if (ports.length === 0) return addresses.map(({ ip }) => ip);
  return ports.flatMap(({ port }) =>
    addresses.map(({ ip }) => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`)),
  );
}

export const ENDPOINT_SLICE_COLUMNS = namedColumns<EndpointSlice>()
  .text("AddressType", ({ addressType }) => addressType)
  .text("Ports", ({ ports }) =>
    someOrUnset((ports ?? []).map(({ port, name }) => String(port ?? name ?? "*"))),
  )
  .text("Endpoints", ({ endpoints }) => someOrUnset((endpoints ?? []).flatMap(({ addresses }) => addresses)))
  .age().list;

function someOrUnset(items: readonly string[]): string {
  return firstOf(items, SHOWN, ",") || "<unset>";
}

export const INGRESS_COLUMNS = namedColumns<Ingress>()
  .text("Class", ({ spec }) => spec?.ingressClassName ?? "<none>")
  .text("Hosts", hostsText)
  .text("Address", ({ status }) =>
    addressesOf(status?.loadBalancer?.ingress as LoadBalancerIngress[]).join(","),
  )
  .text("Ports", ({ spec }) => ((spec?.tls ?? []).length === 0 ? "80" : "80, 443"))
  .age().list;

/** Rules without a host count among those that are left out, once three hosts are shown. */
function hostsText({ spec }: Ingress): string {
  const rules = spec?.rules ?? [];
  const hosts: string[] = [];
  for (const { host } of rules) {
    if (hosts.length === SHOWN) return `${hosts.join(",")} + ${rules.length - SHOWN} more...`;
    if (host) hosts.push(host);
  }
  return hosts.length === 0 ? "*" : hosts.join(",");
}

export const INGRESS_CLASS_COLUMNS = new Columns<IngressClass>()
  .name(0, ({ metadata }) =>
    metadata?.annotations?.["ingressclass.kubernetes.io/is-default-class"] === "true"
      ? `${metadata.name} (default)`
      : (metadata?.name ?? ""),
  )
  .text("Controller", ({ spec }) => spec?.controller ?? "")
  .text("Parameters", ({ spec }) => {
    const parameters = spec?.parameters;
    if (parameters === undefined) return "<none>";
    const { kind, apiGroup, name } = parameters;
    return `${kind}${apiGroup === undefined ? "" : `.${apiGroup}`}/${name}`;
  })
  .age().list;

export const NETWORK_POLICY_COLUMNS = namedColumns<NetworkPolicy>()
  .text(
    "Pod-Selector",
    ({ spec }) => selectorText(spec?.podSelector as LabelSelector | undefined) || "<none>",
  )
  .age().list;
