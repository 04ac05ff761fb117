// A cluster whose rules are as large as is asked for: Services without a selector, with one endpoint each, that nothing
// changes.
import { resourceOf } from "../../controlplane/client/resources.js";
import type { Plane } from "../../controlplane/plane.js";
import { NAMESPACE, timers } from "./bench-plane.js";
import { saturated } from "./request-load.js";
import { endpointSlice, service } from "./workload-objects.js";

export const SERVICES = resourceOf("", "v1", "services");
const ENDPOINT_SLICES = resourceOf("discovery.k8s.io", "v1", "endpointslices");
const IN_FLIGHT = 64;

export async function createQuietServices({ client }: Plane, count: number): Promise<void> {
  const services = client.resource(SERVICES, NAMESPACE);
  const slices = client.resource(ENDPOINT_SLICES, NAMESPACE);
  const run = async (index: number) => {
    const name = `quiet-${index}`;
    await services.create(service(name, null));
    await slices.create(endpointSlice(name, index));
  };
  await saturated({ count, run }, IN_FLIGHT, timers);
}

/** Of the namespace: Service kubernetes, which every cluster has, not among them. */
export async function countServices({ client }: Plane): Promise<number> {
  const { items } = await client.resource(SERVICES, NAMESPACE).list({});
  return items.filter(({ metadata }) => metadata.name !== "kubernetes").length;
}
