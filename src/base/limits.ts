// How much of everything is accepted, in one place. A larger input is refused.
// The numbers are what two cores and 4 GiB can carry; relations between them are asserted when this file is loaded.
import { assert } from "./assert.js";

export const LIMITS = {
  /** Services of one generated cluster. */
  SERVICES_MAX: 200_000,
  /** Pods of a benchmark through the control plane. */
  PODS_MAX: 200_000,
  /** Services of one cluster after replication: the size of the default service range. */
  REPLICATED_SERVICES_MAX: 1_000_000,
  /** Endpoints behind one Service; upstream splits them over slices of 100. */
  ENDPOINTS_PER_SERVICE_MAX: 50_000,
  NODES_MAX: 10_000,
  /** Copies that --replicate makes. */
  REPLICATE_MAX: 10_000,
  NAMESPACES_MAX: 10_000,
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
  /** Bytes of one input file: the longest text that a JavaScript string can safely hold. */
  INPUT_BYTES_MAX: 400 * 1024 * 1024,
  /** Operations of one JSON Patch; upstream's limit. */
  JSON_PATCH_OPERATIONS_MAX: 10_000,
  /** Levels of an object that a client sends. */
  OBJECT_DEPTH_MAX: 512,
} as const;

// One conntrack entry is 64 bytes or less and the table is at most half full: it must leave room for the image in the
// 65,536 pages of 64 KiB that a WASM memory may have.
const CONNTRACK_BYTES_MAX = LIMITS.CONNTRACK_ENTRIES_MAX * 2 * 64;

assert(LIMITS.SERVICES_MAX <= LIMITS.REPLICATED_SERVICES_MAX, "a generated cluster may be replicated once");
assert(LIMITS.FLOWS_MAX <= LIMITS.PACKETS_MAX, "a flow has at least one packet");
assert(LIMITS.FLOWS_MAX >= LIMITS.CONNTRACK_ENTRIES_MAX, "flows must be able to fill the conntrack table");
assert(CONNTRACK_BYTES_MAX <= 2 ** 32 / 2, "conntrack leaves half the memory for tables");
assert(LIMITS.REPLICATE_MAX <= LIMITS.NAMESPACES_MAX, "every copy gets a namespace");
assert(LIMITS.PAYLOAD_BYTES_MAX < 65_536, "a packet's length is 16 bits");
