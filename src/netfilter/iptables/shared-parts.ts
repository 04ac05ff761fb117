// The parts of rules, made once for equal text: 50,000 Services x 10 endpoints are 1.6 million rules, whose
// addresses, matches and targets repeat. Maps are emptied when full, so memory is bounded; the cost is a repeat.
import { type Cidr, canonicalIp, familyOf, ipWords, parseCidr } from "../../base/ip.js";
import type { LineReader } from "./line-reader.js";
import { opaqueMatch } from "./match-builders.js";
import { MATCH_TABLE } from "./match-table.js";
import type { Match, Negatable, Target } from "./model.js";
import { type OptionValue, optionsText } from "./option-values.js";
import { continueTarget, TARGET_TABLE } from "./target-table.js";

/** An extension named on the line, with what it was given. */
export interface Loaded {
  readonly name: string;
  /** Where its name stands. */
  readonly offset: number;
  readonly options: ReadonlyMap<string, number> | undefined;
  /** Whether options that no table knows may be its own. */
  readonly open: boolean;
  readonly values: OptionValue[];
}

const SHARED_MAX = 1 << 18;

export class SharedParts {
  readonly #reader: LineReader;
  /** What a match that no packet decides is taken to be. */
  readonly #opaqueHolds: boolean;
  readonly #matches = new Map<string, { match: Match; warning: string | null }>();
  readonly #targets = new Map<string, Target>();
  readonly #cidrs = new Map<string, Negatable<Cidr> | null>();
  readonly #names = new Map<string, Negatable<string>>();
  /** Chain -> where a rule first jumped to it. */
  readonly firstJumps = new Map<string, { line: number; offset: number }>();

  constructor(reader: LineReader, options: { opaqueHolds: boolean }) {
    this.#reader = reader;
    this.#opaqueHolds = options.opaqueHolds;
  }

  match(loaded: Loaded): Match {
    const key = keyOf(loaded);
    const known = this.#matches.get(key) ?? remember(this.#matches, key, this.#makeMatch(loaded));
    if (known.warning !== null) this.#reader.warn(loaded.offset, known.warning);
    return known.match;
  }

  #makeMatch(loaded: Loaded): { match: Match; warning: string | null } {
    const { name, values } = loaded;
    const row = MATCH_TABLE.get(name);
    const typed = row?.build(values, this.#reader, name) ?? null;
    if (typed !== null) return { match: typed, warning: null };
    const text = optionsText(values);
    if (row?.holds(text)) return { match: opaqueMatch(name, values, true), warning: null };
    const what = row === undefined ? "unknown match" : "match";
    const shown = row?.typed ? `${name} ${values.map((value) => value.name).join(" ")}` : name;
    return {
      match: opaqueMatch(name, values, this.#opaqueHolds),
      warning: `${what} '${shown}' is not decided by a packet: taken to be ${this.#opaqueHolds}`,
    };
  }

  /** `loaded` names a known target, a chain or an unknown one; chains are told apart when the table is complete. */
  target(loaded: Loaded, options: { isGoto: boolean }): Target {
    const row = options.isGoto ? undefined : TARGET_TABLE.get(loaded.name);
    if (row?.warning) this.#reader.warn(loaded.offset, `target '${loaded.name}': ${row.warning}`);
    if (!row && !options.isGoto && loaded.values.length > 0) {
      this.#reader.warn(loaded.offset, `unknown target '${loaded.name}': without effect`);
    }
    const key = `${options.isGoto ? "-g" : "-j"}\0${keyOf(loaded)}`;
    return this.#targets.get(key) ?? remember(this.#targets, key, this.#makeTarget(loaded, options.isGoto));
  }

  #makeTarget(loaded: Loaded, isGoto: boolean): Target {
    const { name, values, offset } = loaded;
    const row = isGoto ? undefined : TARGET_TABLE.get(name);
    if (row) return row.build(values, this.#reader, offset);
    if (values.length > 0) return continueTarget(name, values);
    if (!this.firstJumps.has(name)) this.firstJumps.set(name, { line: this.#reader.line, offset });
    return { kind: isGoto ? "goto" : "jump", chain: name };
  }

  /** -s or -d; null for a mask that is no prefix. */
  cidr(text: string, negated: boolean, offset: number): Negatable<Cidr> | null {
    const key = negated ? `!${text}` : text;
    const known = this.#cidrs.get(key);
    if (known !== undefined) return known;
    const cidr = readCidr(text);
    if (cidr === null)
      this.#reader.fail(offset, `'${text}', expected an address, ADDRESS/LENGTH or ADDRESS/MASK`);
    if (cidr === "mask") return remember(this.#cidrs, key, null);
    this.#reader.suggestFamily(cidr.family);
    if (cidr.family !== this.#reader.family) {
      this.#reader.fail(
        offset,
        `'${text}' is an ${cidr.family} address, expected ${this.#reader.family} as before it`,
      );
    }
    return remember(this.#cidrs, key, { value: cidr, negated });
  }

  /** An interface or a protocol. */
  name(text: string, negated: boolean): Negatable<string> {
    const key = negated ? `!${text}` : text;
    return this.#names.get(key) ?? remember(this.#names, key, { value: text, negated });
  }
}

function keyOf({ name, values }: Loaded): string {
  let key = name;
  for (const value of values) {
    key += `\0${value.negated ? "!" : ""}${value.name}`;
    for (const arg of value.args) key += `\0${arg}`;
  }
  return key;
}

function remember<T>(map: Map<string, T>, key: string, value: T): T {
  if (map.size >= SHARED_MAX) map.clear();
  map.set(key, value);
  return value;
}

/** "mask" when the netmask has holes, which a prefix cannot hold; null when it is no address. */
function readCidr(text: string): Cidr | "mask" | null {
  const slash = text.indexOf("/");
  const mask = slash < 0 ? null : canonicalIp(text.slice(slash + 1));
  if (mask === null) return parseCidr(text);
  const address = canonicalIp(text.slice(0, slash));
  if (address === null || familyOf(address) !== familyOf(mask)) return null;
  const words = ipWords(mask).slice(0, familyOf(mask) === "IPv4" ? 1 : 4);
  const bits = words.map((word) => word.toString(2).padStart(32, "0")).join("");
  return /^1*0*$/.test(bits) ? parseCidr(`${address}/${bits.replaceAll("0", "").length}`) : "mask";
}
