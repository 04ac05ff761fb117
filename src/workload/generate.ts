// A cluster from a seed: N Services with endpoints, nodes and every address they need.
// Why in three steps: the number of Pods decides which Pod CIDR is large enough, so shapes are drawn first (columns),
// then addresses are planned, then objects are made. Cost: O(Services + endpoints); 50,000 x 10 in about a second.
// Streams: one per feature, forked by name; where a Service draws a varying number of values, one per Service too.
// Turning a feature on or off therefore leaves all other draws as they were.
import { Prng } from "../base/prng.js";
import type { Family } from "../base/ip.js";
import type { EndpointSlice, Service } from "../api/types.js";
import { ADDRESS_RANGES } from "./address-ranges.js";
import { type AddressedObjects, makeNodes, namedNodes } from "./cluster-parts.js";
import { WeightedIndex, zipfExponentForMean, zipfWeights } from "./distributions.js";
import { makeEndpointSlices } from "./generate-endpoints.js";
import { makeService, type ServicePools, servicePools } from "./generate-service.js";
import {
  checkGenerateSpec,
  type EndpointDistribution,
  type GenerateSpec,
  SERVICE_SHAPES,
  type ServiceShape,
} from "./generate-spec.js";
import { type PodAddressing, planPodAddresses } from "./pod-addresses.js";

/** Sizes of clusterloader2's groups and the share of Pods each holds. */
const CL2_GROUPS = [
  { size: 5, podShare: 0.5 },
  { size: 30, podShare: 0.25 },
  { size: 250, podShare: 0.25 },
] as const;

/** What is decided about every Service before anything has an address. */
interface ServiceDraws {
  readonly shapes: readonly ServiceShape[];
  readonly endpointCounts: Uint32Array;
  /** Node of a Service's first endpoint; the others follow on the next nodes. */
  readonly firstNodes: Uint32Array;
}

/**
 * The cluster that `spec` describes. Services come in the order of their names, svc-1 first.
 *
 * @throws {PlumbError} InvalidInput for a spec out of range, LimitExceeded when an address range runs out
 */
export function generateCluster(
  spec: GenerateSpec,
): AddressedObjects & { readonly warnings: readonly string[] } {
  checkGenerateSpec(spec);
  const root = new Prng(spec.seed);
  const draws = drawServices(spec, root);
  const addressing = familiesOf(spec).map((family) =>
    planPodAddresses({ family, nodes: spec.nodes, podsPerNode: busiestNode(spec, draws) }),
  );
  const pools = servicePools(familiesOf(spec));
  const { services, endpointSlices } = makeObjects(spec, root, { draws, addressing, pools });
  return {
    services,
    endpointSlices,
    nodes: makeNodes(namedNodes(spec.nodes, spec.zones), { families: familiesOf(spec), addressing }),
    podCIDRs: addressing.map((family) => family.clusterCidr),
    serviceCIDRs: familiesOf(spec).map((family) => ADDRESS_RANGES[family].services[0] as string),
    warnings: pools.nodePorts.warnings(),
  };
}

/** Primary family first. */
function familiesOf(spec: GenerateSpec): readonly Family[] {
  return spec.families === "dual" ? ["IPv4", "IPv6"] : [spec.families];
}

function drawServices(spec: GenerateSpec, root: Prng): ServiceDraws {
  const shapeOf = new WeightedIndex(SERVICE_SHAPES.map((shape) => spec.types[shape]));
  const drawCount = endpointCounter(spec.endpoints);
  const stream = {
    shape: root.fork("type"),
    endpoints: root.fork("endpoints"),
    empty: root.fork("without-endpoints"),
    node: root.fork("placement"),
  };
  const shapes: ServiceShape[] = [];
  const endpointCounts = new Uint32Array(spec.services);
  const firstNodes = new Uint32Array(spec.services);
  for (let index = 0; index < spec.services; index++) {
    const shape = SERVICE_SHAPES[shapeOf.draw(stream.shape)] as ServiceShape;
    const count = drawCount(stream.endpoints);
    const isEmpty = stream.empty.unit() < spec.withoutEndpointsShare;
    shapes.push(shape);
    endpointCounts[index] = isEmpty || shape === "ExternalName" ? 0 : count;
    firstNodes[index] = stream.node.below(spec.nodes);
  }
  return { shapes, endpointCounts, firstNodes };
}

/** Draws one value per call, whatever the distribution. */
function endpointCounter(distribution: EndpointDistribution): (prng: Prng) => number {
  switch (distribution.kind) {
    case "fixed":
      return (prng) => {
        prng.unit();
        return distribution.count;
      };
    case "zipf": {
      const s = zipfExponentForMean(distribution.mean, distribution.max);
      const ranks = new WeightedIndex(zipfWeights(distribution.max, s));
      return (prng) => ranks.draw(prng) + 1;
    }
    case "cl2": {
      const groups = new WeightedIndex(CL2_GROUPS.map((group) => group.podShare / group.size));
      return (prng) => (CL2_GROUPS[groups.draw(prng)] as { size: number }).size;
    }
  }
}

/** The most Pods on one node. */
function busiestNode(spec: GenerateSpec, draws: ServiceDraws): number {
  const podsOnNode = new Uint32Array(spec.nodes);
  for (let index = 0; index < spec.services; index++) {
    const count = draws.endpointCounts[index] as number;
    const everywhere = Math.floor(count / spec.nodes);
    if (everywhere > 0)
      for (let node = 0; node < spec.nodes; node++) (podsOnNode[node] as number) += everywhere;
    for (let extra = 0; extra < count % spec.nodes; extra++) {
      (podsOnNode[((draws.firstNodes[index] as number) + extra) % spec.nodes] as number) += 1;
    }
  }
  return podsOnNode.reduce((most, count) => Math.max(most, count), 0);
}

function makeObjects(
  spec: GenerateSpec,
  root: Prng,
  parts: { draws: ServiceDraws; addressing: readonly PodAddressing[]; pools: ServicePools },
): { services: Service[]; endpointSlices: EndpointSlice[] } {
  const services: Service[] = [];
  const endpointSlices: EndpointSlice[] = [];
  const makeOne = makeService(spec, root, parts.pools);
  const makeSlicesOf = makeEndpointSlices(spec, root, parts.addressing);
  for (let index = 0; index < spec.services; index++) {
    const service = makeOne(index, parts.draws.shapes[index] as ServiceShape);
    services.push(service);
    const count = parts.draws.endpointCounts[index] as number;
    const firstNode = parts.draws.firstNodes[index] as number;
    for (const slice of makeSlicesOf({ index, service, count, firstNode })) endpointSlices.push(slice);
  }
  return { services, endpointSlices };
}
