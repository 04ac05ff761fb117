// What the first packet of a flow to a Service is going to read, by its destination: the home slots in the map that
// dispatches to the Services' chains and in the set of their addresses, and the chain's code. A slot may hold another
// key; then another Service's code is touched, for nothing. See packet/groups.
import {
  NFT_DISPATCH_MAP,
  NFT_DISPATCH_SET,
  NFT_REGION_CHAINS,
  NFT_REGION_DISPATCH,
  NFT_REGION_TABLES,
  NFT_SLOT_BYTES_V4,
  NFT_SLOT_BYTES_V6,
  NFT_SLOT_VALUE_V4,
  NFT_SLOT_VALUE_V6,
  NFT_TABLE_BYTES,
  NFT_VERDICT_CHAIN_MASK,
} from "../abi/nftables";
import { PACKET_DESTINATION, PACKET_DESTINATION_PORT, PACKET_PROTOCOL } from "../abi/packet";
import { homeOf, slotsOf } from "./keys";
import { regionOf } from "./region";

/** Most chains of Services with up to ten endpoints end in the second line. */
const SECOND_LINE: usize = 64;

/** @returns anything that was read */
export function touchService<A>(image: usize, packet: usize): u32 {
  const dispatch = regionOf(image, NFT_REGION_DISPATCH);
  if (dispatch === image) return 0;
  const tables = regionOf(image, NFT_REGION_TABLES);
  const map = tables + (load<u32>(dispatch, NFT_DISPATCH_MAP) as usize) * NFT_TABLE_BYTES;
  const set = tables + (load<u32>(dispatch, NFT_DISPATCH_SET) as usize) * NFT_TABLE_BYTES;
  const address = load<A>(packet, PACKET_DESTINATION);
  const service =
    load<u16>(packet, PACKET_DESTINATION_PORT) | ((load<u8>(packet, PACKET_PROTOCOL) as u32) << 16);
  const chain = homeValue<A>(image, map, address, service) & NFT_VERDICT_CHAIN_MASK;
  const code = image + load<u32>(regionOf(image, NFT_REGION_CHAINS) + ((chain as usize) << 2));
  const member = load<u32>(slotsOf(image, set) + homeOf<A>(set, address, 0) * sizeof<A>());
  return member + load<u32>(code) + load<u32>(code, SECOND_LINE);
}

function homeValue<A>(image: usize, map: usize, address: A, service: u32): u32 {
  const home = homeOf<A>(map, address, service);
  if (sizeof<A>() === 16) return load<u32>(slotsOf(image, map) + home * NFT_SLOT_BYTES_V6, NFT_SLOT_VALUE_V6);
  return load<u32>(slotsOf(image, map) + home * NFT_SLOT_BYTES_V4, NFT_SLOT_VALUE_V4);
}
