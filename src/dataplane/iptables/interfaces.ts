// Interface names as numbers. A rule names an interface or a prefix ("veth+"); a packet's name is resolved to the most
// specific of those, and a small table says which rule names that one satisfies.
// Why that is exact: whatever matches a name's longest known prefix is a prefix of that prefix.
import { IPTABLES_REGION_INTERFACES } from "../../../asm/abi/iptables.js";
import type { ImageWriter } from "../image-writer.js";

/** Number of a packet's interface name among an image's names; 0 when none fits. nft writes prefixes with "*". */
export function resolveInterface(interfaces: readonly string[], name: string): number {
  let best = 0;
  let bestLength = -1;
  for (const [index, known] of interfaces.entries()) {
    if (index === 0) continue;
    if (known === name) return index;
    if (isPrefix(known) && known.length - 1 > bestLength && name.startsWith(known.slice(0, -1))) {
      best = index;
      bestLength = known.length - 1;
    }
  }
  return best;
}

/** The names of one image, and region INTERFACES. */
export class InterfaceNames {
  readonly #writer: ImageWriter;
  readonly #names: string[] = [""];
  #bytes = 0;

  constructor(writer: ImageWriter) {
    this.#writer = writer;
    this.#write();
  }

  get names(): readonly string[] {
    return this.#names;
  }

  /** Number of a name or prefix as a rule writes it; a new one rewrites the table. */
  indexOf(name: string): number {
    const known = this.#names.indexOf(name);
    if (known > 0) return known;
    this.#names.push(name);
    this.#write();
    return this.#names.length - 1;
  }

  #write(): void {
    const count = this.#names.length;
    if (this.#bytes > 0) {
      this.#writer.release(this.#writer.regionOffset(IPTABLES_REGION_INTERFACES), this.#bytes);
    }
    this.#bytes = 4 + count * count;
    const at = this.#writer.allocate(this.#bytes);
    this.#writer.setRegion(IPTABLES_REGION_INTERFACES, at, this.#bytes);
    const { bytes, words } = this.#writer;
    words[at >>> 2] = count;
    for (const [row, inRule] of this.#names.entries()) {
      for (const [column, ofPacket] of this.#names.entries()) {
        bytes[at + 4 + row * count + column] = row > 0 && covers(inRule, ofPacket) ? 1 : 0;
      }
    }
  }
}

/** Whether the rule's name fits every packet that was resolved to `ofPacket`. */
function covers(inRule: string, ofPacket: string): boolean {
  if (inRule === ofPacket) return true;
  if (!isPrefix(inRule)) return false;
  const prefix = inRule.slice(0, -1);
  return (isPrefix(ofPacket) ? ofPacket.slice(0, -1) : ofPacket).startsWith(prefix);
}

function isPrefix(name: string): boolean {
  return name.endsWith("+") || name.endsWith("*");
}
