// Mode iptables: rule model -> table image. Cost: about a microsecond and 32 bytes (IPv4) per rule.
import { RULE_BYTES_V4, RULE_BYTES_V6 } from "../../../asm/abi/iptables.js";
import { assert } from "../../base/assert.js";
import type { RuleChange } from "../../netfilter/rule-change.js";
import type { IptablesModel } from "../../netfilter/rule-model.js";
import { ImageWriter } from "../image-writer.js";
import type { EncodeOptions, ImageEncoder, TableImage } from "../table-image.js";
import { RuleRegions } from "./rule-regions.js";

/**
 * Pack an iptables ruleset and its sets into the image the core reads.
 * @throws {PlumbError} InvalidInput for jumps to undefined chains; LimitExceeded when the image passes its limit
 */
export function encodeIptables(model: IptablesModel, _options: EncodeOptions): ImageEncoder {
  return new IptablesEncoder(model);
}

class IptablesEncoder implements ImageEncoder {
  readonly #writer: ImageWriter;
  readonly #regions: RuleRegions;

  constructor(model: IptablesModel) {
    this.#writer = new ImageWriter("iptables", model.family, expectedRuleBytes(model));
    this.#regions = new RuleRegions(this.#writer, model);
  }

  get image(): TableImage {
    const { mode, family } = this.#writer;
    return { mode, family, bytes: this.#writer.used(), interfaces: this.#regions.interfaces };
  }

  update(change: RuleChange): void {
    assert(change.mode === "iptables", `a change of mode ${change.mode} given to an iptables image`);
    this.#regions.update(change);
  }
}

/** A first guess of the image's size, so that encoding does not copy it over and over. */
export function expectedRuleBytes({ ruleset, family }: Pick<IptablesModel, "ruleset" | "family">): number {
  let rules = 0;
  let chains = 0;
  for (const table of ruleset.tables.values()) {
    chains += table.chains.size;
    for (const chain of table.chains.values()) rules += chain.rules.length;
  }
  const stride = family === "IPv6" ? RULE_BYTES_V6 : RULE_BYTES_V4;
  return 65_536 + rules * (stride + 4) + chains * 24;
}
