// Mode userspace: portal rules and listeners -> table image.
import { assert } from "../../base/assert.js";
import type { RuleChange } from "../../netfilter/rule-change.js";
import type { UserspaceModel } from "../../netfilter/rule-model.js";
import { ImageWriter } from "../image-writer.js";
import { expectedRuleBytes } from "../iptables/encode.js";
import { RuleRegions } from "../iptables/rule-regions.js";
import type { EncodeOptions, ImageEncoder, TableImage } from "../table-image.js";
import { writeListeners } from "./listener-regions.js";

/**
 * Pack portal rules and listeners into the image the core reads. Cost: about a microsecond per rule.
 * @throws {PlumbError} InvalidInput for jumps to undefined chains; LimitExceeded when the image passes its limit
 */
export function encodeUserspace(model: UserspaceModel, options: EncodeOptions): ImageEncoder {
  return new UserspaceEncoder(model, options);
}

class UserspaceEncoder implements ImageEncoder {
  readonly #writer: ImageWriter;
  readonly #regions: RuleRegions;

  constructor(model: UserspaceModel, options: EncodeOptions) {
    this.#writer = new ImageWriter("userspace", model.family, expectedRuleBytes(model));
    this.#regions = new RuleRegions(this.#writer, { ...model, ipsets: [] });
    writeListeners(this.#writer, this.#regions.private, model.listeners, options.affinityClientsMax);
    this.#regions.private.write();
  }

  get image(): TableImage {
    const { mode, family } = this.#writer;
    return { mode, family, bytes: this.#writer.used(), interfaces: this.#regions.interfaces };
  }

  /** Rules only: a change names no listeners. */
  update(change: RuleChange): void {
    assert(change.mode === "userspace", `a change of mode ${change.mode} given to a userspace image`);
    this.#regions.update(change);
  }
}
