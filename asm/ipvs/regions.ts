// Where the parts of an ipvs image and of the mode state lie. Twin of the encoder: src/dataplane/ipvs.
import { CONTEXT_IMAGE, CONTEXT_MODE_STATE } from "../abi/context";
import { IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";
import {
  IPVS_HEAD_LOADS_AT,
  IPVS_HEAD_SERVER_BYTES,
  IPVS_HEAD_STATE_AT,
  IPVS_REGION_HEAD,
  IPVS_REGION_SERVERS,
  IPVS_REGION_SERVICES,
  SERVER_ADDRESS_V4,
  SERVER_ADDRESS_V6,
  SERVER_GENERATION,
  SERVER_STATE_ACTIVE,
  SERVER_STATE_BYTES,
  SERVER_STATE_GENERATION,
  SERVICE_BYTES,
  SERVICE_FIRST_SERVER,
  SERVICE_GENERATION,
  SERVICE_LIST,
  SERVICE_STATE_BYTES,
  SERVICE_STATE_GENERATION,
  SERVICE_STATE_LAST,
  SERVICE_STATE_LEVEL,
  SERVICE_WRR_LEVEL_FIRST,
} from "../abi/ipvs";

/** Address of a region of the context's image. */
export function regionAt(context: usize, region: i32): usize {
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  return image + load<u32>(image + (region as usize) * IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE);
}

/** Record of the server at a position of a service's list. */
export function serverAt(context: usize, service: usize, position: u32): usize {
  return serverOf(context, serverIdAt(context, service, position));
}

export function serverIdAt(context: usize, service: usize, position: u32): u32 {
  const list = load<u32>(service, SERVICE_LIST);
  if (list === 0) return load<u32>(service, SERVICE_FIRST_SERVER) + position;
  return load<u32>((load<u32>(context, CONTEXT_IMAGE) + list + (position << 2)) as usize);
}

export function serverOf(context: usize, id: u32): usize {
  const bytes = load<u32>(regionAt(context, IPVS_REGION_HEAD), IPVS_HEAD_SERVER_BYTES);
  return regionAt(context, IPVS_REGION_SERVERS) + (id as usize) * bytes;
}

/** Address of a server record. */
export function serverAddress<A>(server: usize): A {
  if (sizeof<A>() === 16) return load<A>(server, SERVER_ADDRESS_V6);
  return load<A>(server, SERVER_ADDRESS_V4);
}

/** Where the scheduler of a service remembers; made anew when the service's servers have changed. */
export function serviceState(context: usize, service: usize): usize {
  const state = serviceStateOf(context, service);
  const generation = load<u32>(service, SERVICE_GENERATION);
  if (load<u32>(state, SERVICE_STATE_GENERATION) !== generation) {
    store<u32>(state, generation, SERVICE_STATE_GENERATION);
    store<u32>(state, 0, SERVICE_STATE_LAST);
    store<u32>(state, load<u16>(service, SERVICE_WRR_LEVEL_FIRST), SERVICE_STATE_LEVEL);
  }
  return state;
}

/** The load of a server; zero when its slot belonged to another server before. */
export function serverState(context: usize, id: u32): usize {
  const state = serverStateOf(context, id);
  const generation = load<u32>(serverOf(context, id), SERVER_GENERATION);
  if (load<u32>(state, SERVER_STATE_GENERATION) !== generation) {
    store<u32>(state, generation, SERVER_STATE_GENERATION);
    store<u64>(state, 0, SERVER_STATE_ACTIVE);
  }
  return state;
}

/** As serviceState, of whatever generation. */
export function serviceStateOf(context: usize, service: usize): usize {
  const index = (service - regionAt(context, IPVS_REGION_SERVICES)) / SERVICE_BYTES;
  const first = load<u32>(regionAt(context, IPVS_REGION_HEAD), IPVS_HEAD_STATE_AT);
  return load<u32>(context, CONTEXT_MODE_STATE) + first + index * SERVICE_STATE_BYTES;
}

/** As serverState, of whatever generation. */
export function serverStateOf(context: usize, id: u32): usize {
  const first = load<u32>(regionAt(context, IPVS_REGION_HEAD), IPVS_HEAD_LOADS_AT);
  return load<u32>(context, CONTEXT_MODE_STATE) + first + (id as usize) * SERVER_STATE_BYTES;
}
