// All sets of a rule model, by name: region SETS of a table image (asm/abi/iptables.ts).
// The number of sets is fixed when the image is made: kube-proxy's never changes.
import { IPTABLES_REGION_SETS } from "../../../asm/abi/iptables.js";
import { SET_HEADER_BYTES, SETS_HEAD_BYTES } from "../../../asm/abi/ipset.js";
import { PlumbError } from "../../base/errors.js";
import type { Family } from "../../base/ip.js";
import { dimensionsOf } from "../../netfilter/ipset/element.js";
import type { IpSet } from "../../netfilter/ipset/model.js";
import type { ImageWriter } from "../image-writer.js";
import { SetTable } from "./set-table.js";

export class SetTables {
  readonly #indexes = new Map<string, number>();
  readonly #tables: SetTable[] = [];
  readonly #family: Family;

  /** Write all sets with their elements. @throws {PlumbError} InvalidInput for an element that is none */
  constructor(writer: ImageWriter, sets: readonly IpSet[]) {
    this.#family = writer.family;
    const bytes = SETS_HEAD_BYTES + sets.length * SET_HEADER_BYTES;
    const at = writer.allocate(bytes);
    writer.setRegion(IPTABLES_REGION_SETS, at, bytes);
    writer.words[at >>> 2] = sets.length;
    for (const [index, set] of sets.entries()) {
      const header = at + SETS_HEAD_BYTES + index * SET_HEADER_BYTES;
      const table = new SetTable(writer, () => header, {
        type: set.type,
        family: set.family === "inet6" ? "IPv6" : "IPv4",
        range: set.range,
        elementsExpected: set.elements.size,
      });
      for (const element of set.elements) table.add(element);
      this.#tables.push(table);
      this.#indexes.set(set.name, index);
    }
  }

  /**
   * Index of a set in the region; null for a set that packets of this image are never in: one that nobody declared,
   * one of the other family, or one with more dimensions than the rule gives it.
   */
  indexFor(name: string, dimensions: number): number | null {
    const index = this.#indexes.get(name);
    if (index === undefined) return null;
    const { type, family } = this.#tables[index] as SetTable;
    if (dimensionsOf(type).length > dimensions) return null;
    return type === "bitmap:port" || family === this.#family ? index : null;
  }

  /** Remove, then add elements of one set, in place. */
  update(
    name: string,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
  ): void {
    const table = this.#tables[this.#indexes.get(name) ?? -1];
    if (table === undefined)
      throw new PlumbError("InvalidInput", `Cannot change ipset '${name}': it is not defined`);
    for (const element of change.remove) table.remove(element);
    for (const element of change.add) table.add(element);
  }
}
