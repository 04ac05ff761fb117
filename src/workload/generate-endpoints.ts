// The EndpointSlices of one generated Service: its Pods' addresses, conditions, nodes and zone hints.
import type { Prng } from "../base/prng.js";
import type {
  EndpointConditions,
  EndpointSlice,
  EndpointSliceEndpoint,
  EndpointSlicePort,
  Service,
} from "../api/types.js";
import { makeSlices, nodeName, zoneName } from "./cluster-parts.js";
import type { GenerateSpec } from "./generate-spec.js";
import { targetPortNumber } from "./generate-service.js";
import type { PodAddressing } from "./pod-addresses.js";

/** Shared by every endpoint in the state: half a million objects less. */
const READY: EndpointConditions = Object.freeze({ ready: true, serving: true, terminating: false });
const NOT_READY: EndpointConditions = Object.freeze({ ready: false, serving: false, terminating: false });
const TERMINATING: EndpointConditions = Object.freeze({ ready: false, serving: true, terminating: true });

type MakeEndpointSlices = (of: {
  readonly index: number;
  readonly service: Service;
  readonly count: number;
  readonly firstNode: number;
}) => EndpointSlice[];

/** A maker of slices; call it once per Service, in order: Pods are numbered as they come. */
export function makeEndpointSlices(
  spec: GenerateSpec,
  root: Prng,
  addressing: readonly PodAddressing[],
): MakeEndpointSlices {
  const hinted = root.fork("topology-hints");
  const conditions = root.fork("conditions");
  const nodes = nodeTable(spec);
  const podsOnNode = new Uint32Array(spec.nodes);
  return ({ index, service, count, firstNode }) => {
    const isHinted = hinted.unit() < spec.topologyHintsShare;
    const ofService = conditions.fork(String(index));
    const pods = Array.from({ length: count }, (_, number) => {
      const node = (firstNode + number) % spec.nodes;
      return { node, pod: (podsOnNode[node] as number)++, conditions: conditionOf(spec, ofService) };
    });
    return addressing.flatMap((family) =>
      makeSlices({
        service,
        family: family.family,
        ports: slicePorts(service),
        endpoints: pods.map(({ node, pod, conditions: state }): EndpointSliceEndpoint => {
          const { name, zone, hints } = nodes[node] as NodeNames;
          const base = { addresses: [family.address(node, pod)], conditions: state, nodeName: name, zone };
          return isHinted ? { ...base, hints } : base;
        }),
        number: 0,
      }),
    );
  };
}

interface NodeNames {
  readonly name: string;
  readonly zone: string;
  readonly hints: { readonly forZones: readonly { readonly name: string }[] };
}

function nodeTable(spec: GenerateSpec): NodeNames[] {
  return Array.from({ length: spec.nodes }, (_, index) => {
    const zone = zoneName(index, spec.zones);
    return { name: nodeName(index), zone, hints: { forZones: [{ name: zone }] } };
  });
}

/** One value of the stream. The two unready shares are the two ends of [0, 1). */
function conditionOf(spec: GenerateSpec, prng: Prng): EndpointConditions {
  const drawn = prng.unit();
  if (drawn < spec.terminatingShare) return TERMINATING;
  return drawn >= 1 - spec.notReadyShare ? NOT_READY : READY;
}

function slicePorts(service: Service): EndpointSlicePort[] {
  return (service.spec.ports ?? []).map((port, index) => ({
    name: port.name ?? "",
    port: targetPortNumber(index),
    protocol: port.protocol ?? "TCP",
  }));
}
