// Match extensions: what the options of one `-m` mean in the rule model. Each returns null when an option says
// something the model cannot hold; the match is then kept as text.
// Source: iptables-extensions(8); libxt_*.c and libipt_*.c of iptables.
import { type CtState, TCP_FLAGS } from "../packet.js";
import { MATCHABLE_STATES } from "./extension-text.js";
import type { Match, Negatable, Range } from "./model.js";
import {
  find,
  firstArg,
  negatable,
  type OptionValue,
  optionsText,
  type RowContext,
  readIpRange,
  readMaskedMark,
  readNumber,
  readPortRange,
} from "./option-values.js";
import { randomMatch } from "./ruleset.js";

export function buildComment(values: readonly OptionValue[]): Match {
  return { kind: "comment", text: values[0] ? firstArg(values[0]) : "" };
}

export function buildPort(
  values: readonly OptionValue[],
  context: RowContext,
  extension: string,
): Match | null {
  if (find(values, "--tcp-option", "--chunk-types", "--dccp-types", "--dccp-option")) return null;
  const ports = (...names: string[]) => negatable(find(values, ...names), context, readOneRange);
  return {
    kind: "port",
    extension,
    source: ports("--sport", "--source-port"),
    destination: ports("--dport", "--destination-port"),
    either: null,
    tcpFlags: readTcpFlags(find(values, "--tcp-flags", "--syn"), context),
  };
}

export function buildMultiport(
  values: readonly OptionValue[],
  context: RowContext,
  extension: string,
): Match {
  const ports = (...names: string[]) => negatable(find(values, ...names), context, readRanges);
  return {
    kind: "port",
    extension,
    source: ports("--sports", "--source-ports"),
    destination: ports("--dports", "--destination-ports"),
    either: ports("--ports"),
    tcpFlags: null,
  };
}

function readOneRange(text: string, value: OptionValue, context: RowContext): readonly Range[] {
  return [readPortRange(text, value, context)];
}

function readRanges(text: string, value: OptionValue, context: RowContext): readonly Range[] {
  return text.split(",").map((part) => readPortRange(part, value, context));
}

/** --syn is --tcp-flags FIN,SYN,RST,ACK SYN. */
function readTcpFlags(
  value: OptionValue | undefined,
  context: RowContext,
): (Negatable<number> & { mask: number }) | null {
  if (!value) return null;
  if (value.name === "--syn") {
    return {
      value: TCP_FLAGS.SYN,
      mask: TCP_FLAGS.FIN | TCP_FLAGS.SYN | TCP_FLAGS.RST | TCP_FLAGS.ACK,
      negated: value.negated,
    };
  }
  const bits = (text: string | undefined) => readFlagNames(text ?? "", value, context);
  return { value: bits(value.args[1]), mask: bits(value.args[0]), negated: value.negated };
}

function readFlagNames(text: string, value: OptionValue, context: RowContext): number {
  if (text === "ALL") return 63;
  if (text === "NONE") return 0;
  let bits = 0;
  for (const name of text.split(",")) {
    const bit = (TCP_FLAGS as Readonly<Record<string, number>>)[name];
    if (bit === undefined) {
      const names = Object.keys(TCP_FLAGS).join(", ");
      return context.fail(
        value.offset,
        `${value.name} '${text}', expected a list of ${names}, or ALL or NONE`,
      );
    }
    bits |= bit;
  }
  return bits;
}

export function buildIcmp(values: readonly OptionValue[], context: RowContext, extension: string): Match {
  const type = negatable(find(values, "--icmp-type", "--icmpv6-type"), context, (text) => text);
  return { kind: "icmp", extension, type: type ?? { value: "any", negated: false } };
}

export function buildConntrack(
  values: readonly OptionValue[],
  context: RowContext,
  extension: string,
): Match | null {
  const state = find(values, "--ctstate", "--state");
  if (!state || values.length !== 1) return null;
  const states = firstArg(state).split(",");
  for (const name of states) {
    if (!MATCHABLE_STATES.includes(name)) {
      context.fail(
        state.offset,
        `${state.name} '${firstArg(state)}', expected a list of ${MATCHABLE_STATES.join(", ")}`,
      );
    }
  }
  return {
    kind: "conntrack",
    states: { value: states as (CtState | "DNAT" | "SNAT")[], negated: state.negated },
    legacyState: extension === "state",
  };
}

export function buildMark(values: readonly OptionValue[], context: RowContext): Match | null {
  const mark = negatable(values[0], context, readMaskedMark);
  return mark ? { kind: "mark", mark } : null;
}

const ADDRESS_TYPES =
  "UNSPEC UNICAST LOCAL BROADCAST ANYCAST MULTICAST BLACKHOLE UNREACHABLE PROHIBIT THROW NAT XRESOLVE".split(
    " ",
  );

export function buildAddrtype(values: readonly OptionValue[], context: RowContext): Match {
  const limits = find(values, "--limit-iface-in") ? "in" : find(values, "--limit-iface-out") ? "out" : null;
  return {
    kind: "addrtype",
    source: negatable(find(values, "--src-type"), context, readAddressTypes),
    destination: negatable(find(values, "--dst-type"), context, readAddressTypes),
    limitInterface: limits,
  };
}

function readAddressTypes(text: string, value: OptionValue, context: RowContext): string {
  if (!text.split(",").every((type) => ADDRESS_TYPES.includes(type))) {
    context.fail(value.offset, `${value.name} '${text}', expected a list of ${ADDRESS_TYPES.join(", ")}`);
  }
  return text;
}

export function buildStatistic(values: readonly OptionValue[], context: RowContext): Match {
  const mode = find(values, "--mode");
  const chosen = mode ? firstArg(mode) : "";
  if (chosen === "random") {
    const probability = find(values, "--probability");
    const text = probability ? firstArg(probability) : "";
    if (!/^\d*\.?\d+$/.test(text) || Number(text) > 1) {
      context.fail(
        (probability ?? values[0])?.offset ?? 0,
        `--probability '${text}', expected a number from 0 to 1`,
      );
    }
    return randomMatch(text, probability?.negated ?? false);
  }
  const every = find(values, "--every");
  if (chosen !== "nth" || !every) {
    context.fail(
      (mode ?? values[0])?.offset ?? 0,
      `statistic --mode '${chosen}', expected random with --probability, or nth with --every`,
    );
  }
  const packet = find(values, "--packet");
  return {
    kind: "statistic",
    mode: "nth",
    every: readNumber(firstArg(every), every, context),
    packet: packet ? readNumber(firstArg(packet), packet, context) : 0,
    negated: every.negated,
  };
}

/** Whole addresses only: a list keyed by part of the address cannot be held. */
const FULL_MASKS = ["255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"];

export function buildRecent(values: readonly OptionValue[], context: RowContext): Match | null {
  const operation = find(values, "--set", "--rcheck", "--update", "--remove");
  const mask = find(values, "--mask");
  if (!operation)
    context.fail(values[0]?.offset ?? 0, "recent match, expected one of --set, --rcheck, --update, --remove");
  if (find(values, "--rttl") || (mask && !FULL_MASKS.includes(firstArg(mask)))) return null;
  const name = find(values, "--name");
  const count = (option: OptionValue | undefined) =>
    option ? readNumber(firstArg(option), option, context) : null;
  return {
    kind: "recent",
    name: name ? firstArg(name) : "DEFAULT",
    operation: operation.name.slice(2) as "set" | "rcheck" | "update" | "remove",
    negated: operation.negated,
    seconds: count(find(values, "--seconds")),
    reap: find(values, "--reap") !== undefined,
    hitcount: count(find(values, "--hitcount")),
    side: find(values, "--rdest") ? "destination" : "source",
  };
}

export function buildSet(values: readonly OptionValue[], context: RowContext): Match | null {
  const option = find(values, "--match-set", "--set");
  if (!option || values.length !== 1) return null;
  const [name = "", sidesText = ""] = option.args;
  const sides = sidesText.split(",");
  if (!sides.every((side) => side === "src" || side === "dst") || sides.length > 6) {
    context.fail(
      option.offset,
      `${option.name} ${name} '${sidesText}', expected up to six of src and dst, comma-separated`,
    );
  }
  return { kind: "set", name, sides: sides as ("src" | "dst")[], negated: option.negated };
}

export function buildIprange(values: readonly OptionValue[], context: RowContext): Match {
  return {
    kind: "iprange",
    source: negatable(find(values, "--src-range"), context, readIpRange),
    destination: negatable(find(values, "--dst-range"), context, readIpRange),
  };
}

/** A packet that passes no bridge port fits only options that are all inverted (xt_physdev.c, physdev_mt). */
export function buildPhysdev(values: readonly OptionValue[]): Match {
  const isIn = find(values, "--physdev-is-in");
  if (isIn && values.length === 1) return { kind: "physdev", isIn: { value: true, negated: isIn.negated } };
  const allInverted = values.every(({ negated }) => negated);
  return opaqueMatch("physdev", values, allInverted);
}

/** A match taken as it is written. */
export function opaqueMatch(extension: string, values: readonly OptionValue[], assumed: boolean): Match {
  return { kind: "opaque", extension, text: optionsText(values), assumed };
}
