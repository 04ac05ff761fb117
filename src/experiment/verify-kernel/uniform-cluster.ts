// The cluster that is timed: N alike ClusterIP Services of one UDP port and one endpoint each. UDP, because a first
// packet is then no different from any other but for conntrack; one endpoint, because what is asked is the way to a
// Service and not through it.
import { LABEL_SERVICE_NAME, type ClusterObjects } from "../../api/types.js";
import { ipText, ipWords } from "../../base/ip.js";

const NAMESPACES = 10;
export const SERVICE_PORT = 80;
const FIRST_CLUSTER_IP = ipWords("172.30.0.1")[0] as number;
const FIRST_ENDPOINT = ipWords("10.0.0.1")[0] as number;
/** Pods: clients and endpoints. */
export const POD_CIDR = "10.0.0.0/8";

/** Cluster IP of the Service at `index`, from 0. */
export function clusterIpOf(index: number): string {
  return addressAt(FIRST_CLUSTER_IP, index);
}

/** @param services at most 65,000: more would leave their addresses' range */
export function uniformCluster(services: number): ClusterObjects {
  const indices = Array.from({ length: services }, (_, index) => index);
  const nameOf = (index: number) => ({ namespace: `ns-${index % NAMESPACES}`, name: `service-${index}` });
  const port = { name: "dns", protocol: "UDP", port: SERVICE_PORT } as const;
  return {
    nodes: [],
    services: indices.map((index) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: nameOf(index),
      spec: { clusterIP: clusterIpOf(index), ports: [port] },
    })),
    endpointSlices: indices.map((index) => {
      const { namespace, name } = nameOf(index);
      return {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { namespace, name: `${name}-1`, labels: { [LABEL_SERVICE_NAME]: name } },
        addressType: "IPv4",
        endpoints: [{ addresses: [addressAt(FIRST_ENDPOINT, index)] }],
        ports: [port],
      };
    }),
  };
}

function addressAt(first: number, index: number): string {
  return ipText([(first + index) >>> 0, 0, 0, 0], "IPv4");
}
