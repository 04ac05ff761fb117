// Interface names that rules ask for, and which of them a packet's interface matches.
// Region INTERFACES (asm/abi/iptables.ts): {n u32}, then n x n bytes, row = name in the rule, column = name of the packet.
// "veth*" in a rule is listed as "veth+", the form in which the packet encoder knows prefixes.
import { IPTABLES_REGION_INTERFACES } from "../../../asm/abi/iptables.js";
import type { ImageWriter } from "../image-writer.js";

export class InterfaceList {
  readonly #writer: ImageWriter;
  #names: readonly string[] = [""];
  #writtenCount = 0;
  #bytes = 0;

  constructor(writer: ImageWriter) {
    this.#writer = writer;
  }

  /** Position 0 is "none named". */
  get names(): readonly string[] {
    return this.#names;
  }

  numberOf(nameInRule: string): number {
    const name = nameInRule.replace(/\*$/, "+");
    const known = this.#names.indexOf(name);
    if (known >= 0) return known;
    this.#names = [...this.#names, name];
    return this.#names.length - 1;
  }

  /** Write the region, unless the names are those written last. */
  write(): void {
    const count = this.#names.length;
    if (count === this.#writtenCount) return;
    if (this.#bytes > 0)
      this.#writer.release(this.#writer.regionOffset(IPTABLES_REGION_INTERFACES), this.#bytes);
    this.#bytes = 4 + count * count;
    const offset = this.#writer.allocate(this.#bytes);
    this.#writer.setRegion(IPTABLES_REGION_INTERFACES, offset, this.#bytes);
    this.#writer.words[offset / 4] = count;
    for (const [row, pattern] of this.#names.entries()) {
      for (const [column, name] of this.#names.entries()) {
        this.#writer.bytes[offset + 4 + row * count + column] = matches(pattern, name) ? 1 : 0;
      }
    }
    this.#writtenCount = count;
  }
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("+") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
