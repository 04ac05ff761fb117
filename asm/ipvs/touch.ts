// What the first packet of a flow to a virtual service is going to read, by its destination: its slots among the local
// addresses and in the set of service ports, the bucket, the newest service in it (in a resizable table that is nearly
// always the one), where its scheduler stands, and the server that round robin looks at next. With other schedulers the
// server may be another, touched for nothing. See packet/groups.
import { SET_HEADER_BYTES, SETS_HEAD_BYTES } from "../abi/ipset";
import { IPTABLES_REGION_LOCAL, IPTABLES_REGION_SETS } from "../abi/iptables";
import {
  IPVS_HEAD_BUCKET_MASK,
  IPVS_HEAD_SERVICE_SET,
  IPVS_HEAD_VARIANT,
  IPVS_REGION_BUCKETS,
  IPVS_REGION_HEAD,
  IPVS_REGION_SERVICES,
  SERVER_WEIGHT,
  SERVICE_BYTES,
  SERVICE_SERVERS,
  SERVICE_STATE_LAST,
} from "../abi/ipvs";
import { PACKET_DESTINATION, PACKET_DESTINATION_PORT, PACKET_PROTOCOL } from "../abi/packet";
import { homeWord } from "../ipset/probe";
import { serviceHash } from "./hash";
import { regionAt, serverIdAt, serverOf, serverStateOf, serviceStateOf } from "./regions";

/** @returns anything that was read */
export function touchService<A>(context: usize, packet: usize): u32 {
  const head = regionAt(context, IPVS_REGION_HEAD);
  const address = load<A>(packet, PACKET_DESTINATION);
  const key = load<u16>(packet, PACKET_DESTINATION_PORT) | ((load<u8>(packet, PACKET_PROTOCOL) as u32) << 16);
  return touchSets<A>(context, head, address, key) + touchServers<A>(context, head, address, key);
}

function touchSets<A>(context: usize, head: usize, address: A, key: u32): u32 {
  const local = homeWord<A>(context, regionAt(context, IPTABLES_REGION_LOCAL), address, 0);
  const set = load<u32>(head, IPVS_HEAD_SERVICE_SET);
  if (set === 0) return local;
  const headers = regionAt(context, IPTABLES_REGION_SETS) + SETS_HEAD_BYTES;
  return local + homeWord<A>(context, headers + ((set - 1) as usize) * SET_HEADER_BYTES, address, key);
}

function touchServers<A>(context: usize, head: usize, address: A, key: u32): u32 {
  const hash = serviceHash<A>(load<u32>(head, IPVS_HEAD_VARIANT), address, key);
  const bucket = hash & load<u32>(head, IPVS_HEAD_BUCKET_MASK);
  const newest = load<u32>(regionAt(context, IPVS_REGION_BUCKETS) + ((bucket as usize) << 2));
  if (newest === 0) return 0;
  const service = regionAt(context, IPVS_REGION_SERVICES) + ((newest - 1) as usize) * SERVICE_BYTES;
  const servers = load<u32>(service, SERVICE_SERVERS);
  if (servers === 0) return 0;
  const last = load<u32>(serviceStateOf(context, service), SERVICE_STATE_LAST);
  const server = serverIdAt(context, service, last < servers ? last : 0);
  return load<u32>(serverOf(context, server), SERVER_WEIGHT) + load<u32>(serverStateOf(context, server));
}
