// One rule line: words -> rules. Options of every loaded extension share one name space, as in iptables itself:
// kube-proxy writes `-m tcp -p tcp -d 10.96.0.1 --dport 80`, so --dport is looked up among the extensions loaded so
// far, newest first, then in the one that the protocol implies.
// Source: iptables/xshared.c do_parse, libxtables/xtables.c.
import type { Cidr } from "../../base/ip.js";
import type { LineReader } from "./line-reader.js";
import { impliedExtension, MATCH_TABLE } from "./match-table.js";
import type { Match, Negatable, Rule } from "./model.js";
import type { Loaded, SharedParts } from "./shared-parts.js";
import { TARGET_TABLE } from "./target-table.js";

/** The parts of a rule while its line is read. */
interface Draft {
  sources: readonly Negatable<Cidr>[];
  destinations: readonly Negatable<Cidr>[];
  inInterface: Rule["inInterface"];
  outInterface: Rule["outInterface"];
  protocol: Rule["protocol"];
  /** In the order loaded; a header part that the model cannot hold is a match already. */
  readonly matches: (Loaded | Match)[];
  target: Loaded | null;
  isGoto: boolean;
}

/** Reads rules from the words of the line reader. */
export class RuleParser {
  readonly #reader: LineReader;
  readonly #parts: SharedParts;

  constructor(reader: LineReader, parts: SharedParts) {
    this.#reader = reader;
    this.#parts = parts;
  }

  /** The rules that the words from `from` on make: one, or several when -s or -d list addresses. */
  parse(from: number): Rule[] {
    const { words } = this.#reader;
    const draft: Draft = {
      sources: [],
      destinations: [],
      inInterface: null,
      outInterface: null,
      protocol: null,
      matches: [],
      target: null,
      isGoto: false,
    };
    for (let index = from; index < words.count; ) {
      const negated = words.texts[index] === "!";
      if (negated) index++;
      index = this.#option(draft, index, negated);
    }
    return this.#finish(draft);
  }

  /** Read the option at `index`; returns the index after its arguments. */
  #option(draft: Draft, index: number, negated: boolean): number {
    const word = this.#reader.word(index, "an option after '!'");
    switch (word) {
      case "-s":
      case "--source":
      case "--src":
        draft.sources = this.#addresses(draft, index, negated);
        return index + 2;
      case "-d":
      case "--destination":
      case "--dst":
        draft.destinations = this.#addresses(draft, index, negated);
        return index + 2;
      case "-i":
      case "--in-interface":
        draft.inInterface = this.#parts.name(this.#argument(index), negated);
        return index + 2;
      case "-o":
      case "--out-interface":
        draft.outInterface = this.#parts.name(this.#argument(index), negated);
        this.#reader.warn(this.#reader.words.offsets[index] ?? 0, NO_WAY_OUT);
        return index + 2;
      case "-p":
      case "--protocol":
      case "--proto":
        draft.protocol = this.#protocol(index, negated);
        return index + 2;
      case "-m":
      case "--match":
        this.#refuseNegation(index, negated);
        this.#load(draft, this.#argument(index), index + 1);
        return index + 2;
      default:
        return this.#otherOption(draft, index, negated);
    }
  }

  #otherOption(draft: Draft, index: number, negated: boolean): number {
    switch (this.#reader.words.texts[index]) {
      case "-j":
      case "--jump":
        this.#refuseNegation(index, negated);
        this.#loadTarget(draft, index, false);
        return index + 2;
      case "-g":
      case "--goto":
        this.#refuseNegation(index, negated);
        this.#loadTarget(draft, index, true);
        return index + 2;
      case "-f":
      case "--fragment":
        // Our packets are never fragments.
        draft.matches.push({
          kind: "opaque",
          extension: "",
          text: negated ? "! -f" : "-f",
          assumed: negated,
        });
        return index + 1;
      case "-4":
      case "-6":
      case "--ipv4":
      case "--ipv6":
        return index + 1;
      case "-c":
      case "--set-counters":
        this.#argument(index + 1);
        return index + 3;
      default:
        return this.#extensionOption(draft, index, negated);
    }
  }

  #extensionOption(draft: Draft, index: number, negated: boolean): number {
    const { words } = this.#reader;
    const word = words.texts[index] as string;
    if (!isOption(word))
      this.#reader.failAtWord(index, `'${word}', expected an option such as -s, -p, -m or -j`);
    const equals = word.startsWith("--") ? word.indexOf("=") : -1;
    const name = equals < 0 ? word : word.slice(0, equals);
    const owner = ownerOf(draft, name) ?? this.#implied(draft, name, index) ?? openExtension(draft);
    if (!owner) {
      this.#reader.failAtWord(
        index,
        `unknown option '${name}', expected one of the extensions named before it`,
      );
    }
    const args = equals < 0 ? [] : [word.slice(equals + 1)];
    const known = owner.options?.get(name);
    const count = known === undefined ? this.#unknownArguments(index + 1) : known - args.length;
    for (let at = index; at < index + count; at++) args.push(this.#argument(at));
    owner.values.push({ name, negated, args, offset: words.offsets[index] as number });
    return index + 1 + Math.max(0, count);
  }

  /** How many words from `index` on are arguments of an option that no table knows. */
  #unknownArguments(index: number): number {
    const { words } = this.#reader;
    let end = index;
    while (end < words.count && words.texts[end] !== "!" && !isOption(words.texts[end] as string)) end++;
    return end - index;
  }

  #implied(draft: Draft, option: string, index: number): Loaded | undefined {
    if (draft.protocol === null || draft.protocol.negated) return undefined;
    const name = impliedExtension(draft.protocol.value);
    return MATCH_TABLE.get(name)?.options.has(option) ? this.#load(draft, name, index) : undefined;
  }

  #load(draft: Draft, name: string, index: number): Loaded {
    const row = MATCH_TABLE.get(name);
    const offset = this.#reader.words.offsets[index] as number;
    const loaded: Loaded = { name, offset, options: row?.options, open: !row?.typed, values: [] };
    draft.matches.push(loaded);
    return loaded;
  }

  #loadTarget(draft: Draft, index: number, isGoto: boolean): void {
    if (draft.target) this.#reader.failAtWord(index, "second target, expected one -j or -g");
    const name = this.#argument(index);
    const row = isGoto ? undefined : TARGET_TABLE.get(name);
    const offset = this.#reader.words.offsets[index + 1] as number;
    draft.target = { name, offset, options: row?.options, open: row === undefined && !isGoto, values: [] };
    draft.isGoto = isGoto;
  }

  /** "all" and 0 are no condition. */
  #protocol(index: number, negated: boolean): Rule["protocol"] {
    const name = this.#argument(index).toLowerCase();
    if (!/^(\d{1,3}|[a-z][a-z0-9.+-]*)$/.test(name)) {
      this.#reader.failAtWord(index + 1, `'${name}', expected a protocol name or number`);
    }
    return name === "all" || name === "0" ? null : this.#parts.name(name, negated);
  }

  /** Every address of a comma-separated list. A mask with holes becomes a match that is kept as text. */
  #addresses(draft: Draft, index: number, negated: boolean): Negatable<Cidr>[] {
    const text = this.#argument(index);
    const offset = this.#reader.words.offsets[index + 1] as number;
    const texts = text.includes(",") ? text.split(",") : [text];
    if (negated && texts.length > 1) this.#reader.fail(offset, `'!' before several addresses, expected one`);
    const cidrs = texts.map((each) => this.#parts.cidr(each, negated, offset));
    const found = cidrs.filter((cidr) => cidr !== null);
    if (found.length < cidrs.length) {
      this.#reader.warn(offset, "an address mask with holes is not decided: taken to be false");
      const option = `${negated ? "! " : ""}${this.#reader.words.texts[index]} ${text}`;
      draft.matches.push({ kind: "opaque", extension: "", text: option, assumed: false });
    }
    return found;
  }

  #finish(draft: Draft): Rule[] {
    const { inInterface, outInterface, protocol } = draft;
    const made = draft.matches.map((match) => ("kind" in match ? match : this.#parts.match(match)));
    const matches = made.length === 0 ? NO_MATCHES : made;
    const target = draft.target ? this.#parts.target(draft.target, { isGoto: draft.isGoto }) : null;
    const rules: Rule[] = [];
    for (const source of orNull(draft.sources)) {
      for (const destination of orNull(draft.destinations)) {
        rules.push({ source, destination, inInterface, outInterface, protocol, matches, target });
      }
    }
    return rules;
  }

  /** The word after `index`. */
  #argument(index: number): string {
    return this.#reader.word(index + 1, `an argument of '${this.#reader.words.texts[index]}'`);
  }

  #refuseNegation(index: number, negated: boolean): void {
    const word = this.#reader.words.texts[index];
    if (negated)
      this.#reader.failAtWord(index, `'!' before '${word}', expected an option that can be inverted`);
  }
}

const NO_WAY_OUT = "option '-o' is not decided by a packet: taken to name no interface";
const NO_ADDRESS: readonly null[] = [null];
const NO_MATCHES: readonly Match[] = [];

function orNull<T>(items: readonly T[]): readonly (T | null)[] {
  return items.length === 0 ? NO_ADDRESS : items;
}

/** "-j", "--dport"; not "-1", "-" or "10.0.0.1". */
function isOption(word: string): boolean {
  return /^-(-[a-z]|[a-zA-Z0-9]$)/.test(word);
}

/** The newest extension that declares the option. */
function ownerOf(draft: Draft, option: string): Loaded | undefined {
  if (draft.target?.options?.has(option)) return draft.target;
  for (let index = draft.matches.length - 1; index >= 0; index--) {
    const match = draft.matches[index] as Loaded | Match;
    if (!("kind" in match) && match.options?.has(option)) return match;
  }
  return undefined;
}

/** The newest extension whose options no table lists in full. */
function openExtension(draft: Draft): Loaded | undefined {
  if (draft.target?.open) return draft.target;
  for (let index = draft.matches.length - 1; index >= 0; index--) {
    const match = draft.matches[index] as Loaded | Match;
    if (!("kind" in match) && match.open) return match;
  }
  return undefined;
}
