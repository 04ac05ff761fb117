// How much of everything is accepted, in one place. A larger input is refused with LimitExceeded and the limit's name.
// The numbers are what two cores and 4 GiB can carry; relations between them are asserted when this file is loaded.
import { assert } from "./assert.js";
import { PlumbError } from "./errors.js";

export const LIMITS = {
  /** Services of one cluster, after replication. */
  SERVICES_MAX: 200_000,
  /** Ports of one Service. */
  PORTS_PER_SERVICE_MAX: 1_000,
  /** Endpoints behind one Service; upstream splits them over slices of 100. */
  ENDPOINTS_PER_SERVICE_MAX: 50_000,
  /** Endpoints of one cluster, after replication. */
  ENDPOINTS_MAX: 5_000_000,
  NODES_MAX: 10_000,
  /** Copies that --replicate makes. */
  REPLICATE_MAX: 10_000,
  NAMESPACES_MAX: 10_000,
  /** Rules and elements of one table image. */
  RULES_MAX: 20_000_000,
  /** Distinct connections of one traffic phase. */
  FLOWS_MAX: 10_000_000,
  /** Packets evaluated in one sample. */
  PACKETS_MAX: 100_000_000,
  /** Largest payload of a packet, bytes: an IP packet less its smallest headers. */
  PAYLOAD_BYTES_MAX: 65_495,
  /** nf_conntrack_max that a scenario may ask for. */
  CONNTRACK_ENTRIES_MAX: 4_194_304,
  WORKERS_MAX: 256,
  /** Blocks of one run. */
  SAMPLES_MAX: 1_000,
  /** Cases of one scenario. */
  CASES_MAX: 1_000,
  /** Bytes of one input file. */
  INPUT_BYTES_MAX: 1_073_741_824,
  /** The shared WASM memory: 65,536 pages of 64 KiB. */
  MEMORY_BYTES_MAX: 4_294_967_296,
} as const;

export type LimitName = keyof typeof LIMITS;

/** @throws {PlumbError} LimitExceeded when `got` is above the limit; `what` says which thing is counted. */
export function checkLimit(name: LimitName, got: number, what: string): void {
  const limit = LIMITS[name];
  if (got <= limit) return;
  throw new PlumbError("LimitExceeded", `Cannot accept ${what}: got ${got}, limit ${name}=${limit}`);
}

// One conntrack entry is 64 bytes or less and the table is at most half full: it must leave room for the image.
const CONNTRACK_BYTES_MAX = LIMITS.CONNTRACK_ENTRIES_MAX * 2 * 64;

assert(LIMITS.SERVICES_MAX <= LIMITS.ENDPOINTS_MAX, "every Service may need an endpoint");
assert(
  LIMITS.ENDPOINTS_PER_SERVICE_MAX <= LIMITS.ENDPOINTS_MAX,
  "one Service's endpoints must fit the cluster",
);
assert(LIMITS.PORTS_PER_SERVICE_MAX <= 65_535, "ports of a Service are distinct");
assert(LIMITS.RULES_MAX >= LIMITS.ENDPOINTS_MAX * 3, "iptables writes up to three rules per endpoint");
assert(LIMITS.FLOWS_MAX <= LIMITS.PACKETS_MAX, "a flow has at least one packet");
assert(LIMITS.FLOWS_MAX >= LIMITS.CONNTRACK_ENTRIES_MAX, "flows must be able to fill the conntrack table");
assert(CONNTRACK_BYTES_MAX <= LIMITS.MEMORY_BYTES_MAX / 2, "conntrack leaves half the memory for tables");
assert(LIMITS.REPLICATE_MAX <= LIMITS.NAMESPACES_MAX, "every copy gets a namespace");
assert(LIMITS.PAYLOAD_BYTES_MAX < 65_536, "a packet's length is 16 bits");
