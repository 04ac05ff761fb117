// What a generated cluster looks like. Every share is a probability per Service (or per endpoint where said), drawn
// from a stream of its own, so that changing one never changes the draws of another.
import { PlumbError } from "../base/errors.js";

/** Service types to choose from; "headless" is a ClusterIP Service whose clusterIP is None. */
export const SERVICE_SHAPES = ["ClusterIP", "NodePort", "LoadBalancer", "headless", "ExternalName"] as const;
export type ServiceShape = (typeof SERVICE_SHAPES)[number];

/**
 * Endpoints per Service.
 * - fixed: every Service has `count`.
 * - zipf: k endpoints with probability proportional to k^-s, k = 1..max, s chosen so that the mean is `mean`.
 * - cl2: 5, 30 or 250, as in clusterloader2's load test, where groups of 5 hold half of all Pods and groups of 30 and
 *   of 250 a quarter each; by number of Services that is 91.5%, 7.6% and 0.9%, 9.1 endpoints on average.
 *   Source: kubernetes/perf-tests clusterloader2/testing/load/config.yaml.
 */
export type EndpointDistribution =
  | { readonly kind: "fixed"; readonly count: number }
  | { readonly kind: "zipf"; readonly mean: number; readonly max: number }
  | { readonly kind: "cl2" };

export interface GenerateSpec {
  /** Same spec and seed, same bytes, on every machine. */
  readonly seed: number;
  /** Services in all, of every type. 1..1,000,000. */
  readonly services: number;
  /** Service i lives in namespace ns-(i mod namespaces). */
  readonly namespaces: number;
  readonly nodes: number;
  /** Nodes take zones a, b, c, ... in turn. */
  readonly zones: number;
  readonly families: "IPv4" | "IPv6" | "dual";
  /** Relative weights; they need not add up to 1. */
  readonly types: Readonly<Record<ServiceShape, number>>;
  /** Ports per Service, uniform in min..max. */
  readonly ports: { readonly min: number; readonly max: number };
  /** Relative weights, drawn per port. */
  readonly protocols: { readonly TCP: number; readonly UDP: number; readonly SCTP: number };
  readonly endpoints: EndpointDistribution;
  /** Share of Services with none; applied after `endpoints` drew a number. */
  readonly withoutEndpointsShare: number;
  /** Share of endpoints that are terminating and still serving. */
  readonly terminatingShare: number;
  /** Share of endpoints that are neither ready nor terminating. */
  readonly notReadyShare: number;
  /** Share of Services with ClientIP affinity of `affinitySeconds`. */
  readonly affinityShare: number;
  readonly affinitySeconds: number;
  /** Share of Services with internalTrafficPolicy Local. */
  readonly internalLocalShare: number;
  /** Share of NodePort and LoadBalancer Services with externalTrafficPolicy Local; the latter get a health-check port. */
  readonly externalLocalShare: number;
  /** Share of LoadBalancer Services that admit only half of the first outside-client range. */
  readonly sourceRangesShare: number;
  /** Share of Services with a cluster IP that also have an external IP. */
  readonly externalIPsShare: number;
  /** Share of Services whose every endpoint is hinted to its own zone. */
  readonly topologyHintsShare: number;
}

/** 100 plain TCP ClusterIP Services of 4 endpoints each, on 3 nodes in 3 zones. */
export const defaultGenerateSpec: GenerateSpec = {
  seed: 42,
  services: 100,
  namespaces: 10,
  nodes: 3,
  zones: 3,
  families: "IPv4",
  types: { ClusterIP: 1, NodePort: 0, LoadBalancer: 0, headless: 0, ExternalName: 0 },
  ports: { min: 1, max: 1 },
  protocols: { TCP: 1, UDP: 0, SCTP: 0 },
  endpoints: { kind: "fixed", count: 4 },
  withoutEndpointsShare: 0,
  terminatingShare: 0,
  notReadyShare: 0,
  affinityShare: 0,
  affinitySeconds: 10800,
  internalLocalShare: 0,
  externalLocalShare: 0,
  sourceRangesShare: 0,
  externalIPsShare: 0,
  topologyHintsShare: 0,
};

/** Name, least and most of every plain number in the spec. Shares are checked by their name. */
const NUMBER_LIMITS = [
  ["services", 1, 1_000_000],
  ["namespaces", 1, 100_000],
  ["nodes", 1, 32_768],
  ["zones", 1, 1_000],
  ["affinitySeconds", 1, 86_400],
] as const;

/** @throws {PlumbError} InvalidInput naming the first field that is out of range, with what was expected */
export function checkGenerateSpec(spec: GenerateSpec): void {
  const problems: string[] = [];
  for (const [name, least, most] of NUMBER_LIMITS) integer(problems, name, spec[name], least, most);
  for (const [name, value] of Object.entries(spec)) {
    if (name.endsWith("Share")) real(problems, name, value, 0, 1);
  }
  integer(problems, "ports.min", spec.ports.min, 1, 100);
  integer(problems, "ports.max", spec.ports.max, spec.ports.min, 100);
  if (spec.terminatingShare + spec.notReadyShare > 1) {
    problems.push("terminatingShare and notReadyShare add up to more than 1");
  }
  weights(problems, "types", spec.types);
  weights(problems, "protocols", spec.protocols);
  checkDistribution(problems, spec.endpoints);
  if (problems.length > 0) {
    throw new PlumbError("InvalidInput", `Cannot generate cluster: ${problems.join("; ")}`);
  }
}

function checkDistribution(problems: string[], endpoints: EndpointDistribution): void {
  if (endpoints.kind === "fixed") integer(problems, "endpoints.count", endpoints.count, 0, 100_000);
  if (endpoints.kind !== "zipf") return;
  integer(problems, "endpoints.max", endpoints.max, 1, 100_000);
  real(problems, "endpoints.mean", endpoints.mean, 1, endpoints.max);
}

function weights(problems: string[], name: string, table: Readonly<Record<string, number>>): void {
  for (const [key, weight] of Object.entries(table)) real(problems, `${name}.${key}`, weight, 0, 1e9);
  if (!Object.values(table).some((weight) => weight > 0)) problems.push(`${name} has no weight above 0`);
}

function integer(problems: string[], name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value))
    problems.push(`${name} is ${value}, expected a whole number ${least}..${most}`);
  else real(problems, name, value, least, most);
}

function real(problems: string[], name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) problems.push(`${name} is ${value}, expected ${least}..${most}`);
}
