// A rule model as bytes: what the WASM core reads. Laid out as asm/abi/image.ts draws it.
import type { Family } from "../base/ip.js";
import type { RuleChange } from "../netfilter/rule-change.js";
import type { Mode } from "../netfilter/rule-model.js";

export interface TableImage {
  readonly mode: Mode;
  readonly family: Family;
  /** Head, region table and regions. May be longer than the used part: images grow in place. */
  readonly bytes: Uint8Array;
  /** Interface names; a packet names its arrival interface by position. Position 0 is "none named". */
  readonly interfaces: readonly string[];
}

/** One per mode: model -> image, and a change applied to it. */
export interface ImageEncoder {
  /** The image as it stands; the array may be another after update(). */
  readonly image: TableImage;
  /** Apply what one sync changed. Cost: proportional to the change, except where the mode rewrites a shared chain. */
  update(change: RuleChange): void;
}

export interface EncodeOptions {
  /** IPVS tables as the kernel has them: 256 service buckets, or resizable ones (2026 kernels). */
  readonly ipvsTables: "fixed" | "resizable";
  /** Most connections in a worker's IPVS connection table, a power of two. */
  readonly ipvsConnectionsMax: number;
  /** Most clients remembered per affinity list where the kernel has no own limit, a power of two. */
  readonly affinityClientsMax: number;
}
