// The private regions of a worker in mode ipvs: an empty connection table, and schedulers at their start.
import { CONTEXT_IPVS_CONNECTIONS, CONTEXT_MODE_STATE } from "../abi/context";
import {
  CONNECTION_BYTES,
  CONNECTIONS_ENTRIES_AT,
  CONNECTIONS_HEADER_BYTES,
  CONNECTIONS_LINKS_AT,
  CONNECTIONS_MAX,
  CONNECTIONS_TEMPLATE_SOONEST,
  IPVS_HEAD_CONNECTIONS_MAX,
  IPVS_HEAD_STATE_AT,
  IPVS_HEAD_STATE_BYTES,
  IPVS_REGION_HEAD,
} from "../abi/ipvs";
import { regionAt } from "./regions";

/** Read from the image how large the regions are, and empty them. */
export function prepareIpvs(context: usize): void {
  const head = regionAt(context, IPVS_REGION_HEAD);
  const state = load<u32>(context, CONTEXT_MODE_STATE) + load<u32>(head, IPVS_HEAD_STATE_AT);
  memory.fill(state, 0, load<u32>(head, IPVS_HEAD_STATE_BYTES));
  const table = load<u32>(context, CONTEXT_IPVS_CONNECTIONS) as usize;
  const connectionsMax = load<u32>(head, IPVS_HEAD_CONNECTIONS_MAX);
  const entriesAt = CONNECTIONS_HEADER_BYTES + ((connectionsMax as usize) << 2);
  memory.fill(table, 0, entriesAt);
  store<u32>(table, connectionsMax, CONNECTIONS_MAX);
  store<u32>(table, u32.MAX_VALUE, CONNECTIONS_TEMPLATE_SOONEST);
  store<u32>(table, entriesAt as u32, CONNECTIONS_ENTRIES_AT);
  store<u32>(table, (entriesAt + (connectionsMax as usize) * CONNECTION_BYTES) as u32, CONNECTIONS_LINKS_AT);
}
