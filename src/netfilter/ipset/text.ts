// Sets as `ipset save` prints and `ipset restore` reads them.
// Source: ipset(8).
import { PlumbError } from "../../base/errors.js";
import { ELEMENT_FORMS, elementText, parseElement } from "./element.js";
import { type IpSet, SET_TYPES, type SetType } from "./model.js";

const CHUNK_CHARS = 65536;

/** `create` and `add` lines of every set. @returns chunks of whole lines, about 64 KiB each */
export function* printIpsets(sets: Iterable<IpSet>): Generator<string> {
  let chunk = "";
  for (const set of sets) {
    chunk += `${printCreate(set)}\n`;
    for (const element of set.elements) {
      chunk += `add ${set.name} ${element}\n`;
      if (chunk.length >= CHUNK_CHARS) {
        yield chunk;
        chunk = "";
      }
    }
  }
  if (chunk !== "") yield chunk;
}

/** "create KUBE-CLUSTER-IP hash:ip,port family inet hashsize 1024 maxelem 65536". */
function printCreate(set: IpSet): string {
  const head = `create ${set.name} ${set.type}`;
  if (set.range) return `${head} range ${set.range.first}-${set.range.last}`;
  return `${head} family ${set.family} hashsize ${set.hashSize} maxelem ${set.elementsMax}`;
}

export interface ParsedIpsets {
  readonly sets: IpSet[];
  /** Sets whose type is not modelled: read over. */
  readonly warnings: readonly { readonly message: string; readonly line: number }[];
}

/**
 * Read `ipset save` or `ipset restore` text: create, add, del and flush lines.
 *
 * @throws {PlumbError} InvalidInput at the first malformed line, with its position and what was expected
 */
export function parseIpsets({ file, text }: { file: string; text: string }): ParsedIpsets {
  const parser = new IpsetParser(file);
  for (const [index, line] of text.split(/\r?\n/).entries()) parser.line(line, index + 1);
  return { sets: [...parser.sets.values()], warnings: parser.warnings };
}

class IpsetParser {
  readonly sets = new Map<string, IpSet>();
  readonly warnings: { message: string; line: number }[] = [];
  readonly #skipped = new Set<string>();
  readonly #file: string;
  #lineText = "";
  #line = 0;

  constructor(file: string) {
    this.#file = file;
  }

  line(text: string, line: number): void {
    const trimmed = text.trim();
    this.#lineText = text;
    this.#line = line;
    if (trimmed === "" || trimmed.startsWith("#") || trimmed === "COMMIT") return;
    // Element comments are dropped; their blanks must not look like words.
    const words = trimmed
      .replace(/"[^"]*"/g, '""')
      .split(/\s+/)
      .filter((word) => word !== "-exist" && word !== "-!");
    const [command = "", name] = words;
    if (name === undefined)
      this.#fail(command, `'${command}' alone, expected create, add, del or flush with a set's name`);
    switch (command) {
      case "create":
      case "-N":
        this.#create(name, words.slice(2));
        return;
      case "add":
      case "-A":
        this.#elementLine(name, words.slice(2), (set, element) => set.elements.add(element));
        return;
      case "del":
      case "-D":
        this.#elementLine(name, words.slice(2), (set, element) => set.elements.delete(element));
        return;
      case "flush":
      case "-F":
        this.#set(name)?.elements.clear();
        return;
      default:
        this.#fail(command, `'${command}', expected create, add, del or flush`);
    }
  }

  #create(name: string, [typeName = "", ...options]: readonly string[]): void {
    const type = SET_TYPES.find((known) => known === typeName);
    if (type === undefined) {
      if (!/^(hash|bitmap|list):[a-z,]+$/.test(typeName))
        this.#fail(typeName, `set type '${typeName}', expected one of ${SET_TYPES.join(", ")}`);
      this.#skipped.add(name);
      this.warnings.push({
        message: `set '${name}' of type ${typeName} is not modelled: it holds nothing`,
        line: this.#line,
      });
      return;
    }
    this.sets.set(name, this.#newSet(name, type, options));
  }

  #newSet(name: string, type: SetType, options: readonly string[]): IpSet {
    let family: IpSet["family"] = "inet";
    let hashSize = 1024;
    let elementsMax = 65536;
    let range: IpSet["range"] = null;
    for (let index = 0; index < options.length; index++) {
      const option = options[index] as string;
      if (FLAGS.includes(option)) continue;
      if (!VALUED.includes(option)) {
        this.#fail(
          option,
          `option '${option}' of a set, expected one of ${[...VALUED, ...FLAGS].join(", ")}`,
        );
      }
      const value = options[++index];
      if (value === undefined) this.#fail(option, `nothing after '${option}', expected its value`);
      if (option === "family") family = this.#family(value);
      if (option === "hashsize") hashSize = powerOfTwoFrom(this.#number(option, value));
      if (option === "maxelem") elementsMax = this.#number(option, value);
      if (option === "range") range = this.#range(value);
    }
    const elements = new Set<string>();
    if (type !== "bitmap:port")
      return { name, type, family, hashSize, elementsMax, range: null, comment: null, elements };
    if (range === null)
      this.#fail(name, `bitmap:port set '${name}' without a range, expected range FIRST-LAST`);
    const rangeSize = range.last - range.first + 1;
    return { name, type, family, hashSize: 0, elementsMax: rangeSize, range, comment: null, elements };
  }

  /** Element options (timeout, comment, counters) are dropped; nomatch is kept. */
  #elementLine(
    name: string,
    [key = "", ...options]: readonly string[],
    apply: (set: IpSet, element: string) => void,
  ): void {
    const set = this.#set(name);
    if (!set) return;
    const nomatch = options.includes("nomatch");
    const element = parseElement(set.type, nomatch ? `${key} nomatch` : key);
    const expected = `'${key}' in set '${name}' of type ${set.type}, expected ${ELEMENT_FORMS[set.type]}`;
    if (!element && PORTLESS.test(key)) {
      this.warnings.push({
        message: `'${key}' in set '${name}' names a protocol without ports: left out`,
        line: this.#line,
      });
      return;
    }
    if (!element) this.#fail(key, expected);
    const address = element.ip ?? element.net?.text ?? "";
    if (set.range === null && address.includes(":") !== (set.family === "inet6"))
      this.#fail(key, `${expected} of family ${set.family}`);
    apply(set, elementText(set.type, element));
    if (set.elements.size > set.elementsMax)
      this.#fail(key, `set '${name}' is full: expected no more than maxelem ${set.elementsMax} elements`);
  }

  #set(name: string): IpSet | undefined {
    const set = this.sets.get(name);
    if (!set && !this.#skipped.has(name))
      this.#fail(name, `set '${name}', expected one that was created before`);
    return set;
  }

  #family(value: string): IpSet["family"] {
    if (value !== "inet" && value !== "inet6") this.#fail(value, `family '${value}', expected inet or inet6`);
    return value;
  }

  #number(option: string, value: string): number {
    const number = Number(value);
    if (!/^\d{1,10}$/.test(value) || number < 1)
      this.#fail(value, `${option} '${value}', expected a whole number above 0`);
    return number;
  }

  #range(value: string): { first: number; last: number } {
    const match = /^(\d{1,5})-(\d{1,5})$/.exec(value);
    const [first, last] = [Number(match?.[1]), Number(match?.[2])];
    if (!match || first > last || last > 65535)
      this.#fail(value, `range '${value}', expected FIRST-LAST of ports`);
    return { first, last };
  }

  #fail(word: string, message: string): never {
    const column = Math.max(0, this.#lineText.indexOf(word)) + 1;
    throw new PlumbError("InvalidInput", message, {
      position: { file: this.#file, line: this.#line, column },
    });
  }
}

/** Without effect on membership, like timeout, bucketsize and initval: nothing expires here. */
const FLAGS = ["counters", "comment", "forceadd", "skbinfo"];
const VALUED = ["family", "hashsize", "maxelem", "range", "timeout", "bucketsize", "initval"];
const PORTLESS = /,(icmp|icmpv6|\d+):/;

function powerOfTwoFrom(size: number): number {
  return 2 ** Math.ceil(Math.log2(size));
}
