// What one field alone cannot show: fields of an object that contradict each other, by kind.
import { canonicalIp, type Family, familyOf, canonicalIpOf } from "../base/ip.js";
import { matchesLabels, matchesSelector } from "../api/selector.js";
import {
  type EndpointSlice,
  type KubeObject,
  LABEL_MANAGED_BY,
  LABEL_SERVICE_NAME,
  type LabelSelector,
  type Node,
  type Service,
  type Workload,
} from "../api/types.js";
import type { Report } from "./field-rules.js";
import type { ObjectKind } from "./object-kinds.js";

type Check<T extends KubeObject> = (object: T, report: Report) => void;

/** Run every check of the object's kind. Its fields must have passed their rules. */
export function checkObject(kind: ObjectKind, object: KubeObject, report: Report): void {
  switch (kind) {
    case "Service":
      for (const check of SERVICE_CHECKS) check(object as Service, report);
      return;
    case "EndpointSlice":
      for (const check of SLICE_CHECKS) check(object as EndpointSlice, report);
      return;
    case "Node":
      checkNodeAddresses(object as Node, report);
      return;
    case "Endpoints":
    case "Pod":
      return;
    default:
      checkTemplateSelected(object as Workload, report);
  }
}

const SERVICE_CHECKS: readonly Check<Service>[] = [
  function externalNameIsGiven({ spec }, report) {
    if (spec.type === "ExternalName" && !spec.externalName) {
      report(["spec", "externalName"], "is missing, expected a host name, since the type is ExternalName");
    }
  },

  function portsAreGiven({ spec }, report) {
    if (spec.type === "ExternalName" || spec.clusterIP === "None" || (spec.ports ?? []).length > 0) return;
    report(["spec", "ports"], "has no item, expected at least one port");
  },

  function portsDiffer({ spec }, report) {
    const ports = spec.ports ?? [];
    const names = new Set<string>();
    const numbers = new Set<string>();
    for (const [index, { name = "", port, protocol = "TCP" }] of ports.entries()) {
      const path = ["spec", "ports", index];
      if (name === "" && ports.length > 1)
        report([...path, "name"], "is missing, expected one, as there are more ports");
      if (name !== "" && names.has(name))
        report([...path, "name"], `is '${name}' again, expected a name of its own`);
      const number = `${port}/${protocol}`;
      if (numbers.has(number))
        report([...path, "port"], `is ${number} again, expected another port or protocol`);
      names.add(name);
      numbers.add(number);
    }
  },

  function nodePortsDiffer({ spec }, report) {
    const taken = new Set<string>();
    for (const [index, { nodePort = 0, protocol = "TCP" }] of (spec.ports ?? []).entries()) {
      const number = `${nodePort}/${protocol}`;
      if (nodePort !== 0 && taken.has(number))
        report(["spec", "ports", index, "nodePort"], `is ${number} again, expected another port or protocol`);
      taken.add(number);
    }
  },

  function nodePortsFitTheType({ spec }, report) {
    if (spec.type === "NodePort" || spec.type === "LoadBalancer") return;
    for (const [index, { nodePort = 0 }] of (spec.ports ?? []).entries()) {
      if (nodePort === 0) continue;
      const type = spec.type ?? "ClusterIP";
      report(
        ["spec", "ports", index, "nodePort"],
        `is ${nodePort}, expected none, since the type is ${type}`,
      );
    }
  },

  function clusterIPsAgree({ spec }, report) {
    const [first, second] = spec.clusterIPs ?? [];
    if (spec.clusterIP && first !== undefined && spec.clusterIP !== first) {
      report(["spec", "clusterIPs", 0], `is '${first}', expected clusterIP '${spec.clusterIP}'`);
    }
    if (first === undefined || second === undefined) return;
    if (isAddress(first) && isAddress(second) && familyOf(first) !== familyOf(second)) return;
    report(
      ["spec", "clusterIPs", 1],
      `is '${second}', expected an address of the other family than '${first}'`,
    );
  },

  function familiesAgree({ spec }, report) {
    const { ipFamilies: families = [], clusterIPs = [] } = spec;
    if (families.length === 2 && families[0] === families[1]) {
      report(["spec", "ipFamilies", 1], `is ${families[1]} again, expected the other family`);
    }
    for (const [index, ip] of clusterIPs.entries()) {
      const wanted = families[index];
      if (wanted === undefined || !isAddress(ip) || familyOf(ip) === wanted) continue;
      report(
        ["spec", "clusterIPs", index],
        `is '${ip}', expected an ${wanted} address, as ipFamilies has it`,
      );
    }
  },
];

const SLICE_CHECKS: readonly Check<EndpointSlice>[] = [
  /** A slice that a controller wrote without the label is that controller's; one written by hand lacks it by mistake. */
  function serviceIsNamed({ metadata }, report) {
    const labels = metadata.labels ?? {};
    if (labels[LABEL_SERVICE_NAME] || Object.hasOwn(labels, LABEL_MANAGED_BY)) return;
    report(
      ["metadata", "labels"],
      `has no '${LABEL_SERVICE_NAME}', expected the name of the slice's Service`,
    );
  },

  function addressesFitTheType({ addressType, endpoints = [] }, report) {
    if (addressType === "FQDN") return;
    for (const [index, { addresses }] of endpoints.entries()) {
      const path = ["endpoints", index, "addresses"];
      if (addresses.length === 0) report(path, "has no item, expected an address");
      for (const [at, address] of addresses.entries()) {
        if (!isAddress(address, addressType))
          report([...path, at], `is '${address}', expected an ${addressType} address`);
      }
    }
  },

  function portNamesDiffer({ ports = [] }, report) {
    const names = new Set<string>();
    for (const [index, { name = "" }] of ports.entries()) {
      if (names.has(name)) report(["ports", index, "name"], `is '${name}' again, expected a name of its own`);
      names.add(name);
    }
  },
];

function checkNodeAddresses(node: Node, report: Report): void {
  for (const [index, { type, address }] of (node.status?.addresses ?? []).entries()) {
    if ((type !== "InternalIP" && type !== "ExternalIP") || isAddress(address)) continue;
    report(
      ["status", "addresses", index, "address"],
      `is '${address}', expected an IP address, since the type is ${type}`,
    );
  }
}

/** The API server refuses a workload that would not find its own Pods. */
function checkTemplateSelected({ kind, spec }: Workload, report: Report): void {
  if (spec.selector === undefined) return;
  const labels = spec.template.metadata?.labels;
  const isSelected =
    kind === "ReplicationController"
      ? matchesLabels(labels, spec.selector as Readonly<Record<string, string>>)
      : matchesSelector(labels, spec.selector as LabelSelector);
  if (!isSelected)
    report(["spec", "selector"], "does not match spec.template.metadata.labels, expected it to");
}

function isAddress(text: string, family?: Family): boolean {
  return (family === undefined ? canonicalIp(text) : canonicalIpOf(text, family)) !== null;
}
