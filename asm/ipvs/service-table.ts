// Which virtual service a packet is for: the bucket's services, newest first, in either table variant.
// Cost: one 64-byte line per service compared; 50,000 services in 256 buckets are 98 on average, in a resizable table 1.
// Twin: src/netfilter/ipvs/service-table.ts. Source: Linux net/netfilter/ipvs/ip_vs_ctl.c, __ip_vs_service_find.
import { COUNTER_HASH_NODES_COMPARED, COUNTER_IPVS_SERVICE_LOOKUPS } from "../abi/context";
import {
  IPVS_HEAD_BUCKET_MASK,
  IPVS_HEAD_VARIANT,
  IPVS_REGION_BUCKETS,
  IPVS_REGION_HEAD,
  IPVS_REGION_SERVICES,
  SERVICE_ADDRESS,
  SERVICE_BYTES,
  SERVICE_NEXT,
  SERVICE_PORT,
} from "../abi/ipvs";
import { sameAddress } from "../packet/address";
import { count, countMany } from "../packet/counters";
import { FLIGHT_DESTINATION, FLIGHT_DESTINATION_PORT, FLIGHT_PROTOCOL } from "../packet/flight";
import { serviceHash } from "./hash";
import { regionAt } from "./regions";

/** Record of the service that the flight's destination names, or 0. */
export function findService<A>(context: usize): usize {
  count(context, COUNTER_IPVS_SERVICE_LOOKUPS);
  const head = regionAt(context, IPVS_REGION_HEAD);
  const address = load<A>(context, FLIGHT_DESTINATION);
  const key =
    load<u16>(context, FLIGHT_DESTINATION_PORT) | ((load<u8>(context, FLIGHT_PROTOCOL) as u32) << 16);
  const hash = serviceHash<A>(load<u32>(head, IPVS_HEAD_VARIANT), address, key);
  const bucket = hash & load<u32>(head, IPVS_HEAD_BUCKET_MASK);
  const services = regionAt(context, IPVS_REGION_SERVICES);
  let next = load<u32>(regionAt(context, IPVS_REGION_BUCKETS) + ((bucket as usize) << 2));
  let compared: u64 = 0;
  let found: usize = 0;
  while (next !== 0) {
    const service = services + ((next - 1) as usize) * SERVICE_BYTES;
    compared++;
    if (load<u32>(service, SERVICE_PORT) === key) {
      if (sameAddress<A>(load<A>(service, SERVICE_ADDRESS), address)) {
        found = service;
        break;
      }
    }
    next = load<u32>(service, SERVICE_NEXT);
  }
  countMany(context, COUNTER_HASH_NODES_COMPARED, compared);
  return found;
}
