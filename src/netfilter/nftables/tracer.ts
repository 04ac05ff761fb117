// Packets through an nftables table: the walker on the common path.
import type { NftablesModel } from "../rule-model.js";
import { createPathTracer, noLocalStage } from "../tracer/path.js";
import type { Tracer, TracerOptions } from "../tracer/trace.js";
import { NftWalker } from "./walker.js";

/** A tracer of one node's table. It keeps connections and clients of dynamic sets between packets. */
export function createNftTracer(model: NftablesModel, options: TracerOptions): Tracer {
  return createPathTracer({
    walker: new NftWalker(model.table),
    localStage: noLocalStage,
    localAddresses: model.localAddresses,
    family: model.family,
    options,
  });
}
